//! Who may change a file, by the `modify` of its served head.
//!
//! SWISH judges the version that the client names, which lets an old, laxer version open a file.
//! It also lets everybody delete; here a delete is a change like any other.

use domain::FileName;
use gitty::{Commit, Term};

use crate::gateway::error::Refusal;

/// Lets an anonymous visitor change the file whose served head is `head`, or not.
pub(super) fn modify(name: &FileName, head: &Commit) -> Result<(), Refusal> {
    if anybody_may(head) { Ok(()) } else { Err(Refusal::MayNotModify(name.to_string())) }
}

/// True without `modify`: SWISH's default lets any visitor.
fn anybody_may(head: &Commit) -> bool {
    let Some(modify) = head.get("modify") else {
        return true;
    };
    let listed = modify.as_list().unwrap_or_default();
    listed.iter().any(|who| matches!(who, Term::Atom(who) if who == "any"))
}

#[cfg(test)]
mod tests {
    use gitty::{Meta, commit};
    use serde_json::{Value, json};

    use super::*;

    fn may(meta: Value) -> bool {
        let blob = gitty::Object::blob("").id().unwrap();
        anybody_may(&commit::create(&"a.pl".into(), blob, Meta::from_json(&meta, false), None, 1.0))
    }

    #[test]
    fn only_files_open_to_any_are_open_to_strangers() {
        assert!(may(json!({})));
        assert!(may(json!({ "modify": ["any", "login", "owner"] })));
        assert!(!may(json!({ "modify": ["login", "owner"] })));
        assert!(!may(json!({ "modify": [] })));
    }
}
