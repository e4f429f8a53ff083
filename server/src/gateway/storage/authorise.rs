//! Who may change a file, by the `modify` of its served head.
//!
//! SWISH judges the version that the client names, which lets an old, laxer version open a file.
//! It also lets everybody delete; here a delete is a change like any other.

use domain::FileName;
use gitty::{Commit, Term};

use crate::gateway::error::Refusal;

/// Lets somebody with this identity change the file whose served head is `head`, or not. None is a
/// visitor.
pub(super) fn modify(name: &FileName, head: &Commit, who: Option<&str>) -> Result<(), Refusal> {
    if may(head, who) { Ok(()) } else { Err(Refusal::MayNotModify(name.to_string())) }
}

/// SWISH's rule (spec B.6); without `modify` any visitor may.
fn may(head: &Commit, who: Option<&str>) -> bool {
    let Some(modify) = head.get("modify") else {
        return true;
    };
    let listed = modify.as_list().unwrap_or_default();
    let lists = |class: &str| listed.iter().any(|it| matches!(it, Term::Atom(it) if it == class));
    let owner = head.get("identity").and_then(Term::as_text);
    lists("any") || who.is_some_and(|who| lists("login") || owner == Some(who))
}

#[cfg(test)]
mod tests {
    use gitty::{Meta, commit};
    use serde_json::{Value, json};

    /// Whether this identity may change Ann's file.
    fn may(meta: Value, who: Option<&str>) -> bool {
        let blob = gitty::Object::blob("").id().unwrap();
        let meta = Meta::from_json(&meta, true).identity("local:ann");
        super::may(&commit::create(&"a.pl".into(), blob, meta, None, 1.0), who)
    }

    #[test]
    fn only_files_open_to_any_are_open_to_strangers() {
        assert!(may(json!({}), None));
        assert!(may(json!({ "modify": ["any", "login", "owner"] }), None));
        assert!(!may(json!({ "modify": ["login", "owner"] }), None));
        assert!(!may(json!({ "modify": [] }), None));
    }

    #[test]
    fn accounts_change_what_is_open_to_accounts_and_owners_what_is_theirs() {
        let (ann, bob) = (Some("local:ann"), Some("local:bob"));
        assert!(may(json!({ "modify": ["login", "owner"] }), bob));
        assert!(!may(json!({ "modify": ["owner"] }), bob));
        assert!(may(json!({ "modify": ["owner"] }), ann));
        assert!(!may(json!({ "modify": ["owner"] }), None));
    }
}
