//! What the API returns and the pages show; the JSON of `/api/v1` is exactly these types.
//!
//! One file for each page or concern; everything is named here without its file.

mod activity;
mod address;
mod anew;
mod chats;
mod chats_query;
mod counts;
mod divergence;
mod divergences_query;
mod file;
mod file_query;
mod files;
mod files_query;
mod live;
mod moderate;
mod nodes;
mod overview;
mod problem;
mod settle;
mod visitors;

pub use activity::{ActivityPage, ActivityQuery, DeedRow};
use address::{unescape, unescape_path};

pub use address::escape;
pub use anew::{AnewPlan, AnewRequest, OldMember};
pub use chats::{
    ChatCounts, ChatGap, ChatMessage, ChatOnNode, ChatPage, ChatRow, ChatsPage, chat_href, chat_of,
    document_file, document_name, document_of,
};
pub use chats_query::{ChatsQuery, MessagesQuery, VisitorsQuery};
pub use counts::{Chip, Counts};
pub use divergence::{DivergencePage, DivergenceView, DivergencesPage, MergeDraft, Side};
pub use divergences_query::{DivergenceFilter, DivergencesQuery};
pub use file::{
    Difference, FilePage, Gap, HeadReport, HistoryPage, ObjectText, Version, file_href, file_of,
};
pub use file_query::{DiffQuery, DiffView, FileQuery, HistoryQuery};
pub use files::{Column, FileRow, FilesPage};
pub use files_query::{FileSort, FilesQuery};
pub use live::LiveEvent;
pub use moderate::{Moderate, ModerateRequest};
pub use nodes::{CatchUp, LinkReport, NodeAnswer, NodeRequest};
pub use overview::{Activity, AnyState, Me, Need, NodeCard, NodeRef, Overview};
pub use problem::Problem;
pub use settle::{
    ActionOutcome, Choice, ItemResult, Settle, SettlePlan, SettleRequest, SyncPlan, SyncRequest,
    SyncStep,
};
pub use visitors::{MutedVisitor, NAMELESS, VisitorRow, VisitorsOnNode, VisitorsPage};
