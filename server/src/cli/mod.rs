//! The commands, one file each; they speak the words and types of `/api/v1`.

mod activity;
mod chat;
mod client;
mod demo;
mod divergences;
mod exit;
mod file;
mod init;
mod join;
mod nodes;
mod operator;
mod out;
mod serve;
mod settle;
mod status;
mod store;
mod sync;
mod visitors;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use exit::Exit;

/// Keeps the files of several SWISH servers the same.
#[derive(Debug, Parser)]
#[command(name = "swish-cluster", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a node, beside a SWISH server or alone.
    Serve(serve::Serve),
    /// Run a cluster of three nodes on this machine, to look at.
    Demo(demo::Demo),
    /// Found a cluster of this node and others; this node's files become its first ones.
    Init(init::Init),
    /// Ask a cluster to take this node in; an operator approves it there.
    Join(join::Join),
    /// List the nodes, and let them in, give them votes, take them out.
    Nodes(nodes::Nodes),
    /// Say how the cluster is, as this node sees it.
    Status(status::Status),
    /// List the files that have two or more sides and need a choice.
    Divergences(divergences::Divergences),
    /// Choose between the sides of a file, or undo such a choice.
    Settle(settle::SettleFile),
    /// Bring files together on all nodes; it never chooses between two sides.
    Sync(sync::Sync),
    /// Say how one file is on each node, and its newest versions.
    File(file::File),
    /// List the chats, read one, fetch it; hide messages and mute visitors.
    Chat(chat::Chat),
    /// List the pages that are open now, on all nodes.
    Visitors(visitors::Visitors),
    /// Say who may use a node's dashboard, and make one-time links.
    Operator(operator::Operator),
    /// Show what people did on all nodes, newest first.
    Activity(activity::Activity),
    /// Look at a store directory, check it and keep it in order; no node is needed.
    Store(store::Store),
}

/// Runs a command to its end.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let command = match cli.command {
        Command::Store(command) => return command.run().into(),
        other => other,
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return out::complain(&error.to_string(), Exit::Wrong).into(),
    };
    let exit = runtime.block_on(async {
        match command {
            Command::Serve(command) => command.run().await,
            Command::Demo(command) => command.run().await,
            Command::Init(command) => command.run().await,
            Command::Join(command) => command.run().await,
            Command::Nodes(command) => command.run().await,
            Command::Status(command) => command.run().await,
            Command::Divergences(command) => command.run().await,
            Command::Settle(command) => command.run().await,
            Command::Sync(command) => command.run().await,
            Command::File(command) => command.run().await,
            Command::Chat(command) => command.run().await,
            Command::Visitors(command) => command.run().await,
            Command::Operator(command) => command.run().await,
            Command::Activity(command) => command.run().await,
            Command::Store(command) => command.run(),
        }
    });
    // A blocking read that still runs has nobody who waits for it.
    runtime.shutdown_background();
    exit.into()
}
