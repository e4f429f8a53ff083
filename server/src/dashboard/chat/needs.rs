//! What an operator should look at in chats.

use domain::{
    view::{AnyState, ChatCounts, ChatsQuery, Need},
    words::{ChatState, count},
};

/// Rows that the overview shows.
const SHOWN: usize = 10;

/// Adds chats with messages that no node has; what is fetched comes by itself.
pub(in crate::dashboard) fn add_needs(needs: &mut Vec<Need>, counts: &ChatCounts) {
    if counts.gap == 0 {
        return;
    }
    let query = ChatsQuery { state: Some(ChatState::Gap), ..ChatsQuery::default() };
    let lacks = count(counts.gap, "chat lacks messages", "chats lack messages");
    needs.push(Need {
        state: AnyState::Chat(ChatState::Gap),
        what: lacks,
        href: Some(format!("/chat{query}")),
        reason: "They are known to have been written, and no node that answers has them. A node \
                 that comes back may bring them; else accept the gap."
            .to_owned(),
    });
    needs.sort_by_key(|need| need.state.tone());
    needs.truncate(SHOWN);
}
