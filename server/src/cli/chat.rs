//! `chat`: lists the chats, shows one, and does what moderators do.

use clap::{Args, Subcommand};
use domain::{
    MessageId, VisitorKey,
    view::{
        ChatMessage, ChatPage, ChatRow, ChatsPage, ChatsQuery, Moderate, ModerateRequest, NAMELESS,
        NodeAnswer, chat_href, document_name, document_of,
    },
    words::{self, ChatState, Outcome},
};

use super::{
    Exit,
    client::{AskError, At, Node},
    divergences::one_line,
    out,
};

/// Arguments of `chat`.
#[derive(Args, Debug)]
pub(super) struct Chat {
    #[command(flatten)]
    node: Node,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    /// Only say what would happen.
    #[arg(long, global = true)]
    plan: bool,
    /// Why, for the audit.
    #[arg(long, global = true, value_name = "TEXT")]
    reason: Option<String>,
    #[command(subcommand)]
    deed: Option<Deed>,
}

/// What to do; none lists the chats.
#[derive(Debug, Subcommand)]
enum Deed {
    /// List the chats, worst first.
    List(List),
    /// Say how one chat is on each node, and its newest messages with their ids.
    Read(Which),
    /// Compare chats with all linked nodes now.
    Fetch {
        /// Names of their files.
        #[arg(required = true)]
        files: Vec<String>,
    },
    /// Take a message out of what visitors get, on all nodes.
    Hide(Message),
    /// Show a hidden message again.
    Show(Message),
    /// Refuse what a visitor posts, on all nodes.
    Mute {
        #[command(flatten)]
        whom: Whom,
        /// For so long, as 90m, 1h or 7d; without it until it is taken back.
        #[arg(long = "for", value_name = "TIME", value_parser = length)]
        length_ms: Option<u64>,
    },
    /// Let a visitor post again.
    Unmute(Whom),
}

#[derive(Args, Debug, Default)]
struct List {
    /// Only with this in the name.
    #[arg(long, default_value = "")]
    q: String,
    /// Only in this state.
    #[arg(long)]
    state: Option<ChatState>,
    /// Rows to show.
    #[arg(long, default_value_t = ChatsQuery::PAGE)]
    limit: u64,
}

#[derive(Args, Debug)]
struct Which {
    /// Name of its file.
    file: String,
}

#[derive(Args, Debug)]
struct Message {
    /// Name of its file.
    file: String,
    /// Its id, as `chat read` says it.
    id: MessageId,
}

#[derive(Args, Debug)]
struct Whom {
    /// As profile:ID or uid:ID, as `chat read` and `visitors` say it.
    who: VisitorKey,
    /// What the visitor is called, for the audit.
    #[arg(long, default_value = NAMELESS)]
    name: String,
}

impl Chat {
    pub(super) async fn run(self) -> Exit {
        let asked = self.ask().await;
        asked.unwrap_or_else(|error| out::complain(&error.to_string(), error.exit()))
    }

    async fn ask(mut self) -> Result<Exit, AskError> {
        let at = self.node.at();
        let deed = self.deed.take();
        let items = match deed.unwrap_or_else(|| Deed::List(List::default())) {
            Deed::List(list) => return self.list(&at, list).await,
            Deed::Read(which) => return self.read(&at, &which.file).await,
            Deed::Fetch { files } => {
                let document = |file: &String| document_of(&file.as_str().into());
                files.iter().map(|file| Moderate::Fetch { document: document(file) }).collect()
            }
            Deed::Hide(message) => {
                let (document, id) = message.place();
                vec![Moderate::Hide { document, id }]
            }
            Deed::Show(message) => {
                let (document, id) = message.place();
                vec![Moderate::Show { document, id }]
            }
            Deed::Mute { whom: Whom { who, name }, length_ms } => {
                vec![Moderate::Mute { who, name, for_ms: length_ms }]
            }
            Deed::Unmute(Whom { who, name }) => vec![Moderate::Unmute { who, name }],
        };
        let mut exit = Exit::Done;
        for item in items {
            exit = exit.max(self.act(&at, item).await?);
        }
        Ok(exit)
    }

