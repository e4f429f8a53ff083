//! `GET /metrics`: Prometheus text; gauges are set from the same picture as the pages.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::{
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use domain::{
    view::ChatCounts,
    words::{ChatState, ClusterState, FileState, NodeHealth},
};
use metrics::{counter, gauge};

use super::{
    chat,
    picture::{Picture, Tally},
    site::Site,
};
use crate::{app::App, hub::Counts, node::link::Counters};

pub(super) async fn show(State(app): State<App>) -> Response {
    let site = Site::new(&app);
    let set = site.ask(|picture, shared| set(picture, &Tally::take(picture, shared))).await;
    if set.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Ok(counts) = chat::counts(&site).await {
        set_chat(&counts);
    }
    set_links(&app.links.counters());
    set_chats(app.hub.counts());
    let text = app.metrics.render();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn set(picture: &Picture, tally: &Tally) {
    let now = picture.status(tally).state;
    for state in ClusterState::ALL {
        gauge!("swish_cluster_state", "state" => state.code()).set(flag(*state == now));
    }
    for state in FileState::ALL {
        let files = number(tally.counts.of(*state));
        gauge!("swish_cluster_files", "state" => state.code()).set(files);
    }
    for health in NodeHealth::ALL {
        let nodes = picture.seats.iter().filter(|seat| seat.health == *health).count();
        let nodes = number(u64::try_from(nodes).unwrap_or(u64::MAX));
        gauge!("swish_cluster_nodes", "health" => health.code()).set(nodes);
    }
    let node = &picture.node;
    gauge!("swish_cluster_waiting_saves").set(number(node.waiting));
    gauge!("swish_cluster_importing_heads").set(number(node.importing));
    gauge!("swish_cluster_missing_objects").set(number(length(node.missing.len())));
    gauge!("swish_cluster_alarms").set(number(length(node.alarms.len())));
    counter!("swish_cluster_durable_batches_total").absolute(node.batches);
    for (seat, behind) in picture.seats.iter().zip(&tally.behind) {
        gauge!("swish_cluster_files_behind", "node" => seat.name.clone()).set(number(*behind));
    }
}

fn set_chat(counts: &ChatCounts) {
    for state in ChatState::ALL {
        gauge!("swish_cluster_chats", "state" => state.code()).set(number(counts.of(*state)));
    }
    gauge!("swish_cluster_chat_messages").set(number(counts.messages));
    gauge!("swish_cluster_chat_messages_to_fetch").set(number(counts.messages_to_fetch));
    gauge!("swish_cluster_visitors").set(number(counts.visitors));
}

fn set_links(links: &Counters) {
    for (direction, bytes, frames) in
        [("in", links.bytes_in, links.frames_in), ("out", links.bytes_out, links.frames_out)]
    {
        counter!("swish_cluster_link_bytes_total", "direction" => direction).absolute(bytes);
        counter!("swish_cluster_link_frames_total", "direction" => direction).absolute(frames);
    }
    counter!("swish_cluster_link_dropped_total").absolute(links.dropped);
    counter!("swish_cluster_link_refused_total").absolute(links.refused);
    for (what, count) in [
        ("undecodable", links.undecodable),
        ("malformed", links.malformed),
        ("unasked", links.unasked),
        ("wrong_bytes", links.wrong_bytes),
    ] {
        counter!("swish_cluster_link_offences_total", "what" => what).absolute(count);
    }
    counter!("swish_cluster_link_cut_off_total").absolute(links.cut_off);
}

fn set_chats(counts: &Counts) {
    let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    gauge!("swish_cluster_chat_messages").set(number(value(&counts.messages)));
    gauge!("swish_cluster_chat_documents").set(number(value(&counts.documents)));
    gauge!("swish_cluster_chat_pages").set(number(value(&counts.pages)));
    for (name, counter) in [
        ("swish_cluster_chat_posts_total", &counts.posts),
        ("swish_cluster_chat_posts_alone_total", &counts.alone),
        ("swish_cluster_chat_frames_total", &counts.frames),
        ("swish_cluster_chat_dropped_pages_total", &counts.dropped_pages),
        ("swish_cluster_chat_compares_total", &counts.compares),
        ("swish_cluster_chat_rejected_total", &counts.rejected),
    ] {
        counter!(name).absolute(value(counter));
    }
}

fn flag(is_set: bool) -> f64 {
    f64::from(u8::from(is_set))
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Counts of this program stay below 2^32; a greater one is shown as that.
fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
