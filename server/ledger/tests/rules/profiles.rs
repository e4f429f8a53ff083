//! Folding a chain, and what a field may hold.

use ledger::{
    Author, Chain, ChainError, Edit, EditError, Field, FieldError, HashKind, Identity, LastLogin,
    Profile, ProfileEvent, Role, Serial,
};

use crate::table::{KEY, ann, created, email, google, name, nodes};

#[test]
fn a_profile_says_of_everything_who_when_and_where() {
    let (mut alpha, mut bravo) = nodes();
    let mut chain = created(&mut alpha);
    alpha.writes(&mut chain, &name("Ann"));
    let id = bravo.writes(&mut chain, &name("Ann Lee"));
    let profile = Profile::fold(&chain, Some(&KEY));
    assert_eq!(profile.field(Field::Name), Some("Ann Lee"));
    let source = &profile.fields[&Field::Name].source;
    assert_eq!(source.by, Author::Person(ann()));
    assert_eq!((source.on, source.operation), (bravo.member(), id));
    assert_eq!((source.at_ms, source.serial), (1_795_442_531_001, Some(Serial(3))));
    assert_eq!(profile.created.serial, Some(Serial(1)));
    assert_eq!((profile.unread, profile.newer), (0, 0));
}

#[test]
fn every_field_is_set_shown_and_cleared() {
    let (mut alpha, _) = nodes();
    let mut chain = created(&mut alpha);
    let texts = [
        (Field::Name, "Ann Lee"),
        (Field::GivenName, "Ann"),
        (Field::FamilyName, "Lee"),
        (Field::NickName, "ann"),
        (Field::HomePage, "https://example.org/~ann"),
        (Field::Email, "Ann@example.org"),
        (Field::EmailNotifications, "daily"),
        (Field::Avatar, "/icons/avatar.svg#17"),
    ];
    assert_eq!(texts.map(|(field, _)| field), Field::ALL);
    for (field, text) in texts {
        alpha.writes(&mut chain, &Edit::Field(field, Some(text.into())));
        assert_eq!(Profile::fold(&chain, Some(&KEY)).field(field), Some(text));
        assert_eq!(Field::from_key(field.key()), Some(field));
    }
    for field in Field::ALL {
        let id = alpha.writes(&mut chain, &Edit::Field(field, None));
        let profile = Profile::fold(&chain, Some(&KEY));
        assert_eq!(profile.field(field), None);
        assert_eq!(profile.fields[&field].source.operation, id, "who cleared it is known");
    }
}

#[test]
fn what_a_field_cannot_hold_is_refused() {
    let table = [
        (Field::Name, "", FieldError::Empty),
        (Field::Name, "Ann\nLee", FieldError::Control),
        (Field::Email, "ann", FieldError::Email),
        (Field::HomePage, "javascript:alert(1)", FieldError::Url),
        (Field::HomePage, "https://", FieldError::Url),
        (Field::HomePage, "https://a\"onclick=", FieldError::Url),
        (Field::HomePage, "/home", FieldError::Url),
        (Field::Avatar, "//elsewhere/a.png", FieldError::Url),
        (Field::EmailNotifications, "hourly", FieldError::Notifications),
    ];
    for (field, text, error) in table {
        let edit = Edit::Field(field, Some(text.into()));
        assert_eq!(edit.check(), Err(EditError::Field(field, error)), "{text}");
    }
    assert_eq!(Field::Name.check(&"a".repeat(257)), Err(FieldError::TooLong(256)));
    let told = EditError::Field(Field::Email, FieldError::Email).to_string();
    assert_eq!(told, "email: This field must hold a valid email", "SWISH's own words");
}

#[test]
fn an_address_is_verified_only_while_it_is_the_profiles() {
    let (mut alpha, _) = nodes();
    let mut chain = created(&mut alpha);
    let verified = |chain: &Chain| Profile::fold(chain, Some(&KEY)).is_address_verified();
    alpha.writes(&mut chain, &email("Ann@Example.org"));
    assert!(!verified(&chain));
    alpha.writes(&mut chain, &Edit::Verified("ann@example.org".into()));
    assert!(verified(&chain));
    alpha.writes(&mut chain, &email("ann@elsewhere.org"));
    assert!(!verified(&chain), "another address was not proved");
}

