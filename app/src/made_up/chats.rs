//! What the made-up visitors say, and who of them is here: every difficult case once.

use domain::{
    Deed, DeedPlace, Incarnation, MemberId, MessageId, Moderated, VisitorKey,
    view::{
        ChatCounts, ChatGap, ChatMessage, ChatOnNode, ChatPage, ChatRow, ChatsPage, ChatsQuery,
        MessagesQuery, Moderate, MutedVisitor, NodeAnswer, NodeRef, VisitorRow, VisitorsOnNode,
        VisitorsPage, VisitorsQuery,
    },
    words::{Action, ChatState, NodeHealth, Outcome},
};

use super::{FILES, Inner, NAMES, node_id};

/// The chat that has one message of each difficult kind.
const FULL: &str = "gitty:family.pl";
const HANGOUT: &str = "gitty:Hangout.swinb";
const MINUTE_MS: u64 = 60_000;

/// What moderators did, on top of what was written.
pub(super) struct Chats {
    is_empty: bool,
    moderated: Moderated,
    deeds: u64,
    /// Chats that were fetched since the start.
    fetched: Vec<String>,
}

impl Chats {
    /// Chats and visitors, or none at all.
    pub(super) fn new(has_any: bool) -> Self {
        Self { is_empty: !has_any, moderated: Moderated::default(), deeds: 0, fetched: Vec::new() }
    }
}

/// Author, key, text and what is attached; oldest first.
type Said = (Option<&'static str>, Option<VisitorKey>, &'static str, &'static [&'static str]);

fn said() -> Vec<Said> {
    let profile = |id: &str| Some(VisitorKey::Profile(id.into()));
    let uid = |id: &str| Some(VisitorKey::Uid(id.into()));
    vec![
        (Some("Ann"), profile("p-ann"), "Who wants to do exercise 4 together?", &[]),
        (Some("Ben"), uid("u-ben"), "Me. Why does this loop?", &["a query"]),
        (None, None, "An old message of SWISH’s own file, without anybody’s name.", &[]),
        (
            Some("<b>Mallory</b>"),
            uid("u-mallory"),
            "<script>alert(1)</script><img src=x onerror=alert(2)> free money at example.org",
            &[],
        ),
        (Some("دانا"), profile("p-dana"), "هذا السؤال صعب جدا، هل من حل؟ parent(X, Y).", &[]),
        (Some("Ev\u{202E}il"), uid("u-evil"), "this \u{202E}desrever si\u{202C} line", &[]),
        (
            Some(
                "Maximiliana-Theodora-von-und-zu-Hohenlöhnstein-Waldburg-Zeil-und-noch-viel-länger-als-das",
            ),
            profile("p-max"),
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            &["a selection"],
        ),
        (Some("Ann"), profile("p-ann"), "", &["a selection", "a query"]),
        (Some("Cleo"), profile("p-cleo"), "Saved new version: base case first", &["an update"]),
    ]
}

fn node_ref(node: u8) -> NodeRef {
    NodeRef { id: node_id(node), name: NAMES[usize::from(node)].into() }
}

impl Inner {
    pub(super) fn chat_counts(&self) -> ChatCounts {
        let mut counts = ChatCounts::default();
        self.chat_rows().iter().for_each(|row| counts.add(row));
        counts.visitors = u64::try_from(self.visitor_rows().len()).unwrap_or(0);
        counts
    }

    pub(super) fn chats(&self, query: &ChatsQuery) -> ChatsPage {
        let mut rows = self.chat_rows();
        rows.retain(|row| query.wants(row));
        rows.sort_by(ChatsQuery::order);
        let shown = u64::try_from(rows.len()).unwrap_or(0);
        let (skip, take) = (index(query.offset), index(query.limit));
        ChatsPage {
            at_ms: self.at_ms,
            rows: rows.into_iter().skip(skip).take(take).collect(),
            shown,
            offset: query.offset,
            counts: self.chat_counts(),
        }
    }

