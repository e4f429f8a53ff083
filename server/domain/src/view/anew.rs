//! Founding a cluster anew: what is asked, and what is known before it is done (protocol 11).

use serde::{Deserialize, Serialize};

use crate::{ClusterId, words::ago};

/// A wish to found anew on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnewRequest {
    /// Only say what would happen.
    #[serde(default)]
    pub plan: bool,
    /// Why, for the audit.
    #[serde(default)]
    pub reason: Option<String>,
    /// Names of members that answer and shall come in afterwards.
    #[serde(default)]
    pub survivors: Vec<String>,
}

/// What founding anew does, or did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnewPlan {
    /// The new cluster; none while nothing was done.
    pub cluster: Option<ClusterId>,
    /// Why it is refused now, if it is.
    pub refused: Option<String>,
    /// The other members of the old cluster.
    pub members: Vec<OldMember>,
    /// What stays, what becomes of it, and what to beware of.
    pub sentences: Vec<String>,
}

/// A member of the old cluster, by its last word to this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldMember {
    /// Its name.
    pub name: String,
    /// Where its links are reached.
    pub address: String,
    /// Whether it answers now.
    pub answers: bool,
    /// Milliseconds since anything came from it; none if nothing did since this node started.
    pub silent_ms: Option<u64>,
    /// Positions of its change log that had not come here when it was heard last; none if it was
    /// not heard since this node started.
    pub lacking: Option<u64>,
    /// Last position of its change log, as it said.
    pub serial: Option<u64>,
    /// The highest durable count that it told this node, ever: of two survivors the one that has
    /// the higher one heard of it last.
    pub count: u64,
}

impl OldMember {
    /// Whether it answers, and when it was heard last.
    #[must_use]
    pub fn heard(&self) -> String {
        let name = &self.name;
        match (self.answers, self.silent_ms) {
            (true, _) => format!("{name} answers"),
            (false, Some(ms)) => format!("{name} was last heard {}", ago(ms)),
            (false, None) => format!("{name} was not heard since this node started"),
        }
    }

    /// The same, and how much of what it had is here.
    #[must_use]
    pub fn known(&self) -> String {
        let has = match (self.lacking, self.serial) {
            (Some(0), _) => "this node had everything of it then".to_owned(),
            (Some(lacking), Some(serial)) => {
                format!("this node lacked {lacking} of the {serial} positions of its change log")
            }
            _ => "what this node lacks of it is not known".to_owned(),
        };
        format!("{}; {has} (durable count {}).", self.heard(), self.count)
    }
}
