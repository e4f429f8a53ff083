//! Nodes: links as each of them reports them, and how far one that catches up has come.

use serde::{Deserialize, Serialize};

use super::NodeRef;
use crate::{
    NodeId,
    words::{Outcome, count, list, thousands},
};

/// Body of `POST /api/v1/nodes/{node}/{action}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRequest {
    /// Only say what would happen.
    #[serde(default)]
    pub plan: bool,
    /// Why, for the audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What came of an action on a node, or would come of it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeAnswer {
    /// In one word.
    pub outcome: Outcome,
    /// In sentences, for people.
    pub sentence: String,
}

/// One link, as the node that has it reports.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkReport {
    /// The other end.
    pub to: NodeId,
    /// Frames pass.
    pub open: bool,
    /// Last round trip, in milliseconds.
    pub round_trip_ms: Option<f64>,
}

/// A catch-up under way (protocol 5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CatchUp {
    /// Objects that have come.
    pub arrived: u64,
    /// Objects wanted since it began; grows as paths are followed back.
    pub wanted: u64,
    /// Of them on no node that answers.
    pub missing: u64,
    /// Objects that come in a second, lately.
    pub per_second: f64,
    /// Nodes that are asked.
    pub from: Vec<NodeRef>,
    /// What it waits for: "bravo's objects".
    pub waits_for: Option<String>,
}

/// "412 of 7,823 objects, 96 per second, from alpha and bravo; waits for bravo's objects".
impl std::fmt::Display for CatchUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (arrived, wanted) = (thousands(self.arrived), count(self.wanted, "object", "objects"));
        write!(f, "{arrived} of {wanted}")?;
        if self.per_second >= 1.0 {
            write!(f, ", {:.0} per second", self.per_second)?;
        }
        if !self.from.is_empty() {
            let names: Vec<_> = self.from.iter().map(|node| node.name.clone()).collect();
            write!(f, ", from {}", list(&names))?;
        }
        if let Some(waits_for) = &self.waits_for {
            write!(f, "; waits for {waits_for}")?;
        }
        if self.missing > 0 {
            write!(
                f,
                "; {} on no node that answers",
                count(self.missing, "object is", "objects are")
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_numbers_and_names_and_never_a_percentage() {
        let node = |name: &str| NodeRef { id: NodeId::from_bytes([1; 8]), name: name.into() };
        let mut catch_up = CatchUp {
            arrived: 412,
            wanted: 7_823,
            missing: 0,
            per_second: 96.4,
            from: vec![node("alpha"), node("bravo")],
            waits_for: Some("bravo's objects".into()),
        };
        assert_eq!(
            catch_up.to_string(),
            "412 of 7,823 objects, 96 per second, from alpha and bravo; waits for bravo's objects"
        );
        (catch_up.per_second, catch_up.missing) = (0.2, 1);
        catch_up.from.clear();
        catch_up.waits_for = None;
        assert_eq!(
            catch_up.to_string(),
            "412 of 7,823 objects; 1 object is on no node that answers"
        );
    }
}
