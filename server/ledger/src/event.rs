//! An event: an operation in its place in the chain of a profile.

use domain::ObjectId;
use sha2::{Digest, Sha256};

use crate::{
    DecodeError, EventId, Operation, Serial,
    code::{Reader, Writer},
};

/// Longest event, in bytes.
pub const MAX_EVENT_BYTES: usize = 8 << 10;
/// The version of its bytes.
const VERSION: u8 = 1;
/// What is hashed first, so that the hash is good for nothing else.
const HASHES: &[u8] = b"swish-cluster profile event 1\0";

/// An operation in its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProfileEvent {
    id: EventId,
    serial: Serial,
    previous: Option<EventId>,
    operation: Operation,
}

impl ProfileEvent {
    /// Puts an operation behind an event, or at the beginning.
    #[must_use]
    pub fn after(previous: Option<&Self>, operation: Operation) -> Self {
        let serial = Serial(previous.map_or(0, |event| event.serial.0) + 1);
        Self::place(serial, previous.map(|event| event.id), operation)
    }

    fn place(serial: Serial, previous: Option<EventId>, operation: Operation) -> Self {
        let bytes = bytes(serial, previous, &operation);
        let id = Sha256::new().chain_update(HASHES).chain_update(bytes).finalize();
        Self { id: EventId::from_bytes(id.into()), serial, previous, operation }
    }

    /// Hash of its bytes.
    #[must_use]
    pub const fn id(&self) -> EventId {
        self.id
    }

    /// Its place, from 1.
    #[must_use]
    pub const fn serial(&self) -> Serial {
        self.serial
    }

    /// The event before it; none for the first.
    #[must_use]
    pub const fn previous(&self) -> Option<EventId> {
        self.previous
    }

    /// What is done.
    #[must_use]
    pub const fn operation(&self) -> &Operation {
        &self.operation
    }

    /// Its canonical bytes: what is stored and sent.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        bytes(self.serial, self.previous, &self.operation)
    }

    /// Reads an event. Neither its seal nor its place is checked: see [`crate::Chain`].
    ///
    /// # Errors
    /// When the bytes are no event of this version, or not in their one form.
    pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::open(bytes, MAX_EVENT_BYTES, VERSION)?;
        let serial = Serial(reader.number()?);
        let before: [u8; 32] = reader.fixed()?;
        let previous = (before != [0; 32]).then(|| EventId::from_bytes(before));
        if serial.0 == 0 || serial.0 == u64::MAX || previous.is_none() != (serial.0 == 1) {
            return Err(DecodeError::Value("the serial"));
        }
        let operation = Operation::read(&mut reader)?;
        reader.end()?;
        Ok(Self::place(serial, previous, operation))
    }
}

impl EventId {
    /// The event as a register and the exchange name it: the first 20 bytes of its SHA-256.
    #[must_use]
    pub fn object_id(&self) -> ObjectId {
        let mut bytes = [0; ObjectId::LEN];
        bytes.copy_from_slice(&self.as_bytes()[..ObjectId::LEN]);
        ObjectId::from_bytes(bytes)
    }
}

fn bytes(serial: Serial, previous: Option<EventId>, operation: &Operation) -> Vec<u8> {
    let mut out = Writer::default();
    // The first event has the hash of nothing before it: 32 zeros, which no event has.
    out.byte(VERSION).number(serial.0).fixed(&previous.map_or([0; 32], |id| *id.as_bytes()));
    operation.write(&mut out);
    out.finish()
}
