//! SWISH's own files become profiles.

use ledger::{
    Chain, ClaimName, Edit, Field, HashKind, Identity, Profile, ProfileId,
    import::{ImportError, MAX_PASSWD_BYTES, Planned, plan, read_passwd, read_profiles},
};

use crate::table::{KEY, google, nodes};

const STORE: &str = r#"created(1795397619.6062403).
assert(profile('e8fa0dc0-1111-4222-8333-444455556666')).
assert(profile_attribute('e8fa0dc0-1111-4222-8333-444455556666',name,"Ann\nLee")).
retractall(profile_attribute('e8fa0dc0-1111-4222-8333-444455556666',name,_),1).
assert(profile_attribute('e8fa0dc0-1111-4222-8333-444455556666',name,"Ann Lee")).
assert(profile_attribute('e8fa0dc0-1111-4222-8333-444455556666',email,"ann@example.org")).
assert(profile_attribute('e8fa0dc0-1111-4222-8333-444455556666',email_verified,true)).
assert(profile_attribute('e8fa0dc0-1111-4222-8333-444455556666',email_notifications,daily)).
assert(profile_attribute('e8fa0dc0-1111-4222-8333-444455556666',identity_provider,local)).
assert(profile_attribute('e8fa0dc0-1111-4222-8333-444455556666',external_identity,"ann")).
assert(profile_attribute('e8fa0dc0-1111-4222-8333-444455556666',last_login,1795397620)).
assert(profile_attribute('e8fa0dc0-1111-4222-8333-444455556666',last_peer,"127.0.0.1")).
assert(profile_attribute('e8fa0dc0-1111-4222-8333-444455556666',home_page,"javascript:alert(1)")).
assert(profile(gone)).
retractall(profile(gone),1).
assert(profile(g17)).
assert(profile_attribute(g17,identity_provider,google)).
assert(profile_attribute(g17,external_identity,'117')).
assert(profile_attribute(g17,email,'Ann@Example.org')).
assert(profile_attribute(g17,email_verified,true)).
assert(profile_attribute(g17,name,"cut sh"#;

const PASSWD: &str = "# users\n\
    ann:$1$abc$0123456789abcdefghijkl:users:Ann From Passwd:ann@example.org\n\
    bob:0123456789abcdef0123456789abcdef:users:Bob:bob@example.org\n\
    bob:$1$abc$other:users:Bob again:\n\
    carol:plain password:users:Carol:\n\
    a b:$1$abc$x::\n";

fn new_id() -> ProfileId {
    ProfileId::from_random([3; 16])
}

/// The profile that the planned edits make.
fn made(planned: &Planned) -> Profile {
    let (mut alpha, _) = nodes();
    let mut chain = Chain::begin(alpha.does(&planned.edits[0])).unwrap();
    for edit in &planned.edits[1..] {
        alpha.writes(&mut chain, edit);
    }
    Profile::fold(&chain, Some(&KEY))
}

#[test]
fn a_store_is_replayed_in_order() {
    let store = read_profiles(STORE.as_bytes()).unwrap();
    let ids: Vec<_> = store.profiles.iter().map(|profile| profile.id.as_str()).collect();
    assert_eq!(ids, ["e8fa0dc0-1111-4222-8333-444455556666", "g17"]);
    let ann = &store.profiles[0].attributes;
    assert_eq!((ann["name"].as_str(), ann["email_verified"].as_str()), ("Ann Lee", "true"));
    assert_eq!(ann["last_login"], "1795397620");
    assert_eq!((store.skipped.len(), store.skipped_count), (1, 1));
    assert_eq!((store.skipped[0].line, store.skipped[0].why.as_str()), (21, "cut short"));
}

#[test]
fn a_passwd_file_is_read_line_by_line() {
    let passwd = read_passwd(PASSWD.as_bytes()).unwrap();
    let kinds: Vec<_> =
        passwd.entries.iter().map(|entry| (entry.user.as_str(), entry.password.kind())).collect();
    assert_eq!(kinds, [("ann", HashKind::Crypt), ("bob", HashKind::Digest)]);
    let skipped: Vec<_> =
        passwd.skipped.iter().map(|skipped| (skipped.line, skipped.why.as_str())).collect();
    assert_eq!(
        skipped,
        [
            (4, "a second line of this user"),
            (5, "no hash of a password"),
            (6, "no name that can log in")
        ]
    );
    let huge = vec![b'a'; MAX_PASSWD_BYTES + 1];
    assert_eq!(read_passwd(&huge), Err(ImportError::TooLarge(MAX_PASSWD_BYTES)));
}

#[test]
fn profiles_and_users_come_together_and_hashes_are_kept() {
    let store = read_profiles(STORE.as_bytes()).unwrap();
    let passwd = read_passwd(PASSWD.as_bytes()).unwrap();
    let plan = plan(&store.profiles, &passwd.entries, new_id);
    assert_eq!(plan.profiles.len(), 3);
    let [ann, other, bob] = &plan.profiles[..] else { panic!("{plan:?}") };

    let profile = made(ann);
    assert_eq!(profile.field(Field::Name), Some("Ann Lee"), "the profile's, not the passwd file's");
    assert_eq!(profile.field(Field::EmailNotifications), Some("daily"));
    assert_eq!(profile.field(Field::HomePage), None);
    assert_eq!(profile.password().map(|hash| hash.as_str()), Some("$1$abc$0123456789abcdefghijkl"));
    assert!(profile.is_address_verified());
    assert_eq!(profile.first_identity(), Some(&Identity::local("ann")));
    let login = profile.login.unwrap().value;
    assert_eq!((login.at_ms, login.peer.as_str()), (1_795_397_620_000, "127.0.0.1"));
    let names = [
        ClaimName::address("ann@example.org").unwrap(),
        ClaimName::login(&Identity::local("ann")).unwrap(),
    ];
    assert_eq!(ann.claims, names.into());

    assert_eq!(other.claims, [ClaimName::login(&google("117")).unwrap()].into());
    let why: Vec<_> = plan.skipped.iter().map(|skipped| skipped.why.as_str()).collect();
    assert_eq!(
        why,
        ["home_page: This field must hold a valid URL", "its address is another profile's"]
    );

    let profile = made(bob);
    assert_eq!((bob.id.clone(), profile.field(Field::Name)), (new_id(), Some("Bob")));
    assert!(profile.is_address_verified() && profile.password().unwrap().is_old());
}

#[test]
fn everything_planned_can_be_done() {
    let store = read_profiles(STORE.as_bytes()).unwrap();
    let plan = plan(&store.profiles, &[], new_id);
    for planned in &plan.profiles {
        assert_eq!(planned.edits.first(), Some(&Edit::Created));
        assert!(planned.edits.iter().all(|edit| edit.check().is_ok()));
        assert_eq!(made(planned).unread, 0);
    }
}

#[test]
fn a_retraction_takes_only_what_it_names() {
    let text = "assert(profile(a)).\n\
        assert(profile_attribute(a,name,\"A\")).\n\
        assert(profile_attribute(a,nick_name,\"N\")).\n\
        retract(profile_attribute(a,name,\"B\")).\n\
        retract(profile_attribute(a,nick_name,\"N\"),1).\n";
    let store = read_profiles(text.as_bytes()).unwrap();
    assert_eq!(store.skipped, []);
    let names: Vec<_> = store.profiles[0].attributes.keys().map(String::as_str).collect();
    assert_eq!(names, ["name"]);
    let all = format!("{text}retractall(profile_attribute(a,_,_),1).\n");
    let store = read_profiles(all.as_bytes()).unwrap();
    assert!(store.profiles[0].attributes.is_empty());
}
