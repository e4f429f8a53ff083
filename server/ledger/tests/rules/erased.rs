//! An erased profile: its chain verifies, and nothing of it can be read.

use ledger::{Chain, Edit, Field, LastLogin, Profile, ProfileEvent, Role};

use crate::table::{KEY, created, email, google, name, nodes};

/// Every text of the story; none may be in what is stored.
const TEXTS: [&str; 6] = [
    "Ann Lee",
    "ann.lee@example.org",
    "https://example.org/ann",
    "117-google",
    "192.0.2.17",
    "JBSWY",
];

fn story() -> Chain {
    let (mut alpha, mut bravo) = nodes();
    let mut chain = created(&mut alpha);
    let [full, address, page, id, peer, secret] = TEXTS.map(str::to_owned);
    let edits = [
        name(&full),
        email(&address),
        Edit::Field(Field::HomePage, Some(page)),
        Edit::Linked(google(&id)),
        Edit::Unlinked(google(&id)),
        Edit::Verified(address.clone()),
        Edit::Password(Some("$1$salt$abcdef".parse().unwrap())),
        Edit::SecondFactor(Some(secret)),
        Edit::LoggedIn(LastLogin { at_ms: 7, peer }),
        Edit::Role(Role::Operator),
        Edit::Erased,
    ];
    for edit in &edits {
        bravo.writes(&mut chain, edit);
    }
    chain
}

fn stored(chain: &Chain) -> Vec<Vec<u8>> {
    chain.events().iter().map(ProfileEvent::bytes).collect()
}

#[test]
fn no_text_of_it_is_in_what_is_stored() {
    for bytes in stored(&story()) {
        for text in TEXTS.into_iter().chain(["$1$salt$abcdef", "google", "example", "Lee"]) {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{text}");
        }
    }
}

#[test]
fn the_chain_verifies_from_its_bytes_without_the_key() {
    let events = stored(&story()).into_iter().map(|bytes| ProfileEvent::read(&bytes).unwrap());
    let chain = Chain::of(events).unwrap();
    assert_eq!(chain.verify(), Ok(()));
    assert_eq!(chain.head(), story().head());
    let profile = Profile::fold(&chain, None);
    assert!(profile.erased.is_some() && !profile.may_log_in());
    assert_eq!((profile.role(), profile.unread), (Role::User, 0));
}

#[test]
fn even_with_the_key_nothing_is_shown_after_the_erasing() {
    let profile = Profile::fold(&story(), Some(&KEY));
    assert_eq!((profile.fields.len(), profile.identities.len()), (0, 0));
    assert!(profile.password().is_none() && profile.second_factor().is_none());
    assert!(profile.verified.is_none() && profile.login.is_none());
}

#[test]
fn the_length_of_a_text_is_not_told() {
    let (mut alpha, _) = nodes();
    let mut chain = created(&mut alpha);
    for text in ["A", "Somebody With A Rather Long Name Of Sixty Letters"] {
        alpha.writes(&mut chain, &name(text));
    }
    alpha.writes(&mut chain, &Edit::Field(Field::Name, None));
    let lengths: Vec<_> = stored(&chain).iter().skip(1).map(Vec::len).collect();
    assert_eq!(lengths, [lengths[0]; 3], "nor whether a field was cleared");
}
