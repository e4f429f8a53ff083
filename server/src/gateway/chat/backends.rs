//! `GET /backends`: all nodes of the cluster, for SWISH's dialog of servers (spec G.4).

use std::collections::BTreeMap;

use axum::{
    extract::{Request, State},
    response::Response,
};
use domain::NodeId;
use serde_json::{Map, Value, json};

use crate::{
    gateway::{Gateway, error::Refusal, storage::reply},
    node::{NodeView, PeerView, link::now_ms},
};

/// Each node by its name: where it is, how it is, when it was heard last, and its visitors.
pub(super) async fn backends(State(gateway): State<Gateway>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Err(answer) = gateway.admit(&parts).await {
        return answer;
    }
    let chat = &gateway.chat.0;
    let count = chat.hub.look(|core| {
        let mut visitors: BTreeMap<NodeId, u64> = BTreeMap::new();
        for visitor in core.visitors() {
            *visitors.entry(visitor.node).or_default() += 1;
        }
        visitors
    });
    let visitors = match count.await {
        Ok(visitors) => visitors,
        Err(error) => return Refusal::Unavailable(error.to_string()).into_response(&parts.headers),
    };
    let node = chat.node.shared().node();
    let total = chat.hub.census().visitors;
    let of = |id: NodeId| visitors.get(&id).copied().unwrap_or_default();
    let mut all = Map::new();
    all.insert(node.name.clone(), own(&node, &chat.address, (of(chat.me), total)));
    for peer in &node.peers {
        all.insert(peer.name.clone(), other(peer, (of(peer.id.node), total)));
    }
    reply::ok(&Value::Object(all))
}

fn own(node: &NodeView, address: &str, (local, total): (u64, u64)) -> Value {
    let state = if node.draining { "draining" } else { "serving" };
    json!({
        "url": address, "time": seconds(now_ms()), "state": state,
        "local_visitors": local, "visitors": total,
    })
}

/// SWISH's dialog judges by `time` whether it is alive: ours is when it was heard last.
fn other(peer: &PeerView, (local, total): (u64, u64)) -> Value {
    let state = match (peer.linked, peer.draining) {
        (false, _) => "away",
        (true, true) => "draining",
        (true, false) => "serving",
    };
    let mut said = json!({
        "time": peer.last_frame_ms.map_or(Value::from(0), seconds), "state": state,
        "local_visitors": local, "visitors": total,
    });
    if let Some(address) = &peer.gateway {
        said["url"] = format!("http://{address}").into();
    }
    said
}

/// Milliseconds as SWISH writes a time.
pub(super) fn seconds(ms: u64) -> Value {
    let whole = ms / 1000;
    serde_json::from_str(&format!("{whole}.{:03}", ms % 1000)).unwrap_or(json!(whole))
}
