//! What people do on the dashboard and the command line, written into the audit.

use domain::{
    Deed, Thing,
    words::{Action, Outcome},
};

use crate::{app::App, node::link::now_ms};

/// Longest text of an entry, in characters: a whole entry stays within its limit.
const MAX_CHARS: usize = 1_000;
/// Longest name that somebody made up at the login.
const MAX_NAME_CHARS: usize = 64;

impl App {
    /// Writes what somebody did; returns when it is durable here. The node fills in its name.
    ///
    /// Only a node that is stopping does not write it, and says so in the log.
    pub async fn record(&self, deed: Deed) {
        let deed = Deed { node_name: self.addresses.node.clone(), ..shortened(deed) };
        let action = deed.action.code();
        if !self.node.audit(&deed).await {
            tracing::error!(action, "the audit lacks an entry: this node is stopping");
        }
    }

    /// Writes that somebody did something to nothing in particular.
    pub(crate) async fn audit(&self, person: &str, action: Action, outcome: Outcome) {
        self.record(Deed::new(now_ms(), person, action, outcome)).await;
    }

    /// Writes that somebody did something to an account.
    pub(crate) async fn audit_person(
        &self,
        by: &str,
        action: Action,
        of: &str,
        (before, after): (Option<String>, Option<String>),
    ) {
        let thing = Some(Thing::Person(of.to_owned()));
        let deed = Deed::new(now_ms(), by, action, Outcome::Done);
        self.record(Deed { thing, before, after, ..deed }).await;
    }

    /// Writes that a login was refused, unless too many were: then the next one says how many.
    pub(crate) async fn audit_refused_login(&self, name: &str) {
        let now = now_ms();
        let Some(unwritten) = self.operators.note_refused(now) else { return };
        let name: String = name.trim().chars().take(MAX_NAME_CHARS).collect();
        let more = (unwritten > 0).then(|| format!("and {unwritten} before it, not written"));
        let deed = Deed::new(now, &name, Action::LoginRefused, Outcome::Refused);
        self.record(Deed { detail: more, ..deed }).await;
    }
}

/// An entry that stays within its limit, whatever people wrote.
pub(crate) fn shortened(deed: Deed) -> Deed {
    let short = |text: Option<String>| -> Option<String> {
        text.map(|text| text.chars().take(MAX_CHARS).collect())
    };
    Deed {
        before: short(deed.before),
        after: short(deed.after),
        reason: short(deed.reason),
        detail: short(deed.detail),
        ..deed
    }
}
