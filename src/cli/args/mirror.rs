//! `mirror`.

use std::collections::HashSet;
use std::path::PathBuf;

use clap::Args;
use longshore::mirror::Mapping;
use longshore::ops::{Pair, pairs};

use super::UsageError;
use super::access::{DestinationArgs, RetryArgs, SourceArgs};
use super::transfer::{Copy, LocalArgs, PlatformArgs, TransferArgs};

const EXAMPLES: &str = "\
Examples:
  longshore mirror quay.io/org/app:v1 registry.local/org/app:v1
  longshore mirror quay.io/org/app:v1 one.local/app:v1 two.local/app:v1 oci:backup:v1
  longshore mirror quay.io/org/a:v1=reg.local/a:v1 quay.io/org/b:v1=reg.local/b:v1
  longshore mirror -f mappings.txt --dest-creds 'org+robot' --referrers
  longshore mirror -f - --src-authfile pull-secret.yaml < mappings.txt

A mapping file has one mapping per line, SRC=DST or SRC DST [DST…]; # starts a comment.";

/// Copy images between any two places, with every digest kept
///
/// Sources and destinations are registries, layouts and archives alike. All images are tried; those that fail are
/// named at the end. Prints digest and destination of each image that is there.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MirrorArgs {
    /// SRC DST [DST…], or any number of SRC=DST
    #[arg(
        value_name = "MAPPING",
        required_unless_present = "filename",
        conflicts_with = "filename"
    )]
    pub(crate) mappings: Vec<String>,
    /// Read mappings from a file; - is standard input
    #[arg(short, long, value_name = "FILE")]
    pub(crate) filename: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) platforms: PlatformArgs,
    #[command(flatten)]
    pub(crate) transfer: TransferArgs,
    #[command(flatten)]
    pub(crate) local: LocalArgs,
    /// Auth file to read logins from
    #[arg(
        short = 'a',
        long,
        alias = "registry-config",
        value_name = "FILE",
        help_heading = "Registry access"
    )]
    pub(crate) authfile: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) retry: RetryArgs,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) destination: DestinationArgs,
}

impl MirrorArgs {
    /// `mappings` are those that the arguments, or the file that they name, hold.
    pub(crate) fn resolve(self, mut mappings: Vec<Mapping>) -> Result<Copy, UsageError> {
        if mappings.is_empty() {
            return Err(UsageError("there is no mapping to work on".into()));
        }
        for mapping in &mut mappings {
            mapping.platforms.clone_from(&self.platforms.platforms);
        }
        let pairs = pairs(&mappings);
        let mut named = HashSet::new();
        for Pair { source, destination, .. } in &pairs {
            if source == destination {
                return Err(UsageError(format!("{source} is both source and destination")));
            }
            if !named.insert(destination) {
                return Err(UsageError(format!("{destination} is named as a destination twice")));
            }
        }
        Ok(Copy {
            write: self.local.write(self.transfer.resume()),
            traffic: self.transfer.traffic.resolve(),
            request: self.transfer.request(mappings),
            source: self.source.resolve(self.authfile.clone(), self.retry),
            destination: self.destination.resolve(self.authfile, self.retry),
        })
    }
}
