//! How images are copied: what the copying verbs have in common.

use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};
use longshore::http::TrafficOptions;
use longshore::mirror::Mapping;
use longshore::model::PlatformFilter;
use longshore::ops::CopyRequest;
use longshore::store::bundle::BundleOptions;
use longshore::store::{Durability, Resume, WriteOptions};
use longshore::transfer::{Attachments, CopyOptions};

use super::Access;
use super::traffic::TrafficArgs;

/// What one of the copying verbs is asked to do.
pub(crate) struct Copy {
    pub(crate) request: CopyRequest,
    pub(crate) source: Access,
    pub(crate) destination: Access,
    pub(crate) write: WriteOptions,
    pub(crate) bundle: BundleOptions,
    pub(crate) traffic: TrafficOptions,
}

/// Flags of all verbs that copy images.
#[derive(Args, Clone)]
#[command(next_help_heading = "Copying")]
pub(crate) struct TransferArgs {
    /// How many blobs are copied to one destination at the same time
    #[arg(long, value_name = "N", default_value_t = 16, env = "LONGSHORE_JOBS",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=64))]
    pub(crate) jobs: usize,
    /// Start over: leave alone what an interrupted run left, and leave nothing to continue
    #[arg(long)]
    pub(crate) no_resume: bool,
    #[command(flatten)]
    pub(crate) traffic: TrafficArgs,
}

/// Flags of `pull` and `push`.
#[derive(Args, Clone)]
#[command(next_help_heading = "Copying")]
pub(crate) struct ReferrerArgs {
    /// Take along what refers to the image: signatures, attestations, SBOMs, and cosign's tags
    #[arg(long)]
    referrers: bool,
}

impl ReferrerArgs {
    pub(super) fn attachments(&self) -> Attachments {
        if self.referrers { Attachments::All } else { Attachments::None }
    }
}

/// Flags of `mirror`.
#[derive(Args, Clone)]
#[command(next_help_heading = "Copying")]
pub(crate) struct MirrorReferrerArgs {
    /// Look for signatures, attestations, SBOMs and cosign's tags of images that are there already too; those of images
    /// that are copied go along anyway
    #[arg(long)]
    referrers: bool,
    /// Leave behind what refers to images
    #[arg(long, conflicts_with = "referrers")]
    no_referrers: bool,
}

impl MirrorReferrerArgs {
    pub(super) fn attachments(&self) -> Attachments {
        match (self.referrers, self.no_referrers) {
            (true, _) => Attachments::All,
            (false, true) => Attachments::None,
            (false, false) => Attachments::New,
        }
    }
}

/// Flags of the verbs that can write local copies.
#[derive(Args, Clone)]
#[command(next_help_heading = "Copying")]
pub(crate) struct LocalArgs {
    /// When local copies are made safe from power failures: at each blob (always), at the end of each image (batch), or
    /// never (off), for copies that can be made anew
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        env = "LONGSHORE_FSYNC",
        hide_possible_values = true
    )]
    fsync: Fsync,
}

/// When local copies are made durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Fsync {
    /// At each blob
    Always,
    /// At the end of each image
    #[default]
    Batch,
    /// Never
    Off,
}

impl From<Fsync> for Durability {
    fn from(fsync: Fsync) -> Self {
        match fsync {
            Fsync::Always => Self::Always,
            Fsync::Batch => Self::Batch,
            Fsync::Off => Self::Off,
        }
    }
}

/// The platforms wanted.
#[derive(Args, Clone)]
#[command(next_help_heading = "Copying")]
pub(crate) struct PlatformArgs {
    /// Take only images of this platform; may be given several times [default: all platforms]
    #[arg(long = "platform", value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platforms: Vec<PlatformFilter>,
}

impl LocalArgs {
    /// How a local copy is written.
    pub(super) fn write(&self, resume: Resume) -> WriteOptions {
        WriteOptions { durability: self.fsync.into(), resume }
    }
}

impl TransferArgs {
    /// What becomes of work that an earlier run left half-done.
    pub(super) fn resume(&self) -> Resume {
        if self.no_resume { Resume::Afresh } else { Resume::Continue }
    }

    /// What is to be copied, and how.
    pub(super) fn request(&self, mappings: Vec<Mapping>, attachments: Attachments) -> CopyRequest {
        let options = CopyOptions { jobs: self.jobs, ..CopyOptions::default() };
        CopyRequest { mappings, attachments, options, ..CopyRequest::default() }
    }
}
