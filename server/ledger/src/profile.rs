//! A profile: its events, folded.

use std::collections::BTreeMap;

use domain::MemberId;

use crate::{
    Author, Chain, Change, Edit, Field, Identity, IdentityTag, LastLogin, OpenError, Operation,
    OperationId, PasswordHash, ProfileEvent, ProfileId, ProfileKey, Role, Serial, Slot, normal,
};

/// Where something comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Who said so.
    pub by: Author,
    /// When, in ms since 1970 by the clock of that node.
    pub at_ms: u64,
    /// On which node.
    pub on: MemberId,
    /// With which operation.
    pub operation: OperationId,
    /// At which place of the chain; none while it is only on a branch.
    pub serial: Option<Serial>,
}

/// Something of a profile and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told<T> {
    /// What.
    pub value: T,
    /// Where it comes from.
    pub source: Source,
}

/// A profile, as a chain makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its id.
    pub id: ProfileId,
    /// Since when it exists.
    pub created: Source,
    /// Fields that were set ever; none: it was cleared.
    pub fields: BTreeMap<Field, Told<Option<String>>>,
    /// Outside identities that lead to it, with the place of their linking.
    pub identities: BTreeMap<IdentityTag, Told<Identity>>,
    /// Hash of the password; none: it was removed.
    pub password: Option<Told<Option<PasswordHash>>>,
    /// Secret of the second factor; none: it was removed.
    pub second_factor: Option<Told<Option<String>>>,
    /// What it may do, if anybody ever said.
    pub role: Option<Told<Role>>,
    /// Whether it may not log in, if anybody ever said.
    pub disabled: Option<Told<bool>>,
    /// The address that was proved last, in the form that is claimed.
    pub verified: Option<Told<String>>,
    /// The last login.
    pub login: Option<Told<LastLogin>>,
    /// It is erased: nothing of it is left but this.
    pub erased: Option<Source>,
    /// Events whose text does not open: the key is not here, or not theirs.
    pub unread: usize,
    /// Events of a newer program that this one does not know.
    pub newer: usize,
}

impl Profile {
    /// Folds a chain. Without the key only what is not personal is known: role, disabled, erased.
    #[must_use]
    pub fn fold(chain: &Chain, key: Option<&ProfileKey>) -> Self {
        let first = chain.events().first().expect("a chain has at least one event");
        let created = Source::of(first.operation(), Some(first));
        let mut profile = Self::empty(chain.profile().clone(), created);
        for event in chain.events() {
            profile.take(event.operation(), Some(event), key);
        }
        profile
    }

    const fn empty(id: ProfileId, created: Source) -> Self {
        Self {
            id,
            created,
            fields: BTreeMap::new(),
            identities: BTreeMap::new(),
            password: None,
            second_factor: None,
            role: None,
            disabled: None,
            verified: None,
            login: None,
            erased: None,
            unread: 0,
            newer: 0,
        }
    }

    fn take(&mut self, operation: &Operation, at: Option<&ProfileEvent>, key: Option<&ProfileKey>) {
        let opened =
            key.map_or_else(|| operation.plain().ok_or(OpenError::Key), |key| operation.open(key));
        let source = Source::of(operation, at);
        match opened {
            Ok(edit) => self.apply(edit, source, operation),
            Err(_) if matches!(operation.change(), Change::Newer { .. }) => self.newer += 1,
            Err(_) => self.unread += 1,
        }
    }

