//! Two sides of one profile: a table of the rules of protocol 8.

use ledger::{
    Chain, Closed, Edit, Field, LastLogin, Profile, Role, Slot, Standing, Verdict, compare,
    standing,
};

use crate::table::{KEY, Node, created, email, google, name, nick, nodes, rebase};

/// What became of each operation of `branch`, without which one it conflicts with.
fn verdicts(decided: &Chain, branch: &Chain) -> Vec<Verdict> {
    let comparison = compare(decided, branch, Some(&KEY)).unwrap();
    comparison.operations.into_iter().map(|(_, verdict)| verdict).collect()
}

fn stands(decided: &Chain, branch: &Chain) -> Standing {
    standing(decided, std::slice::from_ref(branch), Some(&KEY)).unwrap()
}

/// Both sides go on from one event: the first is decided, the second is a branch.
fn part(ours: &[Edit], theirs: &[Edit]) -> (Node, Node, Chain, Chain) {
    let (mut alpha, mut bravo) = nodes();
    let mut decided = created(&mut alpha);
    alpha.writes(&mut decided, &name("Ann"));
    alpha.writes(&mut decided, &Edit::Role(Role::Viewer));
    alpha.writes(&mut decided, &Edit::Linked(google("0")));
    let mut branch = decided.clone();
    for edit in ours {
        alpha.writes(&mut decided, edit);
    }
    for edit in theirs {
        bravo.writes(&mut branch, edit);
    }
    (alpha, bravo, decided, branch)
}

#[test]
fn different_fields_merge_and_land_once() {
    let (_, _, mut decided, branch) = part(&[name("Ann Lee")], &[nick("ann"), nick("annie")]);
    assert_eq!(verdicts(&decided, &branch), [Verdict::Rebase, Verdict::Rebase]);
    assert_eq!(stands(&decided, &branch).waiting.len(), 2);
    rebase(&mut decided, &branch);
    assert_eq!(verdicts(&decided, &branch), [Verdict::Closed(Closed::Landed); 2]);
    let length = decided.events().len();
    rebase(&mut decided, &branch);
    assert_eq!(decided.events().len(), length, "once, however often");
    let profile = Profile::fold(&decided, Some(&KEY));
    assert_eq!(profile.field(Field::Name), Some("Ann Lee"));
    assert_eq!(profile.field(Field::NickName), Some("annie"));
    assert_eq!(decided.verify(), Ok(()), "a rebased operation is still its origin's");
    assert!(stands(&decided, &branch).is_settled());
}

#[test]
fn a_crash_half_way_of_rebasing_goes_on_where_it_was() {
    let (mut alpha, _, mut decided, branch) = part(&[], &[name("A"), name("B")]);
    // The first step of rebasing, behind an event of ours.
    alpha.writes(&mut decided, &nick("ann"));
    let first = compare(&decided, &branch, Some(&KEY)).unwrap().to_rebase().next().cloned();
    decided.append(first.unwrap()).unwrap();
    assert_eq!(
        verdicts(&decided, &branch),
        [Verdict::Closed(Closed::Landed), Verdict::Rebase],
        "our own operation does not conflict with itself"
    );
    alpha.writes(&mut decided, &name("C"));
    let last = decided.events().last().unwrap().operation().id();
    assert_eq!(
        verdicts(&decided, &branch),
        [Verdict::Closed(Closed::Landed), Verdict::Conflict(last)],
        "somebody changed it in between"
    );
}

