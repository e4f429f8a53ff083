//! Proofs that a node of this cluster made something: MACs under the cluster's secret.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Bytes of a MAC that are kept.
const MAC_BYTES: usize = 16;

/// Makes and checks proofs of one kind; another kind's are never taken for it.
#[derive(Clone, Debug)]
pub(super) struct Seal {
    key: [u8; 32],
    kind: &'static [u8],
}

impl Seal {
    pub(super) const fn new(key: [u8; 32], kind: &'static [u8]) -> Self {
        Self { key, kind }
    }

    /// `body` as text, with its proof. It can be read by whoever has it.
    pub(super) fn seal(&self, context: &[u8], body: &[u8]) -> String {
        let mac = self.hmac(context, body).finalize().into_bytes();
        let sealed = [body, mac.get(..MAC_BYTES).unwrap_or_default()].concat();
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The body, if a node of this cluster sealed it in the same context.
    pub(super) fn open(&self, context: &[u8], sealed: &str) -> Option<Vec<u8>> {
        let mut body = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let mac = body.split_off(body.len().checked_sub(MAC_BYTES)?);
        self.hmac(context, &body).verify_truncated_left(&mac).ok()?;
        Some(body)
    }

    #[expect(clippy::expect_used, reason = "an HMAC takes keys of every length")]
    fn hmac(&self, context: &[u8], body: &[u8]) -> Hmac<Sha256> {
        let mut hmac = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length");
        for part in [b"swish-cluster ".as_slice(), self.kind, b" 1 ", context] {
            hmac.update(part);
        }
        hmac.update(&u64::try_from(context.len()).unwrap_or(u64::MAX).to_be_bytes());
        hmac.update(body);
        hmac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_kind_and_context_open_it() {
        let seal = Seal::new([1; 32], b"token");
        let sealed = seal.seal(b"session", b"body");
        assert_eq!(seal.open(b"session", &sealed).as_deref(), Some(b"body".as_slice()));
        assert_eq!(seal.open(b"other", &sealed), None);
        assert_eq!(Seal::new([1; 32], b"cookie").open(b"session", &sealed), None);
        assert_eq!(Seal::new([2; 32], b"token").open(b"session", &sealed), None);
        for forged in ["", "AAAA", &sealed[1..], &sealed[..sealed.len() - 4], "not base64!"] {
            assert_eq!(seal.open(b"session", forged), None, "{forged}");
        }
    }
}
