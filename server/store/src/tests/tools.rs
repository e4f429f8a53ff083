//! The claim that excludes a second node, and the journal before SWISH starts.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use super::*;
use crate::{Claim, ClaimError, PrepareError, Prepared, TailReport, prepare};

const CLAIM_DIR: &str = "STORE_TEST_CLAIM_DIR";

/// Run by the next test in a process of its own.
#[test]
fn holds_a_claim_when_told_to() {
    let Ok(dir) = std::env::var(CLAIM_DIR) else {
        return;
    };
    let _claim = Claim::take(Path::new(&dir)).unwrap();
    println!("\nheld");
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn holder(dir: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::tools::holds_a_claim_when_told_to", "--nocapture"])
        .env(CLAIM_DIR, dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map(Result::unwrap).any(|line| line == "held"));
    child
}

#[test]
fn a_second_node_is_told_who_has_the_store_until_that_one_is_killed() {
    let (dir, path) = fixture();
    drop(Claim::take(&path).unwrap());
    let mut first = holder(&path);
    let error =
        Store::open_claimed(&path, &path.with_extension("index"), &mut |_| {}).err().unwrap();
    assert!(error.to_string().contains(&format!("process {}", first.id())), "{error}");
    assert!(matches!(Claim::take(&path), Err(ClaimError::Held { .. })));
    // Reading tools need no claim.
    crate::fsck(&path, &quietly).unwrap();
    first.kill().unwrap();
    first.wait().unwrap();
    let opened = Store::open_claimed(&path, &path.with_extension("index"), &mut |_| {}).unwrap();
    assert!(matches!(Claim::take(&path), Err(ClaimError::Held { .. })));
    drop(opened);
    Claim::take(&path).unwrap();
    drop(dir);
}

#[test]
fn a_missing_journal_is_built_and_a_torn_one_completed_or_cut() {
    let (_dir, path) = copy("store-packed");
    let journal = path.join("ref/head");
    let whole = fs::read(&journal).unwrap();
    let heads = Store::open(&path).unwrap().heads;
    assert_eq!(prepare(&path, &quietly).unwrap(), Prepared::Kept(TailReport::Whole));
    assert_eq!(fs::read(&journal).unwrap(), whole);

    fs::write(&journal, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(prepare(&path, &quietly).unwrap(), Prepared::Kept(TailReport::Completed));
    assert_eq!(fs::read(&journal).unwrap(), whole);

    fs::write(&journal, [&whole[..], b"head('a"].concat()).unwrap();
    let cut = Prepared::Kept(TailReport::Cut { bytes: 7 });
    assert_eq!(prepare(&path, &quietly).unwrap(), cut);
    assert_eq!(fs::read(&journal).unwrap(), whole);

    for lost in [true, false] {
        if lost {
            fs::remove_dir_all(path.join("ref")).unwrap();
        } else {
            fs::write(&journal, "").unwrap();
        }
        assert_eq!(prepare(&path, &quietly).unwrap(), Prepared::Built { files: 62 });
        assert_eq!(crate::fsck(&path, &quietly).unwrap().findings, []);
        let opened = Store::open(&path).unwrap();
        assert_eq!((opened.heads, opened.report.journal_rebuilt), (heads.clone(), false));
    }
}

#[test]
fn a_journal_with_a_damaged_line_is_left_to_a_person() {
    let (_dir, path) = fixture();
    let journal = path.join("ref/head");
    let whole = fs::read_to_string(&journal).unwrap();
    for (damaged, expected) in [
        (whole.replacen("\nhead(", "\nheap(", 2), 3),
        (whole.replacen("epoch", "epoxy", 1), 1),
        (whole.replacen("\n\n", "\n\nepoch(3).\n", 1), 3),
    ] {
        fs::write(&journal, &damaged).unwrap();
        let refused = prepare(&path, &quietly).unwrap_err();
        assert!(
            matches!(refused, PrepareError::Line { line, .. } if line == expected),
            "{refused}"
        );
        assert_eq!(fs::read_to_string(&journal).unwrap(), damaged);
    }
}

#[test]
fn a_journal_in_use_is_not_prepared() {
    let (_dir, path) = fixture();
    let opened = Store::open(&path).unwrap();
    let refused = prepare(&path, &quietly).unwrap_err();
    assert!(refused.to_string().contains(&std::process::id().to_string()), "{refused}");
    drop(opened);
    let _holder = Claim::take(&path).unwrap();
    assert!(matches!(prepare(&path, &quietly), Err(PrepareError::Claim(_))));
}
