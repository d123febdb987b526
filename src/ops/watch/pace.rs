//! Registries are not asked too often, and not by too many at once.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::imagestream::ImageStreamImport;
use crate::imagestream::api::ObjectReference;
use crate::model::{ImageName, one_line};

/// How many streams are imported from one registry at once. Within an import the client keeps to limits of its own.
const PER_REGISTRY: usize = 2;
/// How many streams are imported at once.
const AT_ONCE: usize = 16;
/// The least time between two rounds.
const SHORTEST: Duration = Duration::from_secs(10);
/// The longest time over which the imports of a round begin.
const WIDEST: Duration = Duration::from_secs(60);

/// The time between two rounds: `15m`, `1h`, `90s`. A cluster's own is 15 minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval(Duration);

/// Why a text is no interval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntervalError {
    /// Not a time.
    #[error("'{0}' is not a time: expected one like 15m, 1h or 90s")]
    Form(String),
    /// Too short.
    #[error("registries are not asked more often than every {} s", SHORTEST.as_secs())]
    Short,
}

impl Interval {
    /// The time, a little shorter or longer: those who began together do not stay together.
    pub(super) fn jittered(self) -> Duration {
        self.0.mul_f64(0.95 + 0.1 * fastrand::f64())
    }

    /// Over which time the imports of a round begin.
    pub(super) fn spread(self) -> Duration {
        (self.0 / 10).min(WIDEST)
    }
}

impl FromStr for Interval {
    type Err = IntervalError;

    fn from_str(text: &str) -> Result<Self, IntervalError> {
        let form = || IntervalError::Form(one_line(text, 80));
        let time: SignedDuration = text.parse().map_err(|_| form())?;
        let time = Duration::try_from(time).map_err(|_| form())?;
        // A year: what is longer can overflow sums of times.
        if time < SHORTEST { Err(IntervalError::Short) } else { Ok(Self(time.min(YEAR))) }
    }
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// A turn at registries: it ends when this is dropped.
pub(super) struct Turn(
    #[expect(dead_code, reason = "held, not looked at")] Vec<OwnedSemaphorePermit>,
);

/// Who may import now.
pub(super) struct Lanes {
    all: Arc<Semaphore>,
    registries: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Default for Lanes {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE)), registries: Mutex::default() }
    }
}

impl Lanes {
    /// Waits for a turn at each registry that `import` asks. All come to the registries in the same order: nobody waits
    /// in a circle.
    pub(super) async fn enter(&self, import: &ImageStreamImport) -> Turn {
        let mut permits = Vec::new();
        for registry in registries(import) {
            permits.extend(self.lane(registry).acquire_owned().await);
        }
        permits.extend(Arc::clone(&self.all).acquire_owned().await);
        Turn(permits)
    }

    fn lane(&self, registry: String) -> Arc<Semaphore> {
        let mut lanes = self.registries.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(registry).or_insert_with(|| Arc::new(Semaphore::new(PER_REGISTRY)));
        Arc::clone(lane)
    }
}

fn registries(import: &ImageStreamImport) -> BTreeSet<String> {
    let repository = import.spec.repository.iter().map(|repository| &repository.from);
    import.spec.images.iter().map(|image| &image.from).chain(repository).map(registry).collect()
}

fn registry(from: &ObjectReference) -> String {
    match from.name.parse() {
        Ok(ImageName::Qualified(image)) => image.repository.registry().as_str().to_owned(),
        Ok(ImageName::Short { .. }) | Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_a_time_that_is_long_enough() {
        for (text, seconds) in
            [("15m", 900), ("1h", 3600), ("90s", 90), ("1h30m", 5400), ("10s", 10)]
        {
            assert_eq!(text.parse(), Ok(Interval(Duration::from_secs(seconds))), "{text}");
        }
        for text in ["9s", "0s", "1ms"] {
            assert_eq!(text.parse::<Interval>(), Err(IntervalError::Short), "{text}");
        }
        for text in ["", "15", "-15m", "soon", "1 fortnight"] {
            assert!(matches!(text.parse::<Interval>(), Err(IntervalError::Form(_))), "{text}");
        }
        assert_eq!("9999999h".parse(), Ok(Interval(YEAR)));
    }

    #[test]
    fn rounds_come_a_little_sooner_or_later() {
        let interval = Interval(Duration::from_secs(1000));
        let times: Vec<f64> = (0..1000).map(|_| interval.jittered().as_secs_f64()).collect();
        assert!(times.iter().all(|time| (950.0..=1050.0).contains(time)));
        let early = times.iter().any(|time| *time < 970.0);
        assert!(early && times.iter().any(|time| *time > 1030.0));
    }

    #[test]
    fn the_imports_of_a_round_begin_over_a_tenth_of_it_or_a_minute() {
        for (interval, spread) in [(10, 1), (300, 30), (600, 60), (900, 60), (86400, 60)] {
            let interval = Interval(Duration::from_secs(interval));
            assert_eq!(interval.spread(), Duration::from_secs(spread), "{interval:?}");
        }
    }
}
