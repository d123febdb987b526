//! The gate for requests that spend of a registry's quota: it lets through as many as are left, and none that would be
//! refused.
//!
//! What is left is told by answers, also to requests that spend nothing: on Docker Hub a HEAD. Those pass at any time;
//! when a pause is over, one of them asks what is left now.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::warn;

use super::allowance::Allowance;
use super::error::Error;
use super::retry::{RetryPolicy, shown};
use crate::model::Registry;

/// The quota that one registry gives us.
pub(super) struct Quota {
    registry: Registry,
    ledger: Mutex<Ledger>,
    /// Wakes who waits, whenever something is new.
    news: Notify,
}

/// What became of a wish to spend.
pub(super) enum Admission<'a> {
    /// One request may go out.
    Granted(Spending<'a>),
    /// Nobody knows what is left: ask for it with a request that spends nothing, and try again.
    Unknown(Asking<'a>),
}

/// A request that spends, until its answer is there.
pub(super) struct Spending<'a>(&'a Quota);

/// A question for what is left.
pub(super) struct Asking<'a>(&'a Quota);

/// Where a request stood in time when it was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) sent: Instant,
    spent: u64,
}

impl Quota {
    pub(super) fn new(registry: Registry) -> Self {
        Self { registry, ledger: Mutex::default(), news: Notify::new() }
    }

    /// To be taken when a request is sent.
    pub(super) fn mark(&self) -> Mark {
        Mark { sent: Instant::now(), spent: self.ledger().spent }
    }

    /// Takes note of what the answer to a request that was sent at `mark` told, if it told anything.
    pub(super) fn told(&self, allowance: Option<Allowance>, mark: Mark) {
        self.ledger().told(allowance, mark, Instant::now());
        self.news.notify_waiters();
    }

    /// Waits until one more request may spend.
    ///
    /// # Errors
    /// [`Error::Quota`] when that takes longer than `policy` has patience for.
    pub(super) async fn admit(&self, policy: &RetryPolicy) -> Result<Admission<'_>, Error> {
        loop {
            let news = self.news.notified();
            let entry = self.ledger().enter(policy, Instant::now());
            match entry {
                Entry::Granted => return Ok(Admission::Granted(Spending(self))),
                Entry::Unknown => return Ok(Admission::Unknown(Asking(self))),
                Entry::Refused(allowance, pause) => {
                    return Err(Error::Quota { registry: self.registry.clone(), allowance, pause });
                }
                Entry::AfterNews => news.await,
                Entry::AfterPause(opens) => tokio::select! {
                    () = news => {}
                    () = tokio::time::sleep_until(opens) => {}
                },
                Entry::FirstOfPause(allowance, pause) => warn!(
                    "{} allows no further requests for now ({allowance}): waiting {}",
                    self.registry,
                    shown(pause)
                ),
            }
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Spending<'_> {
    fn drop(&mut self) {
        self.0.ledger().settled();
        self.0.news.notify_waiters();
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.ledger().asked(Instant::now());
        self.0.news.notify_waiters();
    }
}

/// What is known. Pure: the time is given.
#[derive(Debug)]
struct Ledger {
    /// At most what is left, as far as answers told; `None` is no quota. Before the first answer one goes ahead and finds
    /// out.
    left: Option<u64>,
    under_way: u64,
    /// All requests that ever spent and were answered.
    spent: u64,
    pause: Option<Pause>,
    /// Pauses one after the other after which there was nothing left.
    in_vain: u32,
}

#[derive(Debug)]
struct Pause {
    allowance: Allowance,
    begun: Instant,
    opens: Instant,
    announced: bool,
    /// Somebody asks what is left.
    asking: bool,
}

#[derive(Debug, PartialEq)]
enum Entry {
    Granted,
    Unknown,
    /// The one who is told this tells the user.
    FirstOfPause(Allowance, std::time::Duration),
    AfterPause(Instant),
    AfterNews,
    Refused(Allowance, std::time::Duration),
}

impl Default for Ledger {
    fn default() -> Self {
        Self { left: Some(1), under_way: 0, spent: 0, pause: None, in_vain: 0 }
    }
}

impl Ledger {
    fn enter(&mut self, policy: &RetryPolicy, now: Instant) -> Entry {
        if let Some(pause) = &mut self.pause {
            let length = pause.opens - pause.begun;
            return if pause.asking {
                Entry::AfterNews
            } else if now >= pause.opens {
                pause.asking = true;
                Entry::Unknown
            } else if length > policy.patience || self.in_vain > policy.tries {
                Entry::Refused(pause.allowance, pause.opens - now)
            } else if !std::mem::replace(&mut pause.announced, true) {
                Entry::FirstOfPause(pause.allowance, pause.opens - now)
            } else {
                Entry::AfterPause(pause.opens)
            };
        }
        // The last answer told of one more at least, so one may always go.
        if self.under_way > 0 && self.left.is_some_and(|left| self.under_way >= left) {
            return Entry::AfterNews;
        }
        self.under_way += 1;
        Entry::Granted
    }

