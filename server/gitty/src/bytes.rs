//! Shared bytes on the wire: one byte string, not a list of numbers.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serializer};

/// Writes the content of an object.
pub(crate) fn serialize<S: Serializer>(
    bytes: &Arc<[u8]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

/// Reads the content of an object.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Arc<[u8]>, D::Error> {
    serde_bytes::ByteBuf::deserialize(deserializer).map(|bytes| bytes.into_vec().into())
}