    pub(super) fn chat(&self, document: &str, query: &MessagesQuery) -> ChatPage {
        let row = self.chat_rows().into_iter().find(|row| row.document == document);
        let row = row.unwrap_or_else(|| self.chat_row(document, 0, 0, ChatState::InStep));
        let mut messages = match (document == FULL, row.count) {
            (_, 0) => Vec::new(),
            (true, _) => self.messages(document),
            (false, count) => self.messages(document).into_iter().take(index(count)).collect(),
        };
        let older = query.before.is_empty() && row.count > 9;
        if !query.before.is_empty() {
            messages.truncate(1);
        }
        ChatPage {
            at_ms: self.at_ms,
            has_file: document != HANGOUT,
            gaps: if document == HANGOUT { self.gaps() } else { Vec::new() },
            messages,
            before: older.then(|| "1-00".to_owned()),
            row,
        }
    }

    fn chat_rows(&self) -> Vec<ChatRow> {
        if self.chats.is_empty {
            return Vec::new();
        }
        let behind = match self.charlie {
            NodeHealth::Up => ChatState::InStep,
            _ => ChatState::Unknown,
        };
        let mut rows = vec![
            self.chat_row(FULL, 120, 2, behind),
            self.chat_row(HANGOUT, 1_204, 1, ChatState::Gap),
            self.chat_row(&format!("gitty:{}", FILES[7]), 9, 40, ChatState::ToFetch),
            self.chat_row("gitty:שלום עולם.swinb", 3, 3_000, behind),
            self.chat_row(&format!("gitty:{}", FILES[8]), 1, 90_000, behind),
        ];
        for row in &mut rows {
            if row.document == HANGOUT && self.gaps().iter().all(|gap| gap.accepted.is_some()) {
                *row = self.chat_row(HANGOUT, 1_204, 1, behind);
            }
            if self.chats.fetched.contains(&row.document) && row.state == ChatState::ToFetch {
                *row = self.chat_row(&row.document, row.count + 31, 40, behind);
            }
        }
        rows
    }

    fn chat_row(&self, document: &str, count: u64, minutes: u64, state: ChatState) -> ChatRow {
        let to_fetch = if state == ChatState::ToFetch { 31 } else { 0 };
        let on = |node: u8| {
            let silent = node == 2 && self.charlie != NodeHealth::Up;
            let state = match (node, silent, state) {
                (_, true, _) => ChatState::Unknown,
                (1, _, ChatState::ToFetch) => ChatState::ToFetch,
                _ => ChatState::InStep,
            };
            let more = if state == ChatState::ToFetch { 31 } else { 0 };
            ChatOnNode {
                node: node_ref(node),
                own: node == 0,
                health: if node == 2 { self.charlie } else { NodeHealth::Up },
                state,
                count: (!silent).then_some(count + more),
                agreement: (!silent).then_some(if more > 0 { count / 2 } else { count }),
                compared_ms: (node != 0 && !silent).then_some(self.at_ms - 800),
            }
        };
        ChatRow {
            document: document.to_owned(),
            count,
            last_ms: (count > 0).then(|| self.at_ms - minutes * MINUTE_MS),
            state,
            detail: match state {
                ChatState::Gap => Some(ChatState::gap_detail(2)),
                ChatState::ToFetch => Some(ChatState::to_fetch_detail(31, &["bravo".into()])),
                ChatState::Unknown => Some(ChatState::unknown_detail(&["charlie".into()])),
                ChatState::InStep => None,
            },
            to_fetch,
            hidden: self.chats.moderated.hidden_in(document),
            nodes: (0..3).map(on).collect(),
        }
    }

    fn gaps(&self) -> Vec<ChatGap> {
        let incarnation = Incarnation::from_bytes([0xc4; 8]);
        vec![ChatGap {
            node: Some(node_ref(2)),
            incarnation,
            first: 17,
            last: 18,
            is_final: true,
            accepted: self.chats.moderated.accepted(HANGOUT, incarnation, (17, 18)).cloned(),
        }]
    }

