//! Clients that save all the time, at nodes that come and go, and write down what they saw.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use domain::ObjectId;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    client::Answer,
    gateway::{self, Gateway},
    history::{Outcome, Save},
};

/// How often a save that nobody answered is sent again, at most.
const RETRIES: usize = 3;
/// A client whose node does not answer looks for another after this.
const PAUSE: Duration = Duration::from_millis(20);

/// Clients at work.
#[derive(Debug)]
pub struct Writers {
    tasks: JoinSet<Result<Vec<Save>>>,
    targets: watch::Sender<Vec<usize>>,
}

/// What all clients share.
#[derive(Debug)]
struct Field {
    gateways: Vec<Gateway>,
    names: Vec<String>,
    began: Instant,
}

struct Writer {
    number: u64,
    field: Arc<Field>,
    targets: watch::Receiver<Vec<usize>>,
    dice: StdRng,
    saves: Vec<Save>,
}

/// What is sent, and sent again.
struct Letter {
    name: String,
    text: String,
    previous: Option<ObjectId>,
}

impl Writers {
    /// Starts `count` clients on these files; which files and nodes they take is drawn from `seed`.
    #[must_use]
    pub fn start(gateways: Vec<Gateway>, names: Vec<String>, count: u64, seed: u64) -> Self {
        let field = Arc::new(Field { gateways, names, began: Instant::now() });
        let targets = watch::Sender::new(Vec::new());
        let mut tasks = JoinSet::new();
        for number in 0..count {
            let writer = Writer {
                number,
                field: Arc::clone(&field),
                targets: targets.subscribe(),
                dice: StdRng::seed_from_u64(seed.wrapping_add(number)),
                saves: Vec::new(),
            };
            tasks.spawn(writer.run());
        }
        Self { tasks, targets }
    }

    /// Tells the clients which nodes to use from now on, by index.
    pub fn use_nodes(&self, nodes: Vec<usize>) {
        self.targets.send_replace(nodes);
    }

    /// Lets all clients finish, and hands out what they saw.
    ///
    /// # Errors
    /// One was answered something that no page expects.
    pub async fn finish(self) -> Result<Vec<Save>> {
        drop(self.targets);
        let mut saves = Vec::new();
        for seen in self.tasks.join_all().await {
            saves.extend(seen?);
        }
        Ok(saves)
    }
}

impl Writer {
    async fn run(mut self) -> Result<Vec<Save>> {
        while let Some(node) = self.node().await {
            let Some(letter) = self.write(node).await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            self.save(node, letter).await?;
        }
        Ok(self.saves)
    }

    /// A node to use; none when the work is over.
    async fn node(&mut self) -> Option<usize> {
        // An error says that nobody will name nodes any more.
        self.targets.has_changed().ok()?;
        let nodes = self.targets.wait_for(|nodes| !nodes.is_empty()).await.ok()?.clone();
        nodes.choose(&mut self.dice).copied()
    }

    /// A new text for some file, on top of what the node serves; none if it does not answer.
    async fn write(&mut self, node: usize) -> Option<Letter> {
        let name = self.field.names.choose(&mut self.dice)?.clone();
        let read = self.field.gateways[node].get(&format!("/p/{name}?format=json")).await.ok()?;
        let previous = match read.status {
            200 => Some(gateway::hash(&read.json()["meta"]["commit"]).ok()?),
            404 => None,
            _ => return None,
        };
        let count = self.saves.len();
        let text = format!("% {name}: save {count} of writer {}\nsaved.\n", self.number);
        Some(Letter { name, text, previous })
    }

