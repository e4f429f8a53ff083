//! The words for chats: how one stands on a node, and on all of them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Tone, UnknownCode, count};

words! {
    /// A chat as one node sees it: here, or beside that of another node.
    ChatState {
        /// Messages are known to have been written, and no node that answers has them.
        Gap = "gap", "Gap", Warn;
        /// Another node has messages that are not here yet.
        ToFetch = "to_fetch", "To fetch", Info;
        /// It was not compared with a node yet, or that node does not answer.
        Unknown = "unknown", "Unknown", Unknown;
        /// It is the same on all nodes.
        InStep = "in_step", "In step", Good;
    }
}

impl ChatState {
    /// What is missing: "3 messages on no node that answers".
    #[must_use]
    pub fn gap_detail(messages: u64) -> String {
        format!("{} on no node that answers", count(messages, "message", "messages"))
    }

    /// What comes from where: "31 messages from bravo".
    #[must_use]
    pub fn to_fetch_detail(messages: u64, nodes: &[String]) -> String {
        format!("{} from {}", count(messages, "message", "messages"), super::list(nodes))
    }

    /// Who lacks what is here: "bravo lacks 3 messages".
    #[must_use]
    pub fn lacked_detail(messages: u64, nodes: &[String]) -> String {
        let verb = if nodes.len() == 1 { "lacks" } else { "lack" };
        format!("{} {verb} {}", super::list(nodes), count(messages, "message", "messages"))
    }

    /// Why nobody can say: "not compared with charlie".
    #[must_use]
    pub fn unknown_detail(nodes: &[String]) -> String {
        format!("not compared with {}", super::list(nodes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_have_a_number_and_name_the_node() {
        assert_eq!(ChatState::to_fetch_detail(31, &["bravo".into()]), "31 messages from bravo");
        assert_eq!(ChatState::gap_detail(1), "1 message on no node that answers");
        assert_eq!(ChatState::lacked_detail(3, &["bravo".into()]), "bravo lacks 3 messages");
        let nodes = ["bravo".to_owned(), "charlie".to_owned()];
        assert_eq!(ChatState::unknown_detail(&nodes), "not compared with bravo and charlie");
    }

    #[test]
    fn only_known_and_equal_counts_as_good() {
        let good = ChatState::ALL.iter().filter(|state| state.tone() == Tone::Good);
        assert_eq!(good.collect::<Vec<_>>(), [&ChatState::InStep]);
    }
}
