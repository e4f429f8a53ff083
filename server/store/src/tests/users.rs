//! Two users who share a store through a group.

use std::os::unix::fs::{PermissionsExt, chown};

use super::*;

const ACT: &str = "STORE_TEST_ACT";
const GROUP: u32 = 40_100;

/// Run by the next test as another user: reads what is there, and saves a file.
#[test]
fn saves_a_file_when_told_to() {
    let Ok(act) = std::env::var(ACT) else {
        return;
    };
    let (name, dir) = act.split_once('=').unwrap();
    let Opened { store, heads, .. } = Store::open(Path::new(dir)).unwrap();
    for head in heads.values() {
        let commit = Commit::parse(&store.read(head).unwrap().content).unwrap();
        store.read(&commit.data()).unwrap();
    }
    let objects = version(name, &format!("{name}\n"), 1.0);
    store.write_objects(&objects, Rewrite::No).unwrap();
    store.lead(&[(name.into(), objects[1].0)]).unwrap();
    crate::repack(Path::new(dir), crate::Loose::Keep, &quietly).unwrap();
    println!("\nsaw {}", heads.len());
}

fn as_user(user: u32, program: &Path, name: &str, store: &Path) -> String {
    let output = Command::new("setpriv")
        .args([format!("--reuid={user}"), format!("--regid={user}"), format!("--groups={GROUP}")])
        .args(["sh", "-c", "umask 077; exec \"$0\" \"$@\""])
        .arg(program)
        .args(["--exact", "tests::users::saves_a_file_when_told_to", "--nocapture"])
        .env(ACT, format!("{name}={}", store.display()))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn two_users_of_one_group_append_and_read_what_the_other_wrote() {
    if !nix::unistd::geteuid().is_root() {
        println!("not run: only root can act as two users");
        return;
    }
    if Command::new("setpriv").arg("--version").output().is_err() {
        println!("not run: setpriv missing");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(dir.path(), 0o755);
    let program = dir.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    mode(&program, 0o755);
    let store = dir.path().join("store");
    fs::create_dir(&store).unwrap();
    chown(&store, Some(40_001), Some(GROUP)).unwrap();
    mode(&store, 0o2770);
    for (seen, user) in [40_001, 40_002, 40_001, 40_002].into_iter().enumerate() {
        let said = as_user(user, &program, &format!("{seen}.pl"), &store);
        assert!(said.contains(&format!("saw {seen}\n")), "{said}");
    }
    assert_eq!(lines(&store).len(), 4);
    assert_eq!(crate::fsck(&store, &quietly).unwrap().findings, []);
}
