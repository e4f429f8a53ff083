//! The ledger.

mod branch;
mod chain;
mod change;
mod claim;
mod code;
mod edit;
mod event;
mod field;
mod ids;
pub mod import;
pub mod normal;
mod operation;
mod password;
mod profile;
mod role;
mod seal;
mod secret;

pub use branch::{
    BranchError, Closed, Comparison, Conflict, Side, Standing, Verdict, compare, standing,
};
pub use chain::{Chain, ChainError, MAX_EVENTS};
pub use change::{About, Change, Slot};
pub use claim::{
    Claim, ClaimError, ClaimKey, ClaimKind, ClaimName, ClaimRefusal, ClusterKey, ForgedClaim, Wish,
};
pub use code::DecodeError;
pub use edit::{Edit, EditError, Identity, LastLogin};
pub use event::{MAX_EVENT_BYTES, ProfileEvent};
pub use field::{Field, FieldError, MAX_NAME_BYTES, MAX_URL_BYTES};
pub use ids::{ClaimId, EventId, IdError, IdentityTag, OperationId, ProfileId, Serial};
pub use normal::{MAX_ADDRESS_BYTES, MAX_LOGIN_BYTES, NameError};
pub use operation::{Author, Circumstances, ForgedError, MAX_SETTLES, OpenError, Operation};
pub use password::{HashKind, PasswordHash, PasswordHashError};
pub use profile::{Profile, Source, Told};
pub use role::Role;
pub use seal::{Seal, Sealer};
pub use secret::{Nonce, ProfileKey, Sealed};
