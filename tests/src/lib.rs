//! Integration tests over real nodes.
