//! Standard output for results, standard error for complaints.

use std::{
    error::Error,
    io::{self, Write},
};

use serde::Serialize;

use super::Exit;

/// Prints one line. A reader that went away (`| head`) is no error of ours.
pub(super) fn line(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints bytes as they are.
pub(super) fn bytes(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}

/// Prints a value as one line of JSON.
pub(super) fn json<T: Serialize>(value: &T) {
    match serde_json::to_string(value) {
        Ok(text) => line(&text),
        Err(error) => {
            let _ = complain(&error.to_string(), Exit::Wrong);
        }
    }
}

/// Says what went wrong, and how the command ends.
pub(super) fn complain(text: &str, exit: Exit) -> Exit {
    let _ = writeln!(io::stderr().lock(), "swish-cluster: {text}");
    exit
}

/// Says something beside the results.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// An error with its causes, in one line; a cause that its parent repeats is left out.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
        cause = error.source();
    }
    text
}
