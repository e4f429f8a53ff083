//! What the made-up people did.

use domain::{
    Deed, Thing,
    view::{ActivityPage, ActivityQuery, DeedRow, NodeRef},
    words::{Action, Outcome},
};

use super::{Inner, NAMES, node_id};

/// Time between two deeds.
const EVERY_MS: u64 = 7 * 60_000;

impl Inner {
    /// A page of the deeds, newest first.
    pub(super) fn activity(&self, query: &ActivityQuery) -> ActivityPage {
        let rows = rows(self.at_ms);
        let all = rows.iter().map(|row| (row.node.name.as_str(), &row.deed));
        query.page(self.at_ms, all, |at| rows[at].clone())
    }
}

fn rows(at_ms: u64) -> Vec<DeedRow> {
    let deeds = deeds();
    let count = u64::try_from(deeds.len()).unwrap_or(0);
    let row = |(back, (at, deed)): (u64, (u8, Deed))| DeedRow {
        node: NodeRef { id: node_id(at), name: NAMES[usize::from(at)].into() },
        number: count - back,
        hash: format!("{:02x}", 0x51 + back).repeat(32),
        deed: Deed { at_ms: at_ms.saturating_sub(EVERY_MS * back + 2_000), ..deed },
    };
    (0..).zip(deeds).map(row).collect()
}

/// Newest first, each with its node.
fn deeds() -> Vec<(u8, Deed)> {
    let deed = |person, action, outcome| Deed::new(0, person, action, outcome);
    let ben = Some(Thing::Person("ben".into()));
    let evil = "<script>alert(1)</script>";
    vec![
        (0, deed("ann", Action::Login, Outcome::Done)),
        (
            2,
            Deed {
                thing: ben.clone(),
                before: Some("Viewer".into()),
                after: Some("Operator".into()),
                reason: Some("takes over the night shift".into()),
                ..deed("command line", Action::RoleChanged, Outcome::Done)
            },
        ),
        (
            1,
            Deed {
                detail: Some("the password was wrong".into()),
                ..deed(evil, Action::LoginRefused, Outcome::Refused)
            },
        ),
        (
            2,
            Deed {
                thing: ben,
                after: Some("Viewer".into()),
                ..deed("ben", Action::AccountMade, Outcome::Done)
            },
        ),
        (
            0,
            Deed {
                thing: Some(Thing::File(evil.into())),
                detail: Some("transmogrified".into()),
                ..deed("ann", Action::Other, Outcome::NotKnown)
            },
        ),
        (
            0,
            Deed {
                thing: Some(Thing::Node("charlie".into())),
                ..deed("command line", Action::Founded, Outcome::Done)
            },
        ),
    ]
}
