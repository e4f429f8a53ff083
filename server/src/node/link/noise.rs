//! The sealed channel: Noise `XXpsk3`, with frames cut into Noise messages.
//!
//! Each Noise message travels as one WebSocket message, so nothing larger than 65,535 bytes is
//! ever read from somebody who has not shown the cluster secret. Its first byte, sealed with the
//! rest, says whether the frame goes on; a man in the middle cannot cut or join frames.

use axum::body::Bytes;
use snow::{Builder, HandshakeState, StatelessTransportState};
use thiserror::Error;

use super::frame::MAX_FRAME_BYTES;
use crate::node::identity::Identity;

/// Longest Noise message.
pub(super) const MAX_NOISE_BYTES: usize = 65_535;

const PATTERN: &str = "Noise_XXpsk3_25519_ChaChaPoly_SHA256";
/// Both sides must mean the same protocol before they speak.
const PROLOGUE: &[u8] = b"swish-cluster link 1";
const PSK_AT: u8 = 3;
const TAG_BYTES: usize = 16;
/// Bytes of a frame in one Noise message.
const PIECE_BYTES: usize = MAX_NOISE_BYTES - TAG_BYTES - 1;
const LAST: u8 = 0;
const MORE: u8 = 1;

/// Bytes that were not sealed by the peer, in this place of the conversation.
#[derive(Debug, Error)]
pub enum SealError {
    /// Wrong keys, changed bytes, or another order.
    #[error("a message cannot be opened: {0}")]
    Noise(#[from] snow::Error),
    /// Empty, or with an unknown first byte.
    #[error("a message without a beginning")]
    Malformed,
    /// The pieces of a frame are longer than a frame may be.
    #[error("a frame longer than {MAX_FRAME_BYTES} bytes")]
    TooLong,
}

/// Which side begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Dialer,
    Acceptor,
}

/// Starts a handshake with our keys and the cluster secret; also returns our public Noise key.
pub(super) fn begin(
    identity: &Identity,
    secret: &[u8; 32],
    role: Role,
) -> Result<HandshakeState, SealError> {
    let builder = Builder::new(PATTERN.parse()?)
        .local_private_key(identity.link_key())?
        .psk(PSK_AT, secret)?
        .prologue(PROLOGUE)?;
    Ok(match role {
        Role::Dialer => builder.build_initiator()?,
        Role::Acceptor => builder.build_responder()?,
    })
}

/// The public half of a private Noise key.
pub(super) fn public_key(private: &[u8; 32]) -> [u8; 32] {
    use snow::resolvers::{CryptoResolver, DefaultResolver};

    let mut dh = DefaultResolver
        .resolve_dh(&snow::params::DHChoice::Curve25519)
        .expect("Curve25519 is part of the default resolver");
    dh.set(private);
    let mut public = [0; 32];
    public.copy_from_slice(dh.pubkey());
    public
}

/// Seals frames, one after the other.
#[derive(Debug)]
pub(super) struct Sealer {
    noise: std::sync::Arc<StatelessTransportState>,
    nonce: u64,
    plain: Vec<u8>,
}

/// Opens Noise messages, one after the other, and joins them to frames.
#[derive(Debug)]
pub(super) struct Opener {
    noise: std::sync::Arc<StatelessTransportState>,
    nonce: u64,
    frame: Vec<u8>,
    plain: Vec<u8>,
}

/// Both directions of a channel whose handshake is complete.
pub(super) fn channel(handshake: HandshakeState) -> Result<(Sealer, Opener), SealError> {
    let noise = std::sync::Arc::new(handshake.into_stateless_transport_mode()?);
    let sealer = Sealer { noise: noise.clone(), nonce: 0, plain: Vec::new() };
    let opener = Opener { noise, nonce: 0, frame: Vec::new(), plain: vec![0; MAX_NOISE_BYTES] };
    Ok((sealer, opener))
}

