//! A founding connection after the Hellos: the founder asks for heads, paths and objects of a store
//! whose node is in no cluster yet (protocol 4.4).

use std::time::Duration;

use domain::{FileName, ObjectId};
use gitty::Object;
use serde::{Deserialize, Serialize};
use tokio::{sync::oneshot, time::timeout};

use super::{frame::Frame, handshake::Session, hello::Hello, links::Shared, probe::ProbeError};

/// A store may need this long to read what was asked for.
const ANSWER: Duration = Duration::from_secs(30);
/// A founder may be busy with the other stores for this long.
const IDLE: Duration = Duration::from_secs(600);

/// What a founder asks a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The paths of its files in the order of their names, from here on.
    Paths {
        /// Where the last answer ended.
        after: Option<Place>,
    },
    /// These objects.
    Objects {
        /// Their hashes.
        ids: Vec<ObjectId>,
    },
}

/// How far the paths of a store were told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file.
    pub name: FileName,
    /// Commits of it that were told.
    pub commits: usize,
}

/// What a store answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The next paths; none after the last.
    Paths(Vec<StorePath>),
    /// The first of the objects that were asked for, at least one; fewer if one cannot be read.
    Objects(Vec<Object>),
}

/// A part of what a store has of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorePath {
    /// The file.
    pub name: FileName,
    /// Its commits, the newest first, each with its text's hash if the store has that.
    pub commits: Vec<(ObjectId, Option<ObjectId>)>,
}

/// A question for the driver; dropped without an answer if this node is in a cluster.
#[derive(Debug)]
pub struct Asked {
    /// What.
    pub question: Question,
    /// For the answer.
    pub answer: oneshot::Sender<Answer>,
}

/// A founding connection to a node, from the founder's side; it ends when this is dropped.
pub struct Asking {
    address: String,
    session: Session,
}

impl Asking {
    pub(super) const fn new(address: String, session: Session) -> Self {
        Self { address, session }
    }

    /// What the node says of itself.
    #[must_use]
    pub const fn hello(&self) -> &Hello {
        &self.session.hello
    }

    /// Asks its store.
    ///
    /// # Errors
    /// It does not answer: it is gone, or in a cluster by now.
    pub async fn ask(&mut self, question: Question) -> Result<Answer, ProbeError> {
        let asked = async {
            self.session.say(&Frame::Question(question)).await.ok()?;
            match self.session.hear().await.ok()? {
                Frame::Answer(answer) => Some(answer),
                _ => None,
            }
        };
        let answer = timeout(ANSWER, asked).await.ok().flatten();
        answer.ok_or_else(|| ProbeError::Unanswered { address: self.address.clone() })
    }
}

/// Answers a founder until it has asked enough.
pub(super) async fn answer(shared: &Shared, mut session: Session) {
    while let Ok(Ok(Frame::Question(question))) = timeout(IDLE, session.hear()).await {
        let (sender, answer) = oneshot::channel();
        if shared.asked.send(Asked { question, answer: sender }).await.is_err() {
            return;
        }
        let Ok(answer) = answer.await else { return };
        if session.say(&Frame::Answer(answer)).await.is_err() {
            return;
        }
    }
}
