//! swish-cluster.
fn main() {}