impl Sealer {
    /// Seals one frame into the messages that carry it.
    pub(super) fn seal(&mut self, frame: &[u8]) -> Result<Vec<Bytes>, SealError> {
        let pieces = frame.chunks(PIECE_BYTES);
        let last = pieces.len().saturating_sub(1);
        pieces.enumerate().map(|(at, piece)| self.seal_piece(piece, at == last)).collect()
    }

    fn seal_piece(&mut self, piece: &[u8], is_last: bool) -> Result<Bytes, SealError> {
        self.plain.clear();
        self.plain.push(if is_last { LAST } else { MORE });
        self.plain.extend_from_slice(piece);
        let mut sealed = vec![0; self.plain.len() + TAG_BYTES];
        self.noise.write_message(self.nonce, &self.plain, &mut sealed)?;
        self.nonce += 1;
        Ok(sealed.into())
    }
}

impl Opener {
    /// Opens one message; returns the frame that it completes.
    pub(super) fn open(&mut self, sealed: &[u8]) -> Result<Option<Vec<u8>>, SealError> {
        let length = self.noise.read_message(self.nonce, sealed, &mut self.plain)?;
        self.nonce += 1;
        let (mark, piece) = self.plain[..length].split_first().ok_or(SealError::Malformed)?;
        if self.frame.len() + piece.len() > MAX_FRAME_BYTES {
            return Err(SealError::TooLong);
        }
        self.frame.extend_from_slice(piece);
        match *mark {
            LAST => Ok(Some(std::mem::take(&mut self.frame))),
            MORE => Ok(None),
            _ => Err(SealError::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> ((Sealer, Opener), (Sealer, Opener)) {
        let (alpha, bravo) = (Identity::random(), Identity::random());
        let mut dialer = begin(&alpha, &[1; 32], Role::Dialer).unwrap();
        let mut acceptor = begin(&bravo, &[1; 32], Role::Acceptor).unwrap();
        let mut wire = vec![0; MAX_NOISE_BYTES];
        let mut payload = vec![0; MAX_NOISE_BYTES];
        for turn in 0..3 {
            let (from, to) = match turn {
                1 => (&mut acceptor, &mut dialer),
                _ => (&mut dialer, &mut acceptor),
            };
            let length = from.write_message(&[], &mut wire).unwrap();
            to.read_message(&wire[..length], &mut payload).unwrap();
        }
        (channel(dialer).unwrap(), channel(acceptor).unwrap())
    }

    #[test]
    fn a_long_frame_arrives_whole_and_in_small_messages() {
        let ((mut seals, _), (_, mut opens)) = pair();
        let frame: Vec<u8> = (0..=255).cycle().take(3 * MAX_NOISE_BYTES).collect();
        let sealed = seals.seal(&frame).unwrap();
        assert!(sealed.iter().all(|message| message.len() <= MAX_NOISE_BYTES));
        let opened: Vec<_> = sealed.iter().map(|message| opens.open(message).unwrap()).collect();
        assert_eq!(opened, [None, None, None, Some(frame)]);
    }

    #[test]
    fn a_repeated_or_changed_message_is_not_opened() {
        let ((mut seals, _), (_, mut opens)) = pair();
        let sealed = seals.seal(b"one").unwrap();
        assert_eq!(opens.open(&sealed[0]).unwrap(), Some(b"one".to_vec()));
        assert!(opens.open(&sealed[0]).is_err());
        let mut changed = seals.seal(b"two").unwrap()[0].to_vec();
        changed[0] ^= 1;
        assert!(opens.open(&changed).is_err());
    }

    #[test]
    fn a_frame_without_end_is_given_up() {
        let ((mut seals, _), (_, mut opens)) = pair();
        let piece = vec![0; PIECE_BYTES];
        let given_up = (0..=MAX_FRAME_BYTES / PIECE_BYTES)
            .map(|_| opens.open(&seals.seal_piece(&piece, false).unwrap()))
            .find(Result::is_err);
        assert!(matches!(given_up, Some(Err(SealError::TooLong))));
    }
}