#[test]
fn roles_logins_passwords_and_identities_are_folded() {
    let (mut alpha, _) = nodes();
    let mut chain = created(&mut alpha);
    let fold = |chain: &Chain| Profile::fold(chain, Some(&KEY));
    assert_eq!((fold(&chain).role(), fold(&chain).may_log_in()), (Role::User, true));
    alpha.writes(&mut chain, &Edit::Role(Role::Operator));
    alpha.writes(&mut chain, &Edit::Disabled);
    assert_eq!((fold(&chain).role(), fold(&chain).may_log_in()), (Role::Operator, false));
    alpha.writes(&mut chain, &Edit::Enabled);
    assert!(fold(&chain).may_log_in());
    alpha.writes(&mut chain, &Edit::Linked(Identity::local("ann")));
    alpha.writes(&mut chain, &Edit::Linked(google("17")));
    assert_eq!(fold(&chain).first_identity().map(Identity::text).as_deref(), Some("local:ann"));
    alpha.writes(&mut chain, &Edit::Unlinked(Identity::local("ann")));
    assert_eq!(fold(&chain).first_identity(), Some(&google("17")));
    alpha.writes(&mut chain, &Edit::Password(Some("$1$salt$hash".parse().unwrap())));
    let old = fold(&chain).password().cloned().unwrap();
    assert_eq!((old.kind(), old.is_old()), (HashKind::Crypt, true));
    alpha.writes(&mut chain, &Edit::Password(Some("$argon2id$v=19$m=1$a$b".parse().unwrap())));
    assert!(!fold(&chain).password().unwrap().is_old());
    alpha.writes(&mut chain, &Edit::SecondFactor(Some("JBSWY3DP".into())));
    assert_eq!(fold(&chain).second_factor(), Some("JBSWY3DP"));
    for at_ms in [5, 3] {
        let login = LastLogin { at_ms, peer: "127.0.0.1".into() };
        alpha.writes(&mut chain, &Edit::LoggedIn(login));
    }
    assert_eq!(fold(&chain).login.unwrap().value.at_ms, 5, "the later one, not the last told");
}

#[test]
fn without_the_key_only_what_is_not_personal_is_known() {
    let (mut alpha, _) = nodes();
    let mut chain = created(&mut alpha);
    alpha.writes(&mut chain, &name("Ann"));
    alpha.writes(&mut chain, &Edit::Role(Role::Viewer));
    let other = ledger::ProfileKey::from_bytes([8; 32]);
    for key in [None, Some(&other)] {
        let profile = Profile::fold(&chain, key);
        assert_eq!((profile.role(), profile.unread), (Role::Viewer, 1));
        assert_eq!(profile.field(Field::Name), None);
    }
}

#[test]
fn a_chain_keeps_its_rules() {
    let (mut alpha, mut bravo) = nodes();
    let operation = alpha.does(&name("Ann"));
    assert_eq!(Chain::begin(operation.clone()), Err(ChainError::Beginning));
    assert_eq!(Chain::of([]), Err(ChainError::Beginning));
    let mut chain = created(&mut alpha);
    let id = operation.id();
    chain.append(operation.clone()).unwrap();
    assert_eq!(chain.append(operation), Err(ChainError::Twice(id)));
    let again = bravo.does(&Edit::Created);
    assert_eq!(chain.append(again.clone()), Err(ChainError::CreatedAgain(again.id())));
    let stale = ProfileEvent::after(chain.events().first(), bravo.does(&name("Bob")));
    assert_eq!(chain.push(stale), Err(ChainError::Broken(Serial(2))));
    let about = ledger::Circumstances { profile: "bob".parse().unwrap(), ..bravo.about() };
    let foreign = ledger::Operation::new(about, &name("Bob"), &KEY, &bravo).unwrap();
    let other = "bob".parse().unwrap();
    assert_eq!(chain.append(foreign), Err(ChainError::OtherProfile(Serial(3), other)));
    alpha.writes(&mut chain, &Edit::Erased);
    let late = bravo.does(&name("Ann"));
    assert_eq!(chain.append(late.clone()), Err(ChainError::AfterErasing(late.id())));
    assert_eq!(chain.events().len(), 3, "what was refused left nothing");
}
