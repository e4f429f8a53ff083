//! Numbered messages: the last of them kept for readers who come back, new ones sent to all.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::view::LiveEvent;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast},
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};

use crate::node::link::now_ms;

/// Messages kept for a reader who comes back.
const KEPT: usize = 1_024;
/// Messages a reader may fall behind; then it loses some and sees the gap.
const QUEUE: usize = 256;
/// Readers at once; each page has one.
const READERS: usize = 256;
/// Silence is news: a message at least this often.
const TICK_EVERY: Duration = Duration::from_secs(5);

/// A message as kept and sent.
#[derive(Clone, Debug)]
struct Kept {
    n: u64,
    data: Arc<str>,
}

/// Number of the last message, and the newest messages.
#[derive(Debug, Default)]
struct Log {
    n: u64,
    kept: VecDeque<Kept>,
}

/// A message as a reader gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dashboard) struct Message {
    /// `<boot>-<n>`.
    pub(in crate::dashboard) id: String,
    /// JSON of a [`LiveEvent`].
    pub(in crate::dashboard) data: String,
}

/// The messages of one run of this program.
#[derive(Debug)]
pub(in crate::dashboard) struct Feed {
    boot: String,
    log: Mutex<Log>,
    news: broadcast::Sender<Kept>,
    seats: Arc<Semaphore>,
    begun: Notify,
}

impl Feed {
    pub(super) fn new() -> Self {
        Self {
            boot: format!("{:016x}", rand::random::<u64>()),
            log: Mutex::default(),
            news: broadcast::Sender::new(QUEUE),
            seats: Arc::new(Semaphore::new(READERS)),
            begun: Notify::new(),
        }
    }

    /// Numbers a message, keeps it and sends it to all readers.
    pub(super) fn publish(&self, event: &LiveEvent) {
        let data: Arc<str> = json(event).into();
        let mut log = self.log();
        log.n += 1;
        let message = Kept { n: log.n, data };
        log.kept.push_back(message.clone());
        if log.kept.len() > KEPT {
            log.kept.pop_front();
        }
        // Sent under the lock, so that nobody who begins to read misses or repeats one.
        let _ = self.news.send(message);
    }

    /// Leaves a gap: every reader asks again for what it shows.
    pub(super) fn skip(&self) {
        let mut log = self.log();
        // By one only, the next message's reader would see no gap.
        log.n += 2;
        log.kept.clear();
    }

    /// True while nobody reads.
    pub(super) fn is_unread(&self) -> bool {
        self.news.receiver_count() == 0
    }

    /// Waits until somebody begins to read; at once if somebody did since the last time.
    pub(super) async fn begun(&self) {
        self.begun.notified().await;
    }

    /// Begins to read after the message `last`; none when there are too many readers.
    ///
    /// A reader without `last` gets the newest message first, so that one who has read before,
    /// in a stream of its own, sees whether it missed any.
    pub(in crate::dashboard) fn read(feed: &Arc<Self>, last: Option<&str>) -> Option<Reader> {
        let seat = Arc::clone(&feed.seats).try_acquire_owned().ok()?;
        let log = feed.log();
        let after = last.and_then(|id| feed.number(id)).unwrap_or(log.n.saturating_sub(1));
        let missed = log.kept.iter().filter(|kept| kept.n > after).cloned().collect();
        let mut ticks = interval_at(Instant::now(), TICK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let news = feed.news.subscribe();
        feed.begun.notify_one();
        Some(Reader { feed: Arc::clone(feed), at: log.n, missed, news, ticks, _seat: seat })
    }

    /// Number of a message of this run.
    fn number(&self, id: &str) -> Option<u64> {
        let (boot, n) = id.rsplit_once('-')?;
        (boot == self.boot).then(|| n.parse().ok()).flatten()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One reader of the messages.
#[derive(Debug)]
pub(in crate::dashboard) struct Reader {
    feed: Arc<Feed>,
    at: u64,
    missed: VecDeque<Kept>,
    news: broadcast::Receiver<Kept>,
    ticks: Interval,
    _seat: OwnedSemaphorePermit,
}

impl Reader {
    /// The next message; a tick when there was none for a while. None: no more will come.
    pub(in crate::dashboard) async fn next(&mut self) -> Option<Message> {
        if let Some(kept) = self.missed.pop_front() {
            return Some(self.message(kept.n, &kept.data));
        }
        tokio::select! {
            biased;
            kept = self.news.recv() => match kept {
                Ok(kept) => {
                    self.at = kept.n;
                    Some(self.message(kept.n, &kept.data))
                }
                Err(broadcast::error::RecvError::Lagged(_)) => Some(self.tick()),
                Err(broadcast::error::RecvError::Closed) => None,
            },
            _ = self.ticks.tick() => Some(self.tick()),
        }
    }

    /// Repeats the id of the message before it.
    fn tick(&self) -> Message {
        self.message(self.at, &json(&LiveEvent::Tick { at_ms: now_ms() }))
    }

    fn message(&self, n: u64, data: &str) -> Message {
        Message { id: format!("{}-{n}", self.feed.boot), data: data.to_owned() }
    }
}

fn json(event: &LiveEvent) -> String {
    serde_json::to_string(event).expect("view types have string keys only")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(messages: u64) -> Arc<Feed> {
        let feed = Arc::new(Feed::new());
        (0..messages).for_each(|at_ms| feed.publish(&LiveEvent::Tick { at_ms }));
        feed
    }

    /// Numbers of what a reader gets first, with the tick that follows; a repeated one once.
    async fn numbers(feed: &Arc<Feed>, last: Option<&str>) -> Vec<String> {
        let mut reader = Feed::read(feed, last).unwrap();
        let mut numbers = Vec::new();
        loop {
            let message = reader.next().await.unwrap();
            numbers.push(message.id.rsplit_once('-').unwrap().1.to_owned());
            let event = serde_json::from_str(&message.data).unwrap();
            if matches!(event, LiveEvent::Tick { at_ms } if at_ms > 1_000) {
                numbers.dedup();
                return numbers;
            }
        }
    }

    #[tokio::test]
    async fn a_reader_who_comes_back_gets_what_it_missed() {
        let feed = feed(5);
        let last = format!("{}-2", feed.boot);
        assert_eq!(numbers(&feed, Some(&last)).await, ["3", "4", "5"]);
    }

    #[tokio::test]
    async fn a_new_reader_begins_at_the_newest_message() {
        let feed = feed(5);
        assert_eq!(numbers(&feed, None).await, ["5"]);
        assert_eq!(numbers(&feed, Some("another-2")).await, ["5"]);
    }

    #[tokio::test]
    async fn a_gap_shows_when_too_much_was_missed() {
        let feed = feed(5);
        let last = format!("{}-2", feed.boot);
        feed.skip();
        assert_eq!(numbers(&feed, Some(&last)).await, ["7"]);
    }

    #[tokio::test]
    async fn readers_are_limited() {
        let feed = feed(0);
        let readers: Vec<_> = (0..READERS).map(|_| Feed::read(&feed, None).unwrap()).collect();
        assert!(Feed::read(&feed, None).is_none());
        drop(readers);
        assert!(Feed::read(&feed, None).is_some());
    }
}