#[test]
fn the_same_field_conflicts_and_the_rest_of_the_branch_does_not_wait() {
    let (_, _, mut decided, branch) = part(&[name("A")], &[name("B"), nick("b"), name("C")]);
    let ours = decided.events().last().unwrap().operation().id();
    let conflict = Verdict::Conflict(ours);
    assert_eq!(verdicts(&decided, &branch), [conflict, Verdict::Rebase, conflict]);
    rebase(&mut decided, &branch);
    let standing = stands(&decided, &branch);
    assert!(standing.waiting.is_empty());
    let conflict = &standing.conflicts[&Slot::Field(Field::Name)];
    let theirs = branch.events().last().unwrap().operation().id();
    let said: Vec<_> = [ours, theirs].iter().map(|id| conflict.sides[id].edit.clone()).collect();
    assert_eq!(said, [Some(name("A")), Some(name("C"))], "the last of each side");
    assert_eq!((conflict.sides.len(), conflict.decided), (2, ours));
    assert_eq!(standing.profile.field(Field::Name), Some("A"), "the decided one counts");
    assert_eq!(standing.profile.field(Field::NickName), Some("b"));
}

#[test]
fn a_conflict_is_settled_by_an_event_that_names_both() {
    let (mut alpha, mut bravo, mut decided, mut branch) = part(&[name("A")], &[name("B")]);
    let conflicts = stands(&decided, &branch).conflicts;
    let conflict = &conflicts[&Slot::Field(Field::Name)];
    // One that names both but is about something else settles nothing.
    let elsewhere = alpha.settles(conflict.names(), &nick("x"));
    decided.append(elsewhere).unwrap();
    assert_eq!(stands(&decided, &branch).conflicts.len(), 1);
    let third = alpha.settles(conflict.names(), &name("A. B."));
    decided.append(third.clone()).unwrap();
    assert_eq!(verdicts(&decided, &branch), [Verdict::Closed(Closed::Settled)]);
    assert!(stands(&decided, &branch).is_settled());
    let profile = Profile::fold(&decided, Some(&KEY));
    assert_eq!(profile.field(Field::Name), Some("A. B."));
    // What that side says afterwards without knowing conflicts anew, with what was settled.
    let late = bravo.writes(&mut branch, &name("C"));
    let standing = stands(&decided, &branch);
    let conflict = &standing.conflicts[&Slot::Field(Field::Name)];
    assert_eq!(conflict.names(), [third.id(), late].into());
}

#[test]
fn a_settlement_that_is_on_a_branch_lands() {
    let (_, mut bravo, mut decided, mut branch) = part(&[name("A")], &[name("B")]);
    let names = stands(&decided, &branch).conflicts[&Slot::Field(Field::Name)].names();
    branch.append(bravo.settles(names, &name("C"))).unwrap();
    rebase(&mut decided, &branch);
    assert_eq!(Profile::fold(&decided, Some(&KEY)).field(Field::Name), Some("C"));
    assert!(stands(&decided, &branch).is_settled());
}

#[test]
fn the_same_said_twice_is_no_conflict() {
    let linked = Edit::Linked(google("17"));
    let ours = [name("A"), linked.clone(), Edit::Disabled];
    let (_, _, decided, branch) = part(&ours, &[Edit::Disabled, linked, name("A")]);
    assert_eq!(verdicts(&decided, &branch), [Verdict::Closed(Closed::Same); 3]);
}

#[test]
fn erased_wins_over_everything() {
    let (_, _, mut decided, branch) = part(&[name("A")], &[name("B"), Edit::Erased]);
    assert_eq!(verdicts(&decided, &branch), [Verdict::Closed(Closed::Erased), Verdict::Rebase]);
    let standing = stands(&decided, &branch);
    assert!(standing.profile.erased.is_some(), "as soon as anybody knows");
    assert!(standing.conflicts.is_empty() && !standing.profile.may_log_in());
    rebase(&mut decided, &branch);
    assert!(decided.is_erased());

    let (_, _, decided, branch) = part(&[Edit::Erased], &[name("B"), Edit::Role(Role::Admin)]);
    assert_eq!(verdicts(&decided, &branch), [Verdict::Closed(Closed::Erased); 2]);
    let (_, _, decided, branch) = part(&[Edit::Erased], &[Edit::Erased]);
    assert_eq!(verdicts(&decided, &branch), [Verdict::Closed(Closed::Erased)]);
}

