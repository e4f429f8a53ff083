//! What the integration tests and the benchmark are made of.
//!
//! ```text
//!  cluster ── three ──▶ node (a `serve` process) ──▶ program (which binary)
//!     │                   │
//!     │                   └─ gateway (what SWISH pages do) ──▶ client (HTTP)
//!     ├─ wire: the links pass through forwarders that keep every byte
//!     └─ directory: a store as SWISH would read it
//!  stock: stores that nodes begin with
//!  history: checks what clients saw against the chains
//!  replay: what a real SWISH was recorded to answer, asked again
//!  image: a file system in a file, that loses what was not synced
//!  kills: where and when nodes are killed, drawn by seed
//!  network: namespaces, and a network between them that loses, delays and cuts
//!  impostor: a member that says on real links whatever a test wants
//!  observer: what dashboards said, held against directories and databases
//!  beside: a recorded and a real SWISH for a gateway
//!  bench: load, syncs, processor time, and the table
//! ```
//!
//! Nothing here knows the server's code: nodes are processes, and stores are files.

pub mod bench;
pub mod beside;
pub mod browser;
pub mod client;
pub mod cluster;
pub mod directory;
pub mod gateway;
pub mod history;
pub mod image;
pub mod impostor;
pub mod kills;
pub mod network;
pub mod node;
pub mod observer;
pub mod page;
pub mod program;
pub mod replay;
pub mod source;
pub mod stock;
pub mod swish;
pub mod turn;
pub mod wait;
pub mod wire;
pub mod writers;
