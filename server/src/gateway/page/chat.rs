//! The chat of a file under its page: the last messages that visitors may see, to be read.

use domain::{FileName, view::NAMELESS, view::document_of, words};
use relay::DocumentId;

use super::{escape, time};
use crate::{
    gateway::prefix::here,
    hub::{Hub, Moderation, Spoken, json_of},
};

/// Messages that are shown.
const SHOWN: usize = 25;
/// Messages that are read, as some of them may be hidden.
const READ: usize = 100;

/// Where the messages of files are; a gateway of a test has none.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Said {
    pub(in crate::gateway) hub: Hub,
    pub(in crate::gateway) moderation: Moderation,
}

impl Said {
    /// The chat of a file as HTML; empty when nobody has said anything, or it cannot be read.
    pub(in crate::gateway) async fn of(&self, name: &FileName) -> String {
        let Ok(document) = DocumentId::new(&document_of(name)) else { return String::new() };
        let Ok(history) = self.hub.range(document.clone(), READ, None).await else {
            return String::new();
        };
        let shown = history.rows.iter().map(|(_, message)| message);
        let shown =
            shown.filter(|message| !self.moderation.is_hidden(&document, &message.row.place.id));
        let shown: Vec<_> = shown
            .map(|message| (message.row.place.stamp.0 / 1000, Spoken::of(&json_of(message))))
            .collect();
        render(name, &shown[shown.len().saturating_sub(SHOWN)..], history.total)
    }
}

fn render(name: &FileName, shown: &[(u64, Spoken)], total: u64) -> String {
    if shown.is_empty() {
        return String::new();
    }
    let docid = domain::view::escape(&document_of(name));
    let all = escape(&here(&format!("/chat/messages?docid={docid}&max=1000")));
    let number = words::count(total, "message", "messages");
    let items: String = shown.iter().map(|(at_ms, spoken)| item(*at_ms, spoken)).collect();
    format!(
        "<section class=\"chat\">\n<h2>Chat</h2>\n<p class=\"quiet\">The newest of {number}. \
         <a href=\"{all}\">All as JSON</a></p>\n<ol>\n{items}</ol>\n</section>\n"
    )
}

fn item(at_ms: u64, spoken: &Spoken) -> String {
    let name = escape(spoken.name.as_deref().unwrap_or(NAMELESS));
    let attached = match spoken.attached.as_slice() {
        [] => String::new(),
        some => format!(" <span class=\"quiet\">with {}</span>", words::list(some)),
    };
    format!(
        "<li><b><bdi>{name}</bdi></b> <span class=\"quiet\">{}</span>{attached}\
         <p dir=\"auto\">{}</p></li>\n",
        time(at_ms),
        escape(&spoken.text)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_text_and_nothing_is_no_section() {
        let name = FileName::from("<i>.pl");
        assert_eq!(render(&name, &[], 0), "");
        let evil = "<script>alert(1)</script>";
        let json = serde_json::json!({
            "text": evil, "user": {"name": evil}, "payload": [{"type": "query"}],
        });
        let serde_json::Value::Object(json) = json else { panic!("no object") };
        let page = render(&name, &[(1_795_442_531_000, Spoken::of(&json))], 7);
        assert!(!page.contains("<script") && !page.contains("<i>"), "{page}");
        for part in [
            "&lt;script&gt;alert(1)",
            "2026-11-23 14:02:11 UTC",
            "The newest of 7 messages",
            "docid=gitty%3A%3Ci%3E.pl",
            "with a query",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }
}
