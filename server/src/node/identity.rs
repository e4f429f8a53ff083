//! Who this node is: its keys, the id made of them, and this start of the program (protocol 2).
//!
//! The key files belong to the data directory, mode 0600, and are made at the first start. A copy
//! of them is a copy of the node; the cluster secret is another file, the same on every node.

use std::{
    fmt, fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use domain::{NodeId, Run};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// File of the Ed25519 key in the data directory.
pub const NODE_KEY_FILE: &str = "node.key";
/// File of the Noise key in the data directory.
pub const LINK_KEY_FILE: &str = "link.key";

/// What is signed before a Noise key, so that the signature is good for nothing else.
const CERTIFIES: &[u8] = b"swish-cluster link key 1";
/// The same for the hash of an audit entry.
const SEALS: &[u8] = b"swish-cluster audit entry 1";

/// A key file cannot be used; nothing was changed.
#[derive(Debug, Error)]
pub enum KeyError {
    /// It is there and cannot be read, or cannot be made.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It holds something else.
    #[error("{path} is not a key of 32 bytes in 64 hexadecimal digits")]
    Malformed {
        /// Which.
        path: PathBuf,
    },
    /// Others may read it.
    #[error("{path} can be read by others (mode {mode:o}): chmod 600 {path}")]
    Open {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is no cluster secret.
    #[error(
        "there is no cluster secret at {path}; make one, and copy it to every node: \
         (umask 077 && head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \\n' > {path})"
    )]
    NoSecret {
        /// Where it should be.
        path: PathBuf,
    },
}

/// The keys of this node, and this start of the program.
pub struct Identity {
    node: NodeId,
    run: Run,
    signing: SigningKey,
    link_key: [u8; 32],
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The keys stay out of logs.
        f.debug_struct("Identity").field("node", &self.node).field("run", &self.run).finish()
    }
}

impl Identity {
    /// Reads the keys of a data directory; makes those that are missing.
    ///
    /// # Errors
    /// When a file cannot be read or made, holds something else, or others may read it.
    pub fn open(data: &Path) -> Result<Self, KeyError> {
        let signing = read_or_make(&data.join(NODE_KEY_FILE))?;
        let link_key = read_or_make(&data.join(LINK_KEY_FILE))?;
        Ok(Self::from_keys(signing, link_key))
    }

    /// An identity that ends with the program, for tests and tools.
    #[must_use]
    pub fn random() -> Self {
        Self::from_keys(rand::random(), rand::random())
    }

    /// The identity of these keys, in a new run.
    #[must_use]
    pub fn from_keys(signing: [u8; 32], link_key: [u8; 32]) -> Self {
        let signing = SigningKey::from_bytes(&signing);
        let node = node_id(&signing.verifying_key());
        Self { node, run: Run::from_bytes(rand::random()), signing, link_key }
    }

    /// Beginning of the SHA-256 of the public key.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// This start of the program.
    #[must_use]
    pub const fn run(&self) -> Run {
        self.run
    }

    /// The private Noise key.
    #[must_use]
    pub const fn link_key(&self) -> &[u8; 32] {
        &self.link_key
    }

    /// Says that `link_public` is the Noise key of this node.
    #[must_use]
    pub fn certify(&self, link_public: &[u8]) -> Certificate {
        let signature = self.signing.sign(&certified(link_public));
        Certificate {
            key: self.signing.verifying_key().to_bytes().to_vec(),
            signature: signature.to_bytes().to_vec(),
        }
    }

    /// This node's word for the hash of an audit entry: its public key and the signature.
    #[must_use]
    pub fn seal(&self, hash: &[u8]) -> Vec<u8> {
        let signature = self.signing.sign(&[SEALS, hash].concat());
        [self.signing.verifying_key().to_bytes().as_slice(), &signature.to_bytes()].concat()
    }
}

/// A node's word that a Noise key is its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its Ed25519 public key.
    #[serde(with = "serde_bytes")]
    key: Vec<u8>,
    /// Over the Noise key.
    #[serde(with = "serde_bytes")]
    signature: Vec<u8>,
}

impl Certificate {
    /// The node that certified `link_public`; none when the signature is not good.
    #[must_use]
    pub fn verify(&self, link_public: &[u8]) -> Option<NodeId> {
        let key = VerifyingKey::try_from(self.key.as_slice()).ok()?;
        let signature = Signature::from_slice(&self.signature).ok()?;
        key.verify_strict(&certified(link_public), &signature).ok()?;
        Some(node_id(&key))
    }
}