#[test]
fn until_it_is_settled_the_stricter_side_counts() {
    let roles = |ours, theirs| {
        let (_, _, decided, branch) = part(&[Edit::Role(ours)], &[Edit::Role(theirs)]);
        let standing = stands(&decided, &branch);
        (standing.profile.role(), standing.conflicts.len())
    };
    assert_eq!(roles(Role::Admin, Role::User), (Role::User, 1));
    assert_eq!(roles(Role::User, Role::Admin), (Role::User, 1));
    let (_, _, decided, branch) =
        part(&[Edit::Disabled, Edit::Enabled], &[Edit::Enabled, Edit::Disabled]);
    let standing = stands(&decided, &branch);
    assert_eq!((standing.profile.is_disabled(), standing.conflicts.len()), (true, 1));
    let (_, _, decided, branch) = part(
        &[Edit::Unlinked(google("0")), Edit::Linked(google("0"))],
        &[Edit::Unlinked(google("0"))],
    );
    let standing = stands(&decided, &branch);
    assert_eq!((standing.profile.identities.len(), standing.conflicts.len()), (0, 1));
}

#[test]
fn what_only_waits_gives_nobody_more_and_may_take_away_at_once() {
    let (_, _, decided, branch) = part(&[], &[Edit::Role(Role::Admin)]);
    assert_eq!(stands(&decided, &branch).profile.role(), Role::Viewer);
    let (_, _, decided, branch) = part(&[], &[Edit::Disabled]);
    assert!(!stands(&decided, &branch).profile.may_log_in());
    let (_, _, decided, branch) = part(&[], &[Edit::Disabled, Edit::Enabled]);
    assert!(stands(&decided, &branch).profile.may_log_in(), "the last one of a side");
}

#[test]
fn two_nodes_that_created_one_profile_have_one() {
    let (mut alpha, mut bravo) = nodes();
    let mut decided = created(&mut alpha);
    let mut branch = created(&mut bravo);
    bravo.writes(&mut branch, &email("ann@example.org"));
    assert_eq!(verdicts(&decided, &branch), [Verdict::Closed(Closed::Same), Verdict::Rebase]);
    rebase(&mut decided, &branch);
    assert_eq!(Profile::fold(&decided, Some(&KEY)).field(Field::Email), Some("ann@example.org"));
}

#[test]
fn logins_on_two_sides_never_conflict() {
    let login = |at_ms| Edit::LoggedIn(LastLogin { at_ms, peer: String::new() });
    let (_, _, mut decided, branch) = part(&[login(9)], &[login(4)]);
    rebase(&mut decided, &branch);
    assert_eq!(Profile::fold(&decided, Some(&KEY)).login.unwrap().value.at_ms, 9);
    assert!(stands(&decided, &branch).is_settled());
}

#[test]
fn three_sides_are_one_conflict_in_whatever_order() {
    let (_, mut bravo, decided, branch) = part(&[name("A")], &[name("B")]);
    let mut other = decided.clone();
    let common = branch.events().len() - 1;
    other = Chain::of(other.events()[..common].iter().cloned()).unwrap();
    bravo.writes(&mut other, &name("C"));
    let there = standing(&decided, &[branch.clone(), other.clone()], Some(&KEY)).unwrap();
    let back = standing(&decided, &[other, branch], Some(&KEY)).unwrap();
    assert_eq!(there, back);
    assert_eq!(there.conflicts[&Slot::Field(Field::Name)].sides.len(), 3);
}

#[test]
fn chains_of_two_profiles_are_not_compared() {
    let (mut alpha, bravo) = nodes();
    let decided = created(&mut alpha);
    let about = ledger::Circumstances { profile: "bob".parse().unwrap(), ..alpha.about() };
    let other = ledger::Operation::new(about, &Edit::Created, &KEY, &bravo).unwrap();
    assert!(compare(&decided, &Chain::begin(other).unwrap(), None).is_err());
}
