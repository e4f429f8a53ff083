//! Work on many objects with all cores, in batches, so that results come in order and few wait.

use std::{
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// Objects whose results wait for each other.
const BATCH: usize = 256;

/// What a long operation is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it does.
    pub step: Step,
    /// How many are done.
    pub done: usize,
    /// How many there are.
    pub total: usize,
}

/// Step of a long operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Loose objects are inflated and hashed.
    Loose,
    /// Members of packs are inflated and hashed.
    Packed,
    /// Bytes are copied into a pack.
    Copying,
    /// Files that are in the new pack are removed.
    Removing,
    /// Objects are listed.
    Listing,
}

/// Who wants to know.
pub type Watch<'a> = &'a dyn Fn(Progress);

/// Does `work` for each item on all cores, and hands the results to `take` in order.
pub(crate) fn each<T: Sync, R: Send>(
    items: &[T],
    step: Step,
    watch: Watch<'_>,
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(&T, R),
) {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let mut done = 0;
    for batch in items.chunks(BATCH) {
        for (item, result) in batch.iter().zip(batch_results(batch, threads, &work)) {
            take(item, result);
        }
        done += batch.len();
        watch(Progress { step, done, total: items.len() });
    }
}

fn batch_results<T: Sync, R: Send>(
    batch: &[T],
    threads: usize,
    work: &(impl Fn(&T) -> R + Sync),
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let turn = || {
        let mut results = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = batch.get(at) else { return results };
            results.push((at, work(item)));
        }
    };
    let mut results = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(turn)).collect();
        let mut results = turn();
        for other in others {
            match other.join() {
                Ok(more) => results.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_unstable_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_each_once() {
        let items: Vec<usize> = (0..1000).collect();
        let mut taken = Vec::new();
        let seen = std::cell::RefCell::new(Vec::new());
        let watch = |progress: Progress| seen.borrow_mut().push(progress.done);
        each(&items, Step::Loose, &watch, |n| n * 2, |n, double| taken.push((*n, double)));
        assert_eq!(taken, (0..1000).map(|n| (n, n * 2)).collect::<Vec<_>>());
        assert_eq!(*seen.borrow(), [256, 512, 768, 1000]);
    }
}
