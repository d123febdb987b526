//! How much may go on at once: the limits that both ends of a copy share.

use std::num::NonZeroUsize;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use longshore::http::{RateLimit, TrafficOptions};

/// Flags that limit the traffic with registries.
#[derive(Args, Clone)]
#[command(next_help_heading = "Copying")]
pub(crate) struct TrafficArgs {
    /// The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for
    /// metadata, 16 downloads, 16 uploads]
    #[arg(long, alias = "max-per-registry", value_name = "N", env = "LONGSHORE_MAX_PER_HOST",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=256))]
    max_per_host: Option<usize>,
    /// The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with
    /// curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between
    #[arg(
        long = "limit-rate",
        value_name = "[HOST=]RATE",
        env = "LONGSHORE_LIMIT_RATE",
        value_delimiter = ','
    )]
    limits: Vec<RateLimit>,
}

impl TrafficArgs {
    pub(super) fn resolve(&self) -> TrafficOptions {
        TrafficOptions {
            max_per_host: self.max_per_host.and_then(NonZeroUsize::new),
            limits: self.limits.clone(),
            ..TrafficOptions::default()
        }
    }
}