    fn told(&mut self, allowance: Option<Allowance>, mark: Mark, now: Instant) {
        // What was sent before a pause began may be answered after that, and tells of better times.
        let is_stale = self.pause.as_ref().is_some_and(|pause| mark.sent <= pause.begun);
        if is_stale {
            return;
        }
        let Some(allowance) = allowance else {
            self.left = self.left.filter(|_| self.pause.is_some());
            return;
        };
        if allowance.left > 0 {
            self.pause = None;
            self.in_vain = 0;
            // Those that were answered meanwhile may not be counted yet.
            self.left = Some(allowance.left.saturating_sub(self.spent - mark.spent));
        } else if self.pause.as_ref().is_none_or(|pause| now >= pause.opens) {
            let opens = now + allowance.pause(self.in_vain);
            self.in_vain += 1;
            self.pause =
                Some(Pause { allowance, begun: now, opens, announced: false, asking: false });
        }
    }

    fn settled(&mut self) {
        self.under_way -= 1;
        self.spent += 1;
    }

    /// The question for what is left is over. If it brought nothing, one request is to find out.
    fn asked(&mut self, now: Instant) {
        if self.pause.take_if(|pause| now >= pause.opens).is_some() {
            self.left = Some(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        tries: 3,
        first: Duration::ZERO,
        longest: Duration::ZERO,
        patience: Duration::from_secs(300),
    };

    fn allowance(left: u64) -> Allowance {
        let window = Some(Duration::from_secs(60));
        Allowance { left, limit: Some(6), window, reset: None }
    }

    fn told(left: u64) -> Option<Allowance> {
        Some(allowance(left))
    }

    fn entries(ledger: &mut Ledger, now: Instant, count: usize) -> Vec<Entry> {
        (0..count).map(|_| ledger.enter(&POLICY, now)).collect()
    }

    #[test]
    fn no_more_are_under_way_than_are_left() {
        let now = Instant::now();
        let mut ledger = Ledger::default();
        assert_eq!(entries(&mut ledger, now, 2), [Entry::Granted, Entry::AfterNews]);
        ledger.told(told(3), Mark { sent: now, spent: 0 }, now);
        ledger.settled();
        let three = [Entry::Granted, Entry::Granted, Entry::Granted, Entry::AfterNews];
        assert_eq!(entries(&mut ledger, now, 4), three);
        // An answer that was long under way does not know of those that came between.
        ledger.told(told(3), Mark { sent: now, spent: 0 }, now);
        assert_eq!(ledger.left, Some(2));
        ledger.told(told(0), Mark { sent: now, spent: 1 }, now);
        assert!(matches!(ledger.enter(&POLICY, now), Entry::FirstOfPause(..)));
    }

    #[test]
    fn where_no_quota_is_told_there_is_none() {
        let now = Instant::now();
        let mut ledger = Ledger::default();
        assert_eq!(ledger.enter(&POLICY, now), Entry::Granted);
        ledger.told(None, Mark { sent: now, spent: 0 }, now);
        assert!(entries(&mut ledger, now, 99).iter().all(|entry| *entry == Entry::Granted));
    }

    #[test]
    fn nothing_left_is_a_pause_and_then_a_question() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut ledger = Ledger::default();
        ledger.told(told(0), Mark { sent: at(0), spent: 0 }, at(1));
        let ten = Duration::from_secs(10);
        assert_eq!(
            entries(&mut ledger, at(1), 2),
            [Entry::FirstOfPause(allowance(0), ten), Entry::AfterPause(at(11))]
        );
        // Better times are over.
        ledger.told(told(5), Mark { sent: at(0), spent: 0 }, at(2));
        assert_eq!(ledger.enter(&POLICY, at(2)), Entry::AfterPause(at(11)));
        assert_eq!(entries(&mut ledger, at(11), 2), [Entry::Unknown, Entry::AfterNews]);
        // Nothing still: the next pause is longer.
        ledger.told(told(0), Mark { sent: at(11), spent: 0 }, at(11));
        ledger.asked(at(11));
        assert_eq!(ledger.enter(&POLICY, at(11)), Entry::FirstOfPause(allowance(0), ten * 2));
        // A question of somebody else is answered.
        ledger.told(told(2), Mark { sent: at(20), spent: 0 }, at(20));
        assert_eq!(
            entries(&mut ledger, at(20), 3),
            [Entry::Granted, Entry::Granted, Entry::AfterNews]
        );
    }

    #[test]
    fn a_question_without_an_answer_lets_one_find_out() {
        let start = Instant::now();
        let later = start + Duration::from_secs(10);
        let mut ledger = Ledger::default();
        ledger.told(told(0), Mark { sent: start, spent: 0 }, start);
        assert_eq!(ledger.enter(&POLICY, later), Entry::Unknown);
        ledger.asked(later);
        assert_eq!(entries(&mut ledger, later, 2), [Entry::Granted, Entry::AfterNews]);
    }

    #[test]
    fn patience_ends() {
        let start = Instant::now();
        let mut ledger = Ledger::default();
        let hour = Duration::from_secs(3600);
        let spent = Allowance { reset: Some(hour), ..allowance(0) };
        ledger.told(Some(spent), Mark { sent: start, spent: 0 }, start);
        assert_eq!(ledger.enter(&POLICY, start), Entry::Refused(spent, hour));

        let mut ledger = Ledger::default();
        let mut now = start;
        for _ in 0..4 {
            ledger.told(told(0), Mark { sent: now, spent: 0 }, now);
            now += Duration::from_secs(60);
        }
        let last = now - Duration::from_secs(60);
        assert!(matches!(ledger.enter(&POLICY, last), Entry::Refused(..)));
    }
}
