//! What is kept of people: accounts, links and sessions, and the rules for each. No I/O.

use std::collections::BTreeMap;

use domain::words::Role;
use serde::{Deserialize, Serialize};

use super::{AccountName, Digest, Refused};

const HOUR_MS: u64 = 60 * 60 * 1_000;
/// A link is good for so long.
const LINK_MS: u64 = 24 * HOUR_MS;
/// A session ends after so long without a request.
const IDLE_MS: u64 = 12 * HOUR_MS;
/// And after so long whatever happens.
pub(super) const ABSOLUTE_MS: u64 = 7 * 24 * HOUR_MS;
/// A use is worth a write after so long.
const KEEP_MS: u64 = 10 * 60 * 1_000;
/// Sessions of one account; the one that was used longest ago ends.
const SESSIONS: usize = 32;
/// Links at once; the oldest ends.
const LINKS: usize = 100;

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    accounts: BTreeMap<AccountName, Account>,
    links: BTreeMap<Digest, Invitation>,
    sessions: BTreeMap<Digest, Session>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Account {
    role: Role,
    /// PHC text of argon2id.
    password: String,
    made_ms: u64,
}

/// What a one-time link is good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The account it is for; none: whoever uses it chooses a name that nobody has.
    pub name: Option<AccountName>,
    /// Role of a new account.
    pub role: Role,
    /// It sets another password of an account that there is.
    pub is_reset: bool,
    /// It was made at a start without accounts, and ends with the first one.
    pub is_first: bool,
    /// When it was made, ms since 1970.
    pub made_ms: u64,
}

/// Somebody is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Session {
    account: AccountName,
    made_ms: u64,
    seen_ms: u64,
    /// `seen_ms` as it was written last.
    #[serde(skip)]
    kept_ms: u64,
}

/// An account, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made, ms since 1970.
    pub made_ms: u64,
    /// Sessions that are good now.
    pub sessions: usize,
}

/// A session that was found good.
pub(super) struct Used {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) is_worth_keeping: bool,
}

impl Invitation {
    const fn is_good(&self, now_ms: u64) -> bool {
        now_ms < self.made_ms.saturating_add(LINK_MS)
    }

    /// When it ends, ms since 1970.
    #[must_use]
    pub const fn ends_ms(&self) -> u64 {
        self.made_ms.saturating_add(LINK_MS)
    }
}

impl Session {
    const fn new(account: AccountName, now_ms: u64) -> Self {
        Self { account, made_ms: now_ms, seen_ms: now_ms, kept_ms: now_ms }
    }

    const fn is_good(&self, now_ms: u64) -> bool {
        now_ms < self.seen_ms.saturating_add(IDLE_MS)
            && now_ms < self.made_ms.saturating_add(ABSOLUTE_MS)
    }
}

impl Kept {
    pub(super) fn has_accounts(&self) -> bool {
        !self.accounts.is_empty()
    }

    pub(super) fn people(&self, now_ms: u64) -> Vec<Person> {
        self.accounts.keys().filter_map(|name| self.person(name, now_ms)).collect()
    }

    fn person(&self, name: &AccountName, now_ms: u64) -> Option<Person> {
        let account = self.accounts.get(name)?;
        let own = |session: &&Session| session.account == *name && session.is_good(now_ms);
        Some(Person {
            name: name.to_string(),
            role: account.role,
            made_ms: account.made_ms,
            sessions: self.sessions.values().filter(own).count(),
        })
    }

    pub(super) fn hash_of(&self, name: &AccountName) -> Option<String> {
        self.accounts.get(name).map(|account| account.password.clone())
    }

    pub(super) fn invitation(&self, link: &Digest, now_ms: u64) -> Option<Invitation> {
        let invitation = self.links.get(link).filter(|link| link.is_good(now_ms))?;
        let account = invitation.name.as_ref().map(|name| self.accounts.contains_key(name));
        // A reset is for an account that is still there, anything else for one that is not yet.
        let fits = account.is_none_or(|there| there == invitation.is_reset);
        (fits && !(invitation.is_first && self.has_accounts())).then(|| invitation.clone())
    }

    pub(super) fn invite_first(&mut self, link: Digest, now_ms: u64) {
        self.links.retain(|_, link| !link.is_first);
        let role = Role::Operator;
        let first =
            Invitation { name: None, role, is_reset: false, is_first: true, made_ms: now_ms };
        self.links.insert(link, first);
    }