/// The node that sealed `hash`; none when the seal is not good.
#[must_use]
pub fn sealed_by(seal: &[u8], hash: &[u8]) -> Option<NodeId> {
    let (key, signature) = seal.split_at_checked(ed25519_dalek::PUBLIC_KEY_LENGTH)?;
    let key = VerifyingKey::try_from(key).ok()?;
    let signature = Signature::from_slice(signature).ok()?;
    key.verify_strict(&[SEALS, hash].concat(), &signature).ok()?;
    Some(node_id(&key))
}

/// Reads the cluster secret.
///
/// # Errors
/// When there is none (the text says how to make one), or the file cannot be used.
pub fn read_secret(path: &Path) -> Result<[u8; 32], KeyError> {
    match read_key(path)? {
        Some(secret) => Ok(secret),
        None => Err(KeyError::NoSecret { path: path.to_owned() }),
    }
}

/// Writes a new key file of 32 random bytes; the file must not exist.
///
/// # Errors
/// When it exists or cannot be written.
pub fn make_key(path: &Path) -> Result<[u8; 32], KeyError> {
    let key: [u8; 32] = rand::random();
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    write_new(path, &digits).map_err(|source| KeyError::File { path: path.to_owned(), source })?;
    Ok(key)
}

fn node_id(key: &VerifyingKey) -> NodeId {
    let digest = Sha256::digest(key.as_bytes());
    let mut id = [0; NodeId::LEN];
    id.copy_from_slice(&digest[..NodeId::LEN]);
    NodeId::from_bytes(id)
}

fn certified(link_public: &[u8]) -> Vec<u8> {
    [CERTIFIES, link_public].concat()
}

fn read_or_make(path: &Path) -> Result<[u8; 32], KeyError> {
    match read_key(path)? {
        Some(key) => Ok(key),
        None => make_key(path),
    }
}

/// The key in a file; none when there is no file.
fn read_key(path: &Path) -> Result<Option<[u8; 32]>, KeyError> {
    use std::os::unix::fs::PermissionsExt;

    let file_error = |source| KeyError::File { path: path.to_owned(), source };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error(error)),
    };
    let mode = fs::metadata(path).map_err(file_error)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Open { path: path.to_owned(), mode });
    }
    let key = from_hex(text.trim()).ok_or_else(|| KeyError::Malformed { path: path.to_owned() })?;
    Ok(Some(key))
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(key)
}

/// A key is durable before anybody hears of it, so a power cut cannot make this another node.
fn write_new(path: &Path, digits: &str) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    writeln!(file, "{digits}")?;
    file.sync_all()?;
    fs::hard_link(&temporary, path)?;
    fs::remove_file(&temporary)?;
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_second_start_is_the_same_node_in_another_run() {
        let data = tempfile::tempdir().unwrap();
        let first = Identity::open(data.path()).unwrap();
        let second = Identity::open(data.path()).unwrap();
        assert_eq!(first.node(), second.node());
        assert_eq!(first.link_key(), second.link_key());
        assert_ne!(first.run(), second.run());
    }

    #[test]
    fn a_certificate_names_its_node_and_only_for_that_link_key() {
        let alpha = Identity::random();
        let certificate = alpha.certify(&[7; 32]);
        assert_eq!(certificate.verify(&[7; 32]), Some(alpha.node()));
        assert_eq!(certificate.verify(&[8; 32]), None);
    }

    #[test]
    fn a_missing_secret_says_how_to_make_one() {
        let data = tempfile::tempdir().unwrap();
        let error = read_secret(&data.path().join("secret")).unwrap_err();
        assert!(error.to_string().contains("/dev/urandom"), "{error}");
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join("secret");
        let secret = make_key(&path).unwrap();
        assert_eq!(read_secret(&path).unwrap(), secret);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_secret(&path), Err(KeyError::Open { mode: 0o644, .. })));
    }

    #[test]
    fn a_file_with_something_else_is_refused_and_kept() {
        let data = tempfile::tempdir().unwrap();
        let path = data.path().join(NODE_KEY_FILE);
        write_new(&path, "not a key").unwrap();
        assert!(matches!(Identity::open(data.path()), Err(KeyError::Malformed { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "not a key\n");
    }
}
