//! Links, sessions and roles, over a data directory and a clock that the test sets.

use std::os::unix::fs::PermissionsExt;

use domain::words::Role;

use super::{AccountName, By, Operators, PasswordError, Refused, Secret};

const HOUR: u64 = 60 * 60 * 1_000;
const PASSWORD: &str = "correct horse";

struct Place {
    operators: Operators,
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { operators: Operators::open(dir.path()).unwrap(), dir }
    }

    /// With ann, an operator, who was logged in at 0.
    async fn with_ann() -> (Self, Secret) {
        let place = Self::new();
        let link = place.operators.first_link(0).await.unwrap().unwrap();
        let (session, ..) = place.operators.accept(&link, "Ann", PASSWORD.into(), 0).await.unwrap();
        (place, session)
    }

    fn again(self) -> Self {
        Self { operators: Operators::open(self.dir.path()).unwrap(), ..self }
    }
}

fn name(text: &str) -> AccountName {
    text.parse().unwrap()
}

#[tokio::test]
async fn the_first_link_works_once_and_within_a_day_and_only_without_accounts() {
    let Place { operators, dir } = Place::new();
    let first = operators.first_link(0).await.unwrap().unwrap();
    let second = operators.first_link(1).await.unwrap().unwrap();
    let use_it = async |link: &Secret, who: &str, now| {
        operators.accept(link, who, PASSWORD.into(), now).await.map(|(_, person, _)| person.name)
    };
    // A later start makes the link of an earlier one useless.
    assert!(matches!(use_it(&first, "ann", 2).await, Err(Refused::Link)));
    assert!(matches!(use_it(&second, "ann", 1 + 24 * HOUR).await, Err(Refused::Link)));
    assert!(matches!(use_it(&second, "a b", 2).await, Err(Refused::Name(_))));
    assert_eq!(use_it(&second, "Ann", 2).await.unwrap(), "ann");
    assert!(matches!(use_it(&second, "eve", 3).await, Err(Refused::Link)));
    assert!(operators.first_link(4).await.unwrap().is_none());
    let text = std::fs::read_to_string(dir.path().join("operators.json")).unwrap();
    assert!(!text.contains(PASSWORD) && !text.contains(&second.text()), "{text}");
}

#[tokio::test]
async fn a_link_that_is_used_twice_at_once_makes_one_account() {
    let place = Place::new();
    let link = place.operators.first_link(0).await.unwrap().unwrap();
    let one = place.operators.accept(&link, "ann", PASSWORD.into(), 1);
    let other = place.operators.accept(&link, "eve", PASSWORD.into(), 1);
    let (one, other) = tokio::join!(one, other);
    assert!(one.is_ok() != other.is_ok());
    assert_eq!(place.operators.people(1).len(), 1);
}

#[tokio::test]
async fn a_session_ends_after_12_idle_hours_and_after_7_days_whatever_happens() {
    let (place, session) = Place::with_ann().await;
    let good = |now| place.operators.session(&session, now).is_some();
    assert!(good(12 * HOUR - 1));
    assert!(good(23 * HOUR));
    assert!(!good(35 * HOUR));
    let (place, session) = Place::with_ann().await;
    for hour in (0..7 * 24).step_by(11) {
        assert!(place.operators.session(&session, hour * HOUR).is_some(), "hour {hour}");
    }
    assert!(place.operators.session(&session, 7 * 24 * HOUR).is_none());
}

#[tokio::test]
async fn sessions_and_accounts_survive_a_restart_and_files_are_private() {
    let (place, session) = Place::with_ann().await;
    let place = place.again();
    let who = place.operators.session(&session, 1).unwrap();
    assert_eq!((who.name.as_str(), who.role), ("ann", Role::Operator));
    for file in ["operators.json", "api-token"] {
        let path = place.dir.path().join(file);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Operators::open(place.dir.path()).is_err(), "{file} that others can read");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[tokio::test]
async fn a_login_makes_a_new_session_and_ends_the_one_before() {
    let (place, before) = Place::with_ann().await;
    let old = before.digest();
    let log_in = async |password: &str, before| {
        place.operators.log_in("ANN", password.into(), "a", before, 1).await.unwrap()
    };
    assert!(log_in("wrong horse!", Some(old)).await.is_none());
    assert!(place.operators.session(&before, 2).is_some());
    let (session, _) = log_in(PASSWORD, Some(old)).await.unwrap();
    assert!(place.operators.session(&before, 2).is_none());
    let who = place.operators.session(&session, 2).unwrap();
    let By::Session(id) = who.by else { panic!("{who:?}") };
    place.operators.log_out(id).await.unwrap();
    assert!(place.operators.session(&session, 2).is_none());
    assert!(!place.operators.is_good(&who, 2));
}

#[tokio::test]
async fn another_role_holds_at_once_and_a_removed_account_is_out() {
    let (place, session) = Place::with_ann().await;
    let ann = name("ann");
    assert_eq!(place.operators.set_role(&ann, Role::Viewer).await.unwrap(), Role::Operator);
    assert_eq!(place.operators.session(&session, 1).unwrap().role, Role::Viewer);
    let (link, _) = place.operators.link(Some(ann.clone()), Role::Viewer, 1).await.unwrap();
    place.operators.remove(&ann).await.unwrap();
    assert!(place.operators.session(&session, 2).is_none());
    assert!(place.operators.invitation(&link, 2).is_none());
    assert!(matches!(place.operators.remove(&ann).await, Err(Refused::NoAccount(_))));
}

#[tokio::test]
async fn a_link_for_an_account_sets_its_password_and_ends_its_sessions() {
    let (place, session) = Place::with_ann().await;
    let ann = Some(name("ann"));
    // The role that was asked for is for new accounts.
    let (link, made) = place.operators.link(ann, Role::Viewer, 1).await.unwrap();
    assert!(made.is_reset && made.role == Role::Operator);
    let other = "battery staple";
    let accept = place.operators.accept(&link, "eve", other.into(), 2).await.unwrap();
    assert_eq!(accept.1.name, "ann");
    assert!(place.operators.session(&session, 3).is_none());
    let log_in = async |password: &str| {
        place.operators.log_in("ann", password.into(), "a", None, 3).await.unwrap().is_some()
    };
    assert!(!log_in(PASSWORD).await);
    assert!(log_in(other).await);
}

#[tokio::test]
async fn bad_passwords_are_refused_and_the_link_stays_good() {
    let place = Place::new();
    let link = place.operators.first_link(0).await.unwrap().unwrap();
    let long = "x".repeat(2_000);
    for (password, why) in [
        ("ninechars", PasswordError::Short),
        ("", PasswordError::Short),
        (long.as_str(), PasswordError::Long),
        ("Longer.Name", PasswordError::Name),
    ] {
        let refused = place.operators.accept(&link, "longer.name", password.into(), 1).await;
        assert!(matches!(refused, Err(Refused::Password(found)) if found == why), "{password}");
    }
    assert!(place.operators.accept(&link, "ann", PASSWORD.into(), 1).await.is_ok());
}

#[tokio::test]
async fn the_token_reads_and_nothing_else_is_one() {
    let place = Place::new();
    let text = std::fs::read_to_string(place.dir.path().join("api-token")).unwrap();
    let token = Secret::parse(&text).unwrap();
    assert_eq!(place.operators.token(&token).unwrap().role, Role::Viewer);
    assert_eq!(place.operators.token(&Secret::new()), None);
    assert!(place.again().operators.token(&token).is_some());
}
