//! The lock against a process that locks as SWISH does: with POSIX record locks.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::*;
use crate::JournalError;

/// Locks and appends on command, each answered by a line.
const SCRIPT: &str = r"
import fcntl, sys
journal = open(sys.argv[1], 'a')
for command in sys.stdin:
    word, _, rest = command.rstrip('\n').partition(' ')
    try:
        if word == 'lock':
            fcntl.lockf(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        elif word == 'unlock':
            fcntl.lockf(journal, fcntl.LOCK_UN)
        elif word == 'save':
            fcntl.lockf(journal, fcntl.LOCK_EX)
            journal.write(rest + '\n')
            journal.flush()
            fcntl.lockf(journal, fcntl.LOCK_UN)
        print('done', flush=True)
    except OSError:
        print('busy', flush=True)
";

/// The other process.
struct Other {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Other {
    fn start(store: &Path) -> Self {
        let mut child = Command::new("python3")
            .args(["-c", SCRIPT])
            .arg(store.join("ref/head"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, commands, answers }
    }

    fn tell(&mut self, command: &str) -> String {
        self.order(command);
        self.answer()
    }

    fn order(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn swish_is_excluded_while_we_hold_the_lock() {
    let (dir, Opened { store, .. }) = empty();
    let other = std::cell::RefCell::new(Other::start(dir.path()));
    let inside = store.journal().exclusively(|_| Ok(other.borrow_mut().tell("lock"))).unwrap();
    assert_eq!(inside, "busy");
    assert_eq!(other.borrow_mut().tell("lock"), "done");
}

#[test]
fn we_are_excluded_while_swish_holds_the_lock() {
    let (dir, Opened { store, .. }) = empty();
    let mut other = Other::start(dir.path());
    assert_eq!(other.tell("lock"), "done");
    assert!(matches!(store.lead(&served("a.pl", 1)), Err(JournalError::Locked)));
    assert_eq!(lines(dir.path()), text(&[]));
    assert_eq!(other.tell("unlock"), "done");
    assert_eq!(store.lead(&served("a.pl", 1)).unwrap().appended, 1);
}

#[test]
fn no_line_is_lost_while_both_append() {
    let (dir, Opened { store, .. }) = empty();
    let mut other = Other::start(dir.path());
    let mut foreign = Vec::new();
    for round in 0..200_u8 {
        other.order(&format!("save {}", moved("theirs.pl", None, round)));
        foreign.extend(store.lead(&served("ours.pl", round)).unwrap().foreign);
        assert_eq!(other.answer(), "done");
    }
    foreign.extend(store.read_journal().unwrap());
    let theirs: Vec<_> = (0..200).map(|round| moved("theirs.pl", None, round)).collect();
    assert_eq!(foreign, theirs);
    assert_eq!(lines(dir.path()).len(), 400);
    assert_eq!(Store::open(dir.path()).unwrap().heads[&"ours.pl".into()], id(199));
}