    /// Sends a save until somebody says how it ended, or not.
    async fn save(&mut self, first: usize, letter: Letter) -> Result<()> {
        let sent = self.field.began.elapsed();
        let mut told = Vec::new();
        let mut heard = self.send(first, &letter, &mut told).await?;
        for _ in 0..self.dice.random_range(0..=RETRIES) {
            if heard != Heard::Nothing {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            let Some(node) = self.node().await else { break };
            heard = self.send(node, &letter, &mut told).await?;
        }
        let outcome = heard.outcome(told.len() > 1);
        let Letter { name, text, .. } = letter;
        let answered = self.field.began.elapsed();
        self.saves.push(Save { name, text, sent, answered, outcome, heard: told });
        Ok(())
    }

    async fn send(&self, node: usize, letter: &Letter, told: &mut Vec<String>) -> Result<Heard> {
        let gateway = &self.field.gateways[node];
        let answer = match letter.previous {
            Some(previous) => gateway.save(&letter.name, previous, &letter.text).await,
            None => gateway.create(&letter.name, &letter.text).await,
        };
        let words = match &answer {
            Ok(answer) => format!("{} {}", answer.status, answer.json()["error"]),
            Err(error) => format!("{:#}", error.root_cause()),
        };
        told.push(format!("node {}: {words}", node + 1));
        // A node that was killed meanwhile says nothing.
        answer.map_or(Ok(Heard::Nothing), |answer| Heard::of(&answer))
    }
}

/// What a client knows after one sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Saved(ObjectId),
    /// Saved on that node only.
    Held(ObjectId),
    /// This sending was not kept. A 409 says only that the node serves another version: an earlier
    /// sending to another node may still be decided.
    NotKept,
    /// No answer.
    Nothing,
}

impl Heard {
    fn of(answer: &Answer) -> Result<Self> {
        let body = answer.json();
        match (answer.status, body["error"].as_str()) {
            (200, None) if gateway::is_held(&body) => Ok(Self::Held(gateway::saved(answer)?)),
            (200, None) => Ok(Self::Saved(gateway::saved(answer)?)),
            (200, Some("file_exists")) => Ok(Self::NotKept),
            (409, _) | (503, Some("busy" | "not_founded" | "removed")) => Ok(Self::NotKept),
            (503, _) => Ok(Self::Nothing),
            (status, _) => bail!("a save was answered {status}: {body}"),
        }
    }

    /// How the save ended, if this is the last that was heard.
    const fn outcome(self, sent_before: bool) -> Outcome {
        match self {
            Self::Saved(commit) => Outcome::Saved(commit),
            Self::Held(commit) => Outcome::Held(commit),
            Self::NotKept if !sent_before => Outcome::Refused,
            // An earlier sending may still be on its way somewhere.
            Self::NotKept | Self::Nothing => Outcome::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(status: u16, body: &str) -> Heard {
        let answer = Answer {
            status,
            headers: http::HeaderMap::new(),
            body: body.into(),
            took: Duration::ZERO,
        };
        Heard::of(&answer).unwrap()
    }

    #[test]
    fn answers_mean_what_the_protocol_says() {
        assert_eq!(heard(409, "{}"), Heard::NotKept);
        assert_eq!(heard(200, r#"{"error":"file_exists"}"#), Heard::NotKept);
        assert_eq!(heard(503, r#"{"error":"busy"}"#), Heard::NotKept);
        assert_eq!(heard(503, r#"{"error":"stopping"}"#), Heard::Nothing);
        let id = ObjectId::from_bytes([0xab; 20]);
        let told =
            |messages: &str| format!(r#"{{"meta":{{"commit":"{id}"}},"messages":{messages}}}"#);
        assert_eq!(heard(200, &told("[]")), Heard::Saved(id));
        let warns =
            r#"[{"type":"message","kind":"warning","data":["Saved on this server only."]}]"#;
        assert_eq!(heard(200, &told(warns)), Heard::Held(id));
    }

    #[test]
    fn only_a_single_sending_settles_a_refusal() {
        assert_eq!(Heard::NotKept.outcome(false), Outcome::Refused);
        assert_eq!(Heard::NotKept.outcome(true), Outcome::Unknown);
    }
}