    async fn list(&self, at: &At, list: List) -> Result<Exit, AskError> {
        let List { q, state, limit } = list;
        let limit = if limit == 0 { ChatsQuery::PAGE } else { limit };
        let query = ChatsQuery { q, state, offset: 0, limit };
        let page: ChatsPage = at.get(&format!("/api/v1/chat{query}")).await?;
        match self.json {
            true => out::json(&page),
            false => page.rows.iter().for_each(|row| out::line(&row_line(row, page.at_ms))),
        }
        Ok(Exit::Done)
    }

    async fn read(&self, at: &At, file: &str) -> Result<Exit, AskError> {
        let document = document_of(&file.into());
        let page: ChatPage = at.get(&format!("/api/v1{}", chat_href(&document))).await?;
        match self.json {
            true => out::json(&page),
            false => lines(&page).iter().for_each(|line| out::line(line)),
        }
        Ok(Exit::Done)
    }

    async fn act(&self, at: &At, item: Moderate) -> Result<Exit, AskError> {
        let title = item.title();
        let request = ModerateRequest { plan: self.plan, item, reason: self.reason.clone() };
        let answer: NodeAnswer = at.post("/api/v1/moderate", &request).await?;
        match self.json {
            true => out::json(&answer),
            false => out::line(&one_line(&format!(
                "{title}: {}. {}",
                answer.outcome.word(),
                answer.sentence
            ))),
        }
        Ok(match answer.outcome {
            Outcome::Done | Outcome::Unchanged => Exit::Done,
            Outcome::Refused => Exit::Refused,
            _ => Exit::Wrong,
        })
    }
}

impl Message {
    fn place(self) -> (String, MessageId) {
        (document_of(&self.file.as_str().into()), self.id)
    }
}

/// "90m" in ms.
fn length(text: &str) -> Result<u64, String> {
    let unit = match text.chars().last() {
        Some('m') => 60_000,
        Some('h') => 3_600_000,
        Some('d') => 86_400_000,
        _ => return Err("a time is a number and m, h or d".to_owned()),
    };
    let number: Option<u64> = text[..text.len() - 1].parse().ok();
    let ms = number.and_then(|number| number.checked_mul(unit));
    let is_good = |ms: &u64| (1..=Moderate::MAX_MUTE_MS).contains(ms);
    ms.filter(is_good).ok_or_else(|| "a time is from one minute to a year".to_owned())
}

fn row_line(row: &ChatRow, now_ms: u64) -> String {
    let detail = row.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let age = row.last_ms.map(|at_ms| words::ago(now_ms.saturating_sub(at_ms)));
    format!(
        "{:>8}  {:<10} {}{detail}, last {}",
        words::thousands(row.count),
        row.state.word(),
        one_line(document_name(&row.document)),
        age.as_deref().unwrap_or("never"),
    )
}

fn lines(page: &ChatPage) -> Vec<String> {
    let mut lines = vec![row_line(&page.row, page.at_ms)];
    lines.extend(page.row.nodes.iter().map(|on| {
        let count = on.count.map_or_else(|| "-".to_owned(), words::thousands);
        format!("  {:<12} {:<8} {:<8} {count}", on.node.name, on.health.word(), on.state.word())
    }));
    lines.extend(page.gaps.iter().map(|gap| {
        let accepted = if gap.accepted.is_some() { ", accepted" } else { "" };
        let missing = words::count(gap.count(), "message", "messages");
        format!("! {missing} missing: {}-{} of {}{accepted}", gap.first, gap.last, gap.incarnation)
    }));
    lines.extend(page.messages.iter().map(|message| message_line(message, page.at_ms)));
    lines
}

fn message_line(message: &ChatMessage, now_ms: u64) -> String {
    let age = words::ago(now_ms.saturating_sub(message.at_ms));
    let who = message.who.as_ref().map(|who| format!(" ({who})")).unwrap_or_default();
    let hidden = if message.hidden.is_some() { " [hidden]" } else { "" };
    let name = message.author.as_deref().unwrap_or(NAMELESS);
    one_line(&format!("{}  {name}{who}, {age}{hidden}: {}", message.id, message.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_and_limits() {
        assert_eq!([length("90m"), length("7d")], [Ok(5_400_000), Ok(604_800_000)]);
        for wrong in ["", "h", "7", "0d", "400d", "99999999999999999999d", "7ä"] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
    }
}
