//! What all clients of a run share: how many requests each registry gets at once, how fast bytes come and go, which hosts
//! want rest, and memory.
//!
//! Source and destination of a copy have clients of their own, though they may be the same registry: it is given no
//! more than its share by both together.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use super::memory::Memory;
use super::rate::{RateLimit, RateLimiter, Throttle};
use super::request::Purpose;
use super::retry::Gates;
use super::slot::Lane;
use super::tuner::{BULK, METADATA, Measure};
use crate::model::{Rate, Registry};

/// How much there may be at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrafficOptions {
    /// The most requests of each [`Purpose`] under way with one registry. How many there are is found out; by default never
    /// more than 32 for metadata, 16 downloads and 16 uploads.
    pub max_per_host: Option<NonZeroUsize>,
    /// The same for single registries, where it is said for none else.
    pub max_per_registry: HashMap<Registry, NonZeroUsize>,
    /// How fast bytes may come and go. Of several for the same registry, or for all, the last counts.
    pub limits: Vec<RateLimit>,
}

impl TrafficOptions {
    /// The most bytes that all registries together get in a second, when that is limited.
    #[must_use]
    pub fn bytes_per_second(&self) -> Option<u64> {
        self.rate(None).map(Rate::get)
    }

    fn rate(&self, registry: Option<&Registry>) -> Option<Rate> {
        let limits = self.limits.iter().rev();
        limits.filter(|limit| limit.registry.as_ref() == registry).map(|limit| limit.rate).next()
    }
}

/// What all clients of a run share.
#[derive(Default)]
pub struct Traffic {
    options: TrafficOptions,
    pub(super) gates: Arc<Gates>,
    pub(super) memory: Memory,
    /// What all downloads together are kept to, and all uploads.
    down: Option<Arc<Throttle>>,
    up: Option<Arc<Throttle>>,
    lanes: Mutex<HashMap<Registry, Arc<Lanes>>>,
}

impl Traffic {
    /// Traffic within the limits of `options`.
    #[must_use]
    pub fn new(options: TrafficOptions) -> Self {
        let total = || options.rate(None).map(Throttle::new);
        Self { down: total(), up: total(), options, ..Self::default() }
    }

    /// The lanes of `registry`, the same for all who ask.
    pub(super) fn lanes(&self, registry: &Registry) -> Arc<Lanes> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lanes = lanes.entry(registry.clone());
        Arc::clone(lanes.or_insert_with(|| Arc::new(self.open(registry))))
    }

    fn open(&self, registry: &Registry) -> Lanes {
        let lane = |purpose, measure: Measure, limiter| {
            let own = self.options.max_per_registry.get(registry).copied();
            let cap = self.options.max_per_host.or(own).map_or(measure.cap, NonZeroUsize::get);
            Lane::new(purpose, measure, cap, limiter)
        };
        let limiter = |total: &Option<Arc<Throttle>>| {
            let own = self.options.rate(Some(registry)).map(Throttle::new);
            RateLimiter::new(own.into_iter().chain(total.clone()))
        };
        Lanes {
            metadata: lane(Purpose::Metadata, METADATA, RateLimiter::default()),
            download: lane(Purpose::Download, BULK, limiter(&self.down)),
            upload: lane(Purpose::Upload, BULK, limiter(&self.up)),
        }
    }
}

impl fmt::Debug for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traffic").field("options", &self.options).finish_non_exhaustive()
    }
}

/// One lane for each kind of request to a registry.
pub(super) struct Lanes {
    metadata: Arc<Lane>,
    download: Arc<Lane>,
    upload: Arc<Lane>,
}

impl Lanes {
    pub(super) fn of(&self, purpose: Purpose) -> &Arc<Lane> {
        match purpose {
            Purpose::Metadata => &self.metadata,
            Purpose::Download => &self.download,
            Purpose::Upload => &self.upload,
        }
    }
}
