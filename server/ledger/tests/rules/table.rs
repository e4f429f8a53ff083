//! Two nodes, a key, and the words that tests are told in.

use std::collections::BTreeSet;

use domain::{Incarnation, MemberId, NodeId};
use ed25519_dalek::SigningKey;
use ledger::{
    Author, Chain, Circumstances, Edit, Field, Identity, Nonce, Operation, OperationId, ProfileId,
    ProfileKey, Seal, Sealer, compare,
};

pub(crate) const KEY: ProfileKey = ProfileKey::from_bytes([7; 32]);

/// A node that does things to a profile; its nonces are counted.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) number: u8,
    pub(crate) done: u8,
    /// Whether seals are signatures; worlds of many events do without.
    pub(crate) signs: bool,
}

/// The two nodes of every story, which sign.
pub(crate) fn nodes() -> (Node, Node) {
    let node = |number| Node { number, done: 0, signs: true };
    (node(1), node(2))
}

pub(crate) fn ann() -> ProfileId {
    "e8fa0dc0-0000-4000-8000-000000000001".parse().unwrap()
}

impl Sealer for Node {
    fn seal(&self, text: &[u8]) -> Seal {
        if self.signs { self.signing().seal(text) } else { Seal::from_bytes([0; Seal::LEN]) }
    }
}

impl Node {
    fn signing(&self) -> SigningKey {
        SigningKey::from_bytes(&[self.number; 32])
    }

    pub(crate) fn member(&self) -> MemberId {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(self.signing().verifying_key().as_bytes());
        let node = NodeId::from_bytes(*digest.first_chunk().unwrap());
        MemberId { node, incarnation: Incarnation::from_bytes([self.number; 8]) }
    }

    /// Who, where and when of the next thing that is done here.
    pub(crate) fn about(&mut self) -> Circumstances {
        self.done += 1;
        let mut nonce: Nonce = [self.number; 24];
        nonce[0] = self.done;
        Circumstances {
            profile: ann(),
            origin: if self.signs { self.member() } else { unsigned(self.number) },
            by: Author::Person(ann()),
            at_ms: 1_795_442_531_000 + u64::from(self.done),
            nonce,
            settles: BTreeSet::new(),
        }
    }

    /// Does something.
    pub(crate) fn does(&mut self, edit: &Edit) -> Operation {
        let about = self.about();
        Operation::new(about, edit, &KEY, self).unwrap()
    }

    /// Does something that settles others.
    pub(crate) fn settles(
        &mut self,
        settled: impl IntoIterator<Item = OperationId>,
        edit: &Edit,
    ) -> Operation {
        let about = Circumstances { settles: settled.into_iter().collect(), ..self.about() };
        Operation::new(about, edit, &KEY, self).unwrap()
    }

    /// Does something to a chain, as its only owner.
    pub(crate) fn writes(&mut self, chain: &mut Chain, edit: &Edit) -> OperationId {
        let operation = self.does(edit);
        let id = operation.id();
        chain.append(operation).unwrap();
        id
    }
}

const fn unsigned(number: u8) -> MemberId {
    let node = NodeId::from_bytes([number; 8]);
    MemberId { node, incarnation: Incarnation::from_bytes([number; 8]) }
}

/// The chain both sides begin with.
pub(crate) fn created(node: &mut Node) -> Chain {
    Chain::begin(node.does(&Edit::Created)).unwrap()
}

/// Puts what can be rebased of `branch` behind `decided`, as the branch's node does when it is
/// back.
pub(crate) fn rebase(decided: &mut Chain, branch: &Chain) {
    let comparison = compare(decided, branch, Some(&KEY)).unwrap();
    let due: Vec<Operation> = comparison.to_rebase().cloned().collect();
    for operation in due {
        decided.append(operation).unwrap();
    }
}

pub(crate) fn name(text: &str) -> Edit {
    Edit::Field(Field::Name, Some(text.into()))
}

pub(crate) fn nick(text: &str) -> Edit {
    Edit::Field(Field::NickName, Some(text.into()))
}

pub(crate) fn email(text: &str) -> Edit {
    Edit::Field(Field::Email, Some(text.into()))
}

pub(crate) fn google(id: &str) -> Identity {
    Identity { provider: "google".into(), external: id.into() }
}
