//! What all clients of a run share: how many requests each registry gets at once, which hosts want rest, and memory.
//!
//! Source and destination of a copy have clients of their own, though they may be the same registry: it is given no
//! more than its share by both together.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use super::Purpose;
use super::memory::Memory;
use super::place::Lane;
use super::retry::Gates;
use super::tuner::{BULK, METADATA, Measure};

/// How much there may be at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrafficOptions {
    /// The most requests of each [`Purpose`] under way with one registry. How many there are is found out; by default never
    /// more than 32 for metadata, 16 downloads and 16 uploads.
    pub max_per_host: Option<NonZeroUsize>,
}

/// What all clients of a run share.
#[derive(Default)]
pub struct Traffic {
    options: TrafficOptions,
    pub(super) gates: Arc<Gates>,
    pub(super) memory: Memory,
    lanes: Mutex<HashMap<String, Arc<Lanes>>>,
}

impl Traffic {
    /// Traffic within the limits of `options`.
    #[must_use]
    pub fn new(options: TrafficOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// The lanes of `host` (`host[:port]`), the same for all who ask.
    pub(super) fn lanes(&self, host: &str) -> Arc<Lanes> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lanes = lanes.entry(host.to_owned());
        Arc::clone(lanes.or_insert_with(|| Arc::new(Lanes::new(&self.options))))
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
    fn new(options: &TrafficOptions) -> Self {
        let lane = |purpose, measure: Measure| {
            let cap = options.max_per_host.map_or(measure.cap, NonZeroUsize::get);
            Lane::new(purpose, measure, cap)
        };
        Self {
            metadata: lane(Purpose::Metadata, METADATA),
            download: lane(Purpose::Download, BULK),
            upload: lane(Purpose::Upload, BULK),
        }
    }

    pub(super) fn of(&self, purpose: Purpose) -> &Arc<Lane> {
        match purpose {
            Purpose::Metadata => &self.metadata,
            Purpose::Download => &self.download,
            Purpose::Upload => &self.upload,
        }
    }
}
