//! Claims: keyed names, and which value may follow which.

use ledger::{
    Claim, ClaimError, ClaimKind, ClaimName, ClaimRefusal, ClusterKey, DecodeError, ForgedClaim,
    Identity, ProfileId, Serial, Wish,
};

use crate::table::{Node, ann, google, nodes};

const CLUSTER: ClusterKey = ClusterKey::from_bytes([9; 32]);

fn bob() -> ProfileId {
    "bob".parse().unwrap()
}

fn after(node: &Node, before: Option<&Claim>, wish: &Wish) -> Result<Claim, ClaimRefusal> {
    let key = ClaimName::address("ann@example.org").unwrap().key(&CLUSTER);
    Claim::after(before, wish, (key, node.member(), 5), node)
}

#[test]
fn equal_names_have_one_key_and_nothing_else_has_it() {
    let address = |text| ClaimName::address(text).unwrap().key(&CLUSTER);
    let login = |identity: &Identity| ClaimName::login(identity).unwrap().key(&CLUSTER);
    assert_eq!(address("Ann@Example.ORG"), address(" ann@example.org"));
    assert_eq!(login(&Identity::local("Ann")), login(&Identity::local("ann")));
    assert_ne!(login(&google("Ab")), login(&google("aB")), "ids are not names");
    let local = login(&Identity::local("ann@example.org"));
    let keys = [address("ann@example.org"), local, login(&google("ann@example.org"))];
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
    assert_eq!([keys[0].kind(), keys[1].kind()], [ClaimKind::Email, ClaimKind::Login]);
    let other = ClusterKey::from_bytes([8; 32]);
    assert_ne!(ClaimName::address("ann@example.org").unwrap().key(&other), keys[0]);
    for key in keys {
        assert_eq!(key.to_string().parse(), Ok(key));
        assert!(!key.to_string().contains("ann"));
    }
}

#[test]
fn a_name_goes_from_nobody_to_somebody_and_back() {
    let (alpha, _) = nodes();
    let (take, release) = (Wish::Take(ann()), Wish::Release(ann()));
    let taken = after(&alpha, None, &take).unwrap();
    assert_eq!((taken.holder(), taken.serial()), (Some(&ann()), Serial(1)));
    assert_eq!(taken.check_after(None), Ok(()));
    let released = after(&alpha, Some(&taken), &release).unwrap();
    assert_eq!((released.holder(), released.serial()), (None, Serial(2)));
    assert_eq!(released.check_after(Some(&taken)), Ok(()));
    let again = after(&alpha, Some(&released), &Wish::Take(bob())).unwrap();
    assert_eq!(again.check_after(Some(&released)), Ok(()));
    assert_eq!((again.check_seal(), again.holder()), (Ok(()), Some(&bob())));
}

#[test]
fn every_other_wish_is_refused_with_its_reason() {
    let (alpha, _) = nodes();
    let taken = after(&alpha, None, &Wish::Take(ann())).unwrap();
    let released = after(&alpha, Some(&taken), &Wish::Release(ann())).unwrap();
    let table = [
        (Some(&taken), Wish::Take(ann()), ClaimRefusal::Already),
        (Some(&taken), Wish::Take(bob()), ClaimRefusal::Taken(ann())),
        (Some(&taken), Wish::Release(bob()), ClaimRefusal::Taken(ann())),
        (Some(&released), Wish::Release(ann()), ClaimRefusal::Already),
        (None, Wish::Release(ann()), ClaimRefusal::Free),
    ];
    for (before, wish, refusal) in table {
        assert_eq!(after(&alpha, before, &wish), Err(refusal), "{wish:?}");
    }
}

#[test]
fn a_claim_that_does_not_follow_is_not_taken_in() {
    let (alpha, bravo) = nodes();
    let first = after(&alpha, None, &Wish::Take(ann())).unwrap();
    let rival = after(&bravo, None, &Wish::Take(bob())).unwrap();
    let released = after(&alpha, Some(&first), &Wish::Release(ann())).unwrap();
    assert_eq!(rival.check_after(Some(&first)), Err(ClaimError::Broken), "the loser of a race");
    assert_eq!(released.check_after(Some(&rival)), Err(ClaimError::Broken));
    assert_eq!(released.check_after(None), Err(ClaimError::Broken));
    let key = ClaimName::address("bob@example.org").unwrap().key(&CLUSTER);
    let parts = (key, alpha.member(), 5);
    let elsewhere = Claim::after(None, &Wish::Take(ann()), parts, &alpha).unwrap();
    assert_eq!(released.check_after(Some(&elsewhere)), Err(ClaimError::OtherKey));
    // From one profile to another: a value that no honest node makes, with the right predecessor.
    let mut bytes = released.bytes();
    let holder = 1 + 1 + 32 + 8 + 32;
    bytes.splice(holder..=holder, [1, 0, 3].into_iter().chain(*b"bob"));
    let stolen = Claim::read(&bytes).unwrap();
    assert_eq!((stolen.holder(), stolen.previous()), (Some(&bob()), Some(first.id())));
    assert_eq!(stolen.check_after(Some(&first)), Err(ClaimError::Transition));
    assert_eq!(stolen.check_seal(), Err(ForgedClaim));
}

#[test]
fn a_claim_reads_back_and_says_no_name() {
    let (alpha, _) = nodes();
    let claim = after(&alpha, None, &Wish::Take(ann())).unwrap();
    let bytes = claim.bytes();
    assert_eq!(Claim::read(&bytes).as_ref(), Ok(&claim));
    assert!(!String::from_utf8_lossy(&bytes).contains("example"));
    for length in 0..bytes.len() {
        assert!(Claim::read(&bytes[..length]).is_err());
    }
    assert_eq!(Claim::read(&[bytes.as_slice(), &[0]].concat()), Err(DecodeError::Trailing));
    assert_eq!(claim.id().object_id().as_bytes()[..], claim.id().as_bytes()[..20]);
}
