//! What an import does: the edits and claims of every profile.

use std::collections::{BTreeMap, BTreeSet};

use super::{PasswdEntry, Skipped, SwishProfile};
use crate::{ClaimName, Edit, Field, Identity, LastLogin, ProfileId};

/// Attributes that fields and identities do not hold, and that are taken over elsewhere.
const OTHERS: [&str; 5] =
    ["email_verified", "last_login", "last_peer", "identity_provider", "external_identity"];

/// One profile that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its id: SWISH's, or a new one for a user without a profile.
    pub id: ProfileId,
    /// What is to be done to it, in order; the first creates it.
    pub edits: Vec<Edit>,
    /// What is to be claimed for it, before the edits.
    pub claims: BTreeSet<ClaimName>,
}

/// What an import does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportPlan {
    /// Profiles in order: SWISH's by id, then users of the passwd file without one.
    pub profiles: Vec<Planned>,
    /// What is not taken over. Two profiles with one address or login name are both made, and the
    /// name is the first one's.
    pub skipped: Vec<Skipped>,
}

/// Plans an import; `new_id` gives ids for users who have no profile yet.
///
/// A user of the passwd file and a profile belong together when the profile's identity is
/// `local:<user>`. The password's hash is kept as it is until the first login replaces it.
pub fn plan(
    profiles: &[SwishProfile],
    users: &[PasswdEntry],
    mut new_id: impl FnMut() -> ProfileId,
) -> ImportPlan {
    let mut plan = ImportPlan::default();
    let mut users: BTreeMap<&str, &PasswdEntry> =
        users.iter().map(|user| (user.user.as_str(), user)).collect();
    let mut claimed = BTreeSet::new();
    for profile in profiles {
        let mut draft = Draft::new(profile.id.clone(), 0);
        draft.swish(profile);
        let local = draft.local_name();
        if let Some(user) = local.and_then(|name| users.remove(name.as_str())) {
            draft.user(user);
        }
        draft.finish(&mut claimed, &mut plan);
    }
    let mut left: Vec<&PasswdEntry> = users.into_values().collect();
    left.sort_by_key(|user| user.line);
    for user in left {
        let mut draft = Draft::new(new_id(), user.line);
        draft.user(user);
        draft.finish(&mut claimed, &mut plan);
    }
    plan
}

/// A profile that is being planned.
struct Draft {
    id: ProfileId,
    line: usize,
    edits: Vec<Edit>,
    skipped: Vec<Skipped>,
}

impl Draft {
    fn new(id: ProfileId, line: usize) -> Self {
        Self { id, line, edits: vec![Edit::Created], skipped: Vec::new() }
    }

    /// Takes over an edit, if a profile can hold it.
    fn add(&mut self, edit: Edit) {
        match edit.check() {
            Ok(()) => self.edits.push(edit),
            Err(error) => self.skip(error.to_string()),
        }
    }

    fn skip(&mut self, why: String) {
        self.skipped.push(Skipped { line: self.line, whose: self.id.to_string(), why });
    }

    fn swish(&mut self, profile: &SwishProfile) {
        let get = |name: &str| profile.attributes.get(name).map(String::as_str);
        for (name, text) in &profile.attributes {
            match Field::from_key(name) {
                // SWISH clears a field by the empty text too.
                Some(_) if text.is_empty() => {}
                Some(field) => self.add(Edit::Field(field, Some(text.clone()))),
                None if OTHERS.contains(&name.as_str()) => {}
                None => self.skip("an attribute that profiles do not have".into()),
            }
        }
        if let (Some(provider), Some(external)) =
            (get("identity_provider"), get("external_identity"))
        {
            self.add(Edit::Linked(Identity {
                provider: provider.into(),
                external: external.into(),
            }));
        }
        if let (Some("true"), Some(email)) = (get("email_verified"), get("email")) {
            self.add(Edit::Verified(email.into()));
        }
        if let Some(at_ms) = get("last_login").and_then(seconds) {
            let peer = get("last_peer").unwrap_or_default().to_owned();
            self.add(Edit::LoggedIn(LastLogin { at_ms, peer }));
        }
    }

    /// Adds what the passwd file says; what the profile says itself stays.
    fn user(&mut self, user: &PasswdEntry) {
        if self.local_name().is_none() {
            self.add(Edit::Linked(user.identity()));
        }
        self.add(Edit::Password(Some(user.password.clone())));
        for (field, text) in [(Field::Name, &user.name), (Field::Email, &user.email)] {
            if !text.is_empty() && self.text(field).is_none() {
                self.add(Edit::Field(field, Some(text.clone())));
            }
        }
        // SWISH trusts the address in this file, if it is the one that the profile has.
        let is_proved = self.edits.iter().any(|edit| matches!(edit, Edit::Verified(_)));
        if !is_proved && self.text(Field::Email) == Some(user.email.as_str()) {
            self.add(Edit::Verified(user.email.clone()));
        }
    }

    fn text(&self, field: Field) -> Option<&str> {
        self.edits.iter().find_map(|edit| match edit {
            Edit::Field(other, Some(text)) if *other == field => Some(text.as_str()),
            _ => None,
        })
    }

    fn local_name(&self) -> Option<String> {
        self.edits.iter().find_map(|edit| match edit {
            Edit::Linked(identity) if identity.provider == Identity::LOCAL => {
                Some(identity.external.clone())
            }
            _ => None,
        })
    }

    /// What it claims: its logins, and the address that was proved.
    fn names(&self) -> impl Iterator<Item = ClaimName> + '_ {
        self.edits.iter().filter_map(|edit| match edit {
            Edit::Linked(identity) => ClaimName::login(identity).ok(),
            Edit::Verified(address) => ClaimName::address(address).ok(),
            _ => None,
        })
    }

    fn finish(mut self, claimed: &mut BTreeSet<ClaimName>, plan: &mut ImportPlan) {
        let (claims, taken): (BTreeSet<_>, BTreeSet<_>) =
            self.names().partition(|name| !claimed.contains(name));
        for name in taken {
            self.skip(match name {
                ClaimName::Address(_) => "its address is another profile's".into(),
                ClaimName::Login { .. } => "its login is another profile's".into(),
            });
        }
        claimed.extend(claims.iter().cloned());
        plan.skipped.append(&mut self.skipped);
        plan.profiles.push(Planned { id: self.id, edits: self.edits, claims });
    }
}

/// Whole milliseconds of SWISH's seconds.
fn seconds(text: &str) -> Option<u64> {
    let whole = text.split('.').next()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000)
}
