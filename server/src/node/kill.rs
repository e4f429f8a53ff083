//! Points at which the crash tests kill this program; nothing at all in an ordinary build.

/// Where in the life of a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    /// A batch is about to be written.
    BeforePersist,
    /// A batch is durable, and nothing that waited for it has left.
    AfterPersist,
    /// A proposal has left.
    AfterPropose,
    /// A head was decided or learned.
    AfterDecide,
    /// A save is about to be answered as decided.
    BeforeReply,
}

/// Kills this program with SIGKILL if `SWISH_CLUSTER_KILL=<point>:<n>` names this point and this
/// is the n-th time it is reached.
#[cfg(feature = "kill-points")]
pub(super) fn point(at: Point) {
    use std::sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    };

    static PLAN: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static REACHED: AtomicU64 = AtomicU64::new(0);
    let plan = PLAN.get_or_init(|| {
        let text = std::env::var("SWISH_CLUSTER_KILL").ok()?;
        let (name, count) = text.split_once(':')?;
        Some((name.to_owned(), count.parse().ok()?))
    });
    let Some((name, count)) = plan else { return };
    if *name == at.name() && REACHED.fetch_add(1, Ordering::Relaxed) + 1 == *count {
        let me = nix::unistd::Pid::this();
        let _ = nix::sys::signal::kill(me, nix::sys::signal::Signal::SIGKILL);
    }
}

#[cfg(not(feature = "kill-points"))]
pub(super) const fn point(_: Point) {}

#[cfg(feature = "kill-points")]
impl Point {
    const fn name(self) -> &'static str {
        match self {
            Self::BeforePersist => "before-persist",
            Self::AfterPersist => "after-persist",
            Self::AfterPropose => "after-propose",
            Self::AfterDecide => "after-decide",
            Self::BeforeReply => "before-reply",
        }
    }
}
