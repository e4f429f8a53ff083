//! What the API returns and the pages show; the JSON of `/api/v1` is exactly these types.
//!
//! One file for each page or concern; everything is named here without its file.

mod address;
mod counts;
mod file;
mod file_query;
mod files;
mod files_query;
mod live;
mod overview;
mod problem;

use address::{unescape, unescape_path};

pub use address::escape;
pub use counts::{Chip, Counts};
pub use file::{
    Difference, FilePage, Gap, HeadReport, HistoryPage, ObjectText, Version, file_href, file_of,
};
pub use file_query::{DiffQuery, DiffView, FileQuery, HistoryQuery};
pub use files::{Column, FileRow, FilesPage};
pub use files_query::{FileSort, FilesQuery};
pub use live::LiveEvent;
pub use overview::{Activity, AnyState, Need, NodeCard, NodeRef, Overview};
pub use problem::Problem;