    fn apply(&mut self, edit: Edit, source: Source, operation: &Operation) {
        let tag = match operation.slot() {
            Slot::Identity(tag) => Some(tag),
            _ => None,
        };
        match edit {
            Edit::Created => {}
            Edit::Field(field, value) => {
                self.fields.insert(field, Told { value, source });
            }
            Edit::Linked(value) => {
                self.identities.extend(tag.map(|tag| (tag, Told { value, source })));
            }
            Edit::Unlinked(_) => {
                tag.map(|tag| self.identities.remove(&tag));
            }
            Edit::Password(value) => self.password = Some(Told { value, source }),
            Edit::SecondFactor(value) => self.second_factor = Some(Told { value, source }),
            Edit::Role(value) => self.role = Some(Told { value, source }),
            Edit::Disabled => self.disabled = Some(Told { value: true, source }),
            Edit::Enabled => self.disabled = Some(Told { value: false, source }),
            Edit::Verified(text) => {
                let told = normal::address(&text).ok();
                self.verified = told.map(|value| Told { value, source });
            }
            Edit::LoggedIn(value) => self.log_in(Told { value, source }),
            Edit::Erased => self.erase(source),
        }
    }

    /// The later login counts, in whatever order they are told.
    fn log_in(&mut self, login: Told<LastLogin>) {
        if self.login.as_ref().is_none_or(|known| known.value < login.value) {
            self.login = Some(login);
        }
    }

    /// Erased wins over everything: only id, creation and this are left.
    fn erase(&mut self, source: Source) {
        let empty = Self::empty(self.id.clone(), self.created.clone());
        *self = Self { erased: Some(source), newer: self.newer, ..empty };
    }

    /// Takes from an operation of a branch only what makes the profile stricter: erased, disabled, a
    /// smaller role, an identity less, a second factor more (protocol 8).
    pub(crate) fn restrict(&mut self, operation: &Operation, edit: Edit) {
        let is_stricter = self.erased.is_none()
            && match &edit {
                Edit::Erased | Edit::Unlinked(_) => true,
                Edit::Disabled => !self.is_disabled(),
                Edit::Role(role) => *role < self.role(),
                Edit::SecondFactor(Some(_)) => self.second_factor().is_none(),
                Edit::Created
                | Edit::Field(..)
                | Edit::Linked(_)
                | Edit::Password(_)
                | Edit::SecondFactor(None)
                | Edit::Enabled
                | Edit::Verified(_)
                | Edit::LoggedIn(_) => false,
            };
        if is_stricter {
            self.apply(edit, Source::of(operation, None), operation);
        }
    }

    /// Text of a field.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&str> {
        self.fields.get(&field)?.value.as_deref()
    }

    /// What it may do; a user, if nobody ever said.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role.as_ref().map_or(Role::User, |told| told.value)
    }

    /// Whether it may not log in because somebody said so.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.disabled.as_ref().is_some_and(|told| told.value)
    }

    /// Whether it may log in at all.
    #[must_use]
    pub fn may_log_in(&self) -> bool {
        self.erased.is_none() && !self.is_disabled()
    }

    /// Secret of the second factor.
    #[must_use]
    pub fn second_factor(&self) -> Option<&str> {
        self.second_factor.as_ref()?.value.as_deref()
    }

    /// Hash of the password.
    #[must_use]
    pub fn password(&self) -> Option<&PasswordHash> {
        self.password.as_ref()?.value.as_ref()
    }

    /// SWISH's `email_verified`: somebody proved to read mail to the address that it has *now*.
    #[must_use]
    pub fn is_address_verified(&self) -> bool {
        let now = self.field(Field::Email).and_then(|text| normal::address(text).ok());
        now.is_some() && now.as_ref() == self.verified.as_ref().map(|told| &told.value)
    }

    /// SWISH's `identity_provider` and `external_identity`: the identity that was linked first.
    #[must_use]
    pub fn first_identity(&self) -> Option<&Identity> {
        let place = |told: &&Told<Identity>| (told.source.serial, told.source.operation);
        self.identities.values().min_by_key(place).map(|told| &told.value)
    }
}

impl Source {
    pub(crate) fn of(operation: &Operation, at: Option<&ProfileEvent>) -> Self {
        Self {
            by: operation.by().clone(),
            at_ms: operation.at_ms(),
            on: operation.origin(),
            operation: operation.id(),
            serial: at.map(ProfileEvent::serial),
        }
    }
}