    fn messages(&self, document: &str) -> Vec<ChatMessage> {
        let all = said();
        let count = u64::try_from(all.len()).unwrap_or(0);
        let message = |(at, (author, who, text, attached)): (u64, Said)| {
            let id = MessageId::from_bytes([u8::try_from(at + 1).unwrap_or(0); 16]);
            let muted = who.as_ref().and_then(|who| self.chats.moderated.muted(who, self.at_ms));
            ChatMessage {
                id,
                at_ms: self.at_ms - (count - at) * 7 * MINUTE_MS,
                serial: 120 - count + at + 1,
                author: author.map(str::to_owned),
                muted: muted.cloned(),
                who,
                node: (at != 2).then(|| node_ref(u8::try_from(at % 3).unwrap_or(0))),
                text: text.to_owned(),
                attached: attached.iter().map(|kind| (*kind).to_owned()).collect(),
                hidden: self.chats.moderated.hidden(document, &id).cloned(),
            }
        };
        (0..).zip(all).map(message).collect()
    }

    pub(super) fn visitors(&self, query: &VisitorsQuery) -> VisitorsPage {
        let rows = self.visitor_rows();
        let total = u64::try_from(rows.len()).unwrap_or(0);
        let nodes = (0..3).map(|node| VisitorsOnNode {
            node: node_ref(node),
            health: if node == 2 { self.charlie } else { NodeHealth::Up },
            visitors: u64::try_from(
                rows.iter().filter(|row| row.node.name == NAMES[usize::from(node)]).count(),
            )
            .unwrap_or(0),
        });
        let nodes = nodes.collect();
        let wanted: Vec<_> = rows.into_iter().filter(|row| query.wants(row)).collect();
        let muted = self.chats.moderated.mutings(self.at_ms).map(|muting| MutedVisitor {
            who: muting.key.clone(),
            name: muting.name.to_owned(),
            ruling: muting.ruling.clone(),
        });
        VisitorsPage {
            at_ms: self.at_ms,
            shown: u64::try_from(wanted.len()).unwrap_or(0),
            rows: wanted.into_iter().skip(index(query.offset)).take(index(query.limit)).collect(),
            total,
            offset: query.offset,
            nodes,
            muted: muted.collect(),
        }
    }

    fn visitor_rows(&self) -> Vec<VisitorRow> {
        if self.chats.is_empty {
            return Vec::new();
        }
        let people = said().into_iter().filter(|(_, who, ..)| who.is_some()).take(6);
        let row = |(at, (name, who, ..)): (u8, Said)| {
            let node = at % 3;
            let muted = who.as_ref().and_then(|who| self.chats.moderated.muted(who, self.at_ms));
            VisitorRow {
                wsid: format!("{at:02x}b609c-4f07-11f1-8d9c-0242ac110002"),
                name: name.filter(|_| at != 1).map(str::to_owned),
                muted: muted.cloned(),
                who,
                node: node_ref(node),
                health: if node == 2 { self.charlie } else { NodeHealth::Up },
                files: (0..=usize::from(at)).map(|file| format!("gitty:{}", FILES[file])).collect(),
                heard_ms: self.at_ms - u64::from(at) * 40_000,
            }
        };
        (0..).zip(people).map(row).collect()
    }

    pub(super) fn moderate(&mut self, item: Moderate, reason: Option<String>) -> NodeAnswer {
        self.chats.deeds += 1;
        if let Moderate::Fetch { document } = &item {
            self.chats.fetched.push(document.clone());
        }
        let origin = MemberId { node: node_id(0), incarnation: Incarnation::from_bytes([1; 8]) };
        let place = DeedPlace { at_ms: self.at_ms, origin, number: self.chats.deeds };
        let (verb, title) = (item.verb(), item.title());
        let deed = Deed::new(self.at_ms, "ann", Action::Other, Outcome::Done);
        self.chats.moderated.take(place, &item.into_deed(Deed { reason, ..deed }));
        NodeAnswer {
            outcome: Outcome::Done,
            sentence: match verb {
                domain::words::ChatAction::Fetch => "compared with 2 nodes".to_owned(),
                _ => format!("{title}: done."),
            },
        }
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
