//! Bytes that somebody made up: never a panic, and never a second form of one event.

use ledger::{
    Chain, ChainError, Change, Claim, DecodeError, Edit, ForgedError, MAX_EVENT_BYTES, OpenError,
    Profile, ProfileEvent, Role, Slot,
    import::{read_passwd, read_profiles},
    normal,
};
use proptest::prelude::*;

use crate::table::{KEY, ann, created, google, name, nodes};

/// One event of every kind.
fn events() -> Vec<ProfileEvent> {
    let (mut alpha, mut bravo) = nodes();
    let mut chain = created(&mut alpha);
    let other = alpha.writes(&mut chain, &name("Ann"));
    for edit in [Edit::Linked(google("17")), Edit::Role(Role::Admin), Edit::Disabled, Edit::Enabled]
    {
        bravo.writes(&mut chain, &edit);
    }
    chain.append(bravo.settles([other], &name("Ann Lee"))).unwrap();
    bravo.writes(&mut chain, &Edit::Erased);
    chain.events().to_vec()
}

#[test]
fn an_event_reads_back_and_no_part_of_it_does() {
    for event in events() {
        let bytes = event.bytes();
        assert_eq!(ProfileEvent::read(&bytes).as_ref(), Ok(&event));
        for length in 0..bytes.len() {
            assert!(ProfileEvent::read(&bytes[..length]).is_err());
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(ProfileEvent::read(&longer), Err(DecodeError::Trailing));
    }
}

#[test]
fn any_bit_that_changes_is_found() {
    let events = events();
    let chain = Chain::of(events.clone()).unwrap();
    assert_eq!(chain.verify(), Ok(()));
    for (at, event) in events.iter().enumerate() {
        let bytes = event.bytes();
        for byte in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[byte] ^= 1;
            let Ok(read) = ProfileEvent::read(&changed) else { continue };
            assert_eq!(read.bytes(), changed, "one form");
            assert_ne!(read.id(), event.id());
            // Either it does not follow, or the origin's seal is broken, or the next does not.
            let mut all = events.clone();
            all[at] = read.clone();
            let found =
                Chain::of(all).map_err(|_| ()).and_then(|chain| chain.verify().map_err(|_| ()));
            assert!(found.is_err(), "event {at}, byte {byte}");
            // All but place and hash before it is sealed by the origin.
            let in_place = byte < 1 + 8 + 32;
            assert_eq!(read.operation().check_seal().is_ok(), in_place, "event {at}, byte {byte}");
        }
    }
}

#[test]
fn somebody_elses_word_is_not_the_origins() {
    let (mut alpha, bravo) = nodes();
    let mut about = alpha.about();
    about.origin = bravo.member();
    let forged = ledger::Operation::new(about, &Edit::Created, &KEY, &alpha).unwrap();
    assert_eq!(forged.check_seal(), Err(ForgedError(forged.id())));
    let chain = Chain::begin(forged.clone()).unwrap();
    assert_eq!(chain.verify(), Err(ForgedError(forged.id())));
    assert_eq!(
        ChainError::from(ForgedError(forged.id())),
        ChainError::Forged(ForgedError(forged.id()))
    );
}

#[test]
fn a_sealed_text_is_good_in_no_other_event() {
    let event = &events()[1];
    let at = event.bytes().len() - 96 - 8;
    // The field is the byte before the sealed text (80 bytes): of Name it becomes NickName.
    let mut bytes = event.bytes();
    bytes[at - 80 - 1] = 4;
    let moved = ProfileEvent::read(&bytes).unwrap();
    assert_eq!(moved.operation().slot(), Slot::Field(ledger::Field::NickName));
    assert_eq!(moved.operation().open(&KEY), Err(OpenError::Key));
    assert_eq!(event.operation().open(&KEY), Ok(name("Ann")));
}

#[test]
fn an_event_of_a_newer_program_is_kept_and_counted() {
    let (mut alpha, _) = nodes();
    let mut chain = created(&mut alpha);
    let disabled = ProfileEvent::after(chain.events().last(), alpha.does(&Edit::Disabled));
    let mut bytes = disabled.bytes();
    let kind = bytes.len() - 96 - 8 - 2 - 1;
    bytes[kind] = 99;
    let newer = ProfileEvent::read(&bytes).unwrap();
    assert_eq!(newer.operation().change(), &Change::Newer { kind: 99, body: Vec::new() });
    assert_eq!(newer.bytes(), bytes);
    chain.push(newer).unwrap();
    let profile = Profile::fold(&chain, Some(&KEY));
    assert_eq!((profile.newer, profile.unread, profile.may_log_in()), (1, 0, true));
    bytes[0] = 2;
    assert_eq!(ProfileEvent::read(&bytes), Err(DecodeError::Version(2)));
    let huge = vec![1; MAX_EVENT_BYTES + 1];
    assert_eq!(ProfileEvent::read(&huge), Err(DecodeError::TooLong(MAX_EVENT_BYTES)));
}

#[test]
fn names_of_profiles_in_events_are_checked() {
    let mut bytes = events()[0].bytes();
    let id = bytes.windows(36).position(|window| window == ann().as_str().as_bytes()).unwrap();
    bytes[id] = b'/';
    assert_eq!(ProfileEvent::read(&bytes), Err(DecodeError::Value("the id of a profile")));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for version in [None, Some(1)] {
            let mut bytes = bytes.clone();
            if let (Some(version), Some(first)) = (version, bytes.first_mut()) {
                *first = version;
            }
            if let Ok(event) = ProfileEvent::read(&bytes) {
                prop_assert_eq!(event.bytes(), bytes.clone());
            }
            if let Ok(claim) = Claim::read(&bytes) {
                prop_assert_eq!(claim.bytes(), bytes.clone());
            }
            let _ = read_passwd(&bytes);
            let _ = read_profiles(&bytes);
        }
    }

    #[test]
    fn an_event_with_bytes_changed_never_panics(
        which in 0..8_usize,
        changes in prop::collection::vec((0..400_usize, any::<u8>()), 1..8),
    ) {
        let mut bytes = events()[which].bytes();
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        if let Ok(event) = ProfileEvent::read(&bytes) {
            prop_assert_eq!(event.bytes(), bytes);
            let _ = event.operation().open(&KEY);
            let _ = event.operation().check_seal();
        }
    }

    #[test]
    fn arbitrary_text_never_panics(
        text in "\\PC{0,40}(:\\PC{0,20}){0,5}\n(assert|retract|retractall)\\(profile_attribute\\('?\\PC{0,9}'?,[a-z]{0,9},\\PC{0,20}\\)\\)\\.",
    ) {
        let _ = read_passwd(text.as_bytes());
        let _ = read_profiles(text.as_bytes());
        for line in text.lines() {
            if let Ok(normal) = normal::login(line) {
                prop_assert_eq!(normal::login(&normal), Ok(normal.clone()));
            }
            if let Ok(normal) = normal::address(line) {
                prop_assert_eq!(normal::address(&normal), Ok(normal.clone()));
            }
        }
    }
}
