//! A hub of a test: a core without links, disk and sockets, whose texts are in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use relay::{Body, Core, DocumentId, Input, Message, Now, Output, Place, Reply, Token};
use tokio::sync::{broadcast, mpsc, watch};

use super::{
    Counts, History, Hub, HubError, HubEvent,
    handle::{COMMANDS, Command, EVENTS, Shared},
};

/// Answers questions from `core`, with these bodies.
pub(crate) fn played(mut core: Core, bodies: BTreeMap<(DocumentId, Place), Body>) -> Hub {
    let (commands, mut inbox) = mpsc::channel(COMMANDS);
    let shared = Shared {
        commands,
        heard: broadcast::channel(1).0,
        events: broadcast::Sender::new(EVENTS),
        census: watch::Sender::new(core.census()),
        alarms: Mutex::default(),
        counts: Counts::default(),
    };
    tokio::spawn(async move {
        while let Some(command) = inbox.recv().await {
            match command {
                Command::Look(look) => look(&core),
                Command::Range { document, last, before, answer } => {
                    let page = core.page(&document, last, before);
                    let body = |place| bodies.get(&(document.clone(), place)).cloned();
                    let rows = page.rows.into_iter().filter_map(|(serial, row)| {
                        Some((serial, Message { row, body: body(row.place)? }))
                    });
                    let history = History { rows: rows.collect(), total: page.total };
                    let _ = answer.send(Ok(history));
                }
                Command::Fetch { document, answer } => {
                    let mut outputs = Vec::new();
                    let token = Token(1);
                    core.handle(Now::default(), Input::Fetch { token, document }, &mut outputs);
                    let nodes = outputs.into_iter().find_map(|output| match output {
                        Output::Reply { reply: Reply::Fetching(nodes), .. } => Some(nodes),
                        _ => None,
                    });
                    let _ = answer.send(nodes.ok_or(HubError::Stopping));
                }
                _ => {}
            }
        }
    });
    Hub(Arc::new(shared))
}

/// Tells whoever listens to the hub.
pub(crate) fn tell(hub: &Hub, event: HubEvent) {
    let _ = hub.0.events.send(event);
}
