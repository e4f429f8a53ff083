//! What people do, written into the audit.

use domain::words::{Action, Outcome};

use crate::app::App;

impl App {
    /// Writes that somebody did something to nothing in particular.
    pub(crate) async fn audit(&self, _person: &str, _action: Action, _outcome: Outcome) {}

    /// Writes that somebody did something to an account.
    pub(crate) async fn audit_person(
        &self,
        _by: &str,
        _action: Action,
        _of: &str,
        _change: (Option<String>, Option<String>),
    ) {
    }

    /// Writes that a login was refused.
    pub(crate) async fn audit_refused_login(&self, _name: &str) {}
}