    pub(super) fn invite(
        &mut self,
        link: Digest,
        name: Option<AccountName>,
        role: Role,
        now_ms: u64,
    ) -> Invitation {
        self.links.retain(|_, link| link.is_good(now_ms));
        let oldest = self.links.iter().min_by_key(|(_, link)| link.made_ms).map(|(id, _)| *id);
        if let Some(oldest) = oldest.filter(|_| self.links.len() >= LINKS) {
            self.links.remove(&oldest);
        }
        let account = name.as_ref().and_then(|name| self.accounts.get(name));
        let (role, is_reset) = account.map_or((role, false), |account| (account.role, true));
        let made = Invitation { name, role, is_reset, is_first: false, made_ms: now_ms };
        self.links.insert(link, made.clone());
        made
    }

    /// Uses a link up: account and password, and a first session. Older sessions of it end.
    pub(super) fn accept(
        &mut self,
        link: &Digest,
        name: AccountName,
        password: String,
        session: Digest,
        now_ms: u64,
    ) -> Result<Person, Refused> {
        let invitation = self.invitation(link, now_ms).ok_or(Refused::Link)?;
        if invitation.is_reset {
            let account = self.accounts.get_mut(&name).ok_or(Refused::Link)?;
            account.password = password;
            self.sessions.retain(|_, session| session.account != name);
        } else {
            self.add(name.clone(), invitation.role, password, now_ms)?;
        }
        self.links.remove(link);
        self.begin_session(&name, session, now_ms)
    }

    pub(super) fn add(
        &mut self,
        name: AccountName,
        role: Role,
        password: String,
        now_ms: u64,
    ) -> Result<Person, Refused> {
        if self.accounts.contains_key(&name) {
            return Err(Refused::Taken(name.to_string()));
        }
        self.accounts.insert(name.clone(), Account { role, password, made_ms: now_ms });
        self.links.retain(|_, link| !link.is_first);
        self.person(&name, now_ms).ok_or_else(|| Refused::NoAccount(name.to_string()))
    }

    pub(super) fn set_role(&mut self, name: &AccountName, role: Role) -> Result<Role, Refused> {
        let account = self.accounts.get_mut(name);
        let account = account.ok_or_else(|| Refused::NoAccount(name.to_string()))?;
        Ok(std::mem::replace(&mut account.role, role))
    }

    pub(super) fn remove(&mut self, name: &AccountName) -> Result<Role, Refused> {
        let account = self.accounts.remove(name);
        let account = account.ok_or_else(|| Refused::NoAccount(name.to_string()))?;
        self.sessions.retain(|_, session| session.account != *name);
        self.links.retain(|_, link| link.name.as_ref() != Some(name));
        Ok(account.role)
    }

    pub(super) fn begin_session(
        &mut self,
        name: &AccountName,
        id: Digest,
        now_ms: u64,
    ) -> Result<Person, Refused> {
        self.sessions.retain(|_, session| session.is_good(now_ms));
        let own = self.sessions.iter().filter(|(_, session)| session.account == *name);
        let mut own: Vec<_> = own.map(|(id, session)| (session.seen_ms, *id)).collect();
        own.sort_unstable();
        for (_, id) in own.iter().rev().skip(SESSIONS - 1) {
            self.sessions.remove(id);
        }
        self.sessions.insert(id, Session::new(name.clone(), now_ms));
        self.person(name, now_ms).ok_or_else(|| Refused::NoAccount(name.to_string()))
    }

    pub(super) fn end_session(&mut self, id: &Digest) {
        self.sessions.remove(id);
    }

    pub(super) fn has_session(&self, id: &Digest, now_ms: u64) -> bool {
        self.sessions.get(id).is_some_and(|session| session.is_good(now_ms))
    }

    pub(super) fn use_session(&mut self, id: Digest, now_ms: u64) -> Option<Used> {
        let session = self.sessions.get_mut(&id).filter(|session| session.is_good(now_ms))?;
        session.seen_ms = session.seen_ms.max(now_ms);
        let is_worth_keeping = session.kept_ms.saturating_add(KEEP_MS) < now_ms;
        if is_worth_keeping {
            session.kept_ms = now_ms;
        }
        let role = self.accounts.get(&session.account)?.role;
        Some(Used { name: session.account.to_string(), role, is_worth_keeping })
    }
}
