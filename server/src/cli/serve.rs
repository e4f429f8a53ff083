//! `serve`: runs a node until it is told to stop.

use std::io::{self, IsTerminal};

use clap::Args;

use super::{Exit, out};
use crate::{
    app, app::Addresses, config::Said, error::StartError, node::OpenError, shutdown,
    shutdown::Stop, telemetry,
};

/// Arguments of `serve`.
#[derive(Args, Debug)]
pub(super) struct Serve {
    #[command(flatten)]
    said: Said,
    /// Stop when standard input closes, so that a node does not outlive whoever started it.
    #[arg(long, hide = true)]
    stdin_is_life: bool,
}

impl Serve {
    pub(super) async fn run(self) -> Exit {
        telemetry::log_to_stderr();
        let stop = Stop::new();
        tokio::spawn(stop_when_interrupted(stop.clone()));
        if self.stdin_is_life {
            stop_when_alone(stop.clone());
        }
        let config = match self.said.decide() {
            Ok(config) => config,
            Err(error) => return out::complain(&out::chain(&error), Exit::Usage),
        };
        match app::run(config, stop, say).await {
            Ok(()) => Exit::Done,
            Err(error) => out::complain(&out::chain(&error), exit(&error)),
        }
    }
}

/// The line for programs, and for a person at a terminal what to do first.
fn say(addresses: &Addresses) {
    out::json(addresses);
    if let Some(link) = &addresses.first_login
        && io::stderr().is_terminal()
    {
        out::note(&format!("Nobody has an account yet. Open this within 24 hours: {link}"));
    }
}

fn exit(error: &StartError) -> Exit {
    match error {
        StartError::Config(_) | StartError::Key(_) | StartError::Operators(_) => Exit::Usage,
        StartError::Locked { .. } | StartError::Bind(_) => Exit::Refused,
        StartError::Open(OpenError::Store { source: store::OpenError::Claim(_), .. }) => {
            Exit::Refused
        }
        StartError::Data { .. }
        | StartError::Open(_)
        | StartError::Chats(_)
        | StartError::Site(_)
        | StartError::Link(_)
        | StartError::System { .. }
        | StartError::Ended
        | StartError::Metrics(_) => Exit::Wrong,
    }
}

async fn stop_when_interrupted(stop: Stop) {
    match shutdown::interrupted().await {
        Ok(()) => stop.stop(),
        Err(error) => tracing::error!(%error, "signals cannot be heard: {error}"),
    }
}

/// Reads until the end; what comes is of no interest. A thread, because the read cannot be
/// cancelled and must not hold up the end of the program.
fn stop_when_alone(stop: Stop) {
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        stop.stop();
    });
}
