//! How images are copied: what the copying verbs have in common.

use clap::Args;
use clap::builder::RangedU64ValueParser;
use longshore::mirror::Mapping;
use longshore::model::PlatformFilter;
use longshore::ops::CopyRequest;
use longshore::transfer::{Attachments, CopyOptions, Selection};

use super::Access;

/// What one of the copying verbs is asked to do.
pub(crate) struct Copy {
    pub(crate) request: CopyRequest,
    pub(crate) source: Access,
    pub(crate) destination: Access,
}

/// Flags of all verbs that copy images.
#[derive(Args, Clone)]
#[command(next_help_heading = "Copying")]
pub(crate) struct TransferArgs {
    /// Take along what refers to the image: signatures, attestations, SBOMs, and cosign's tags
    #[arg(long)]
    pub(crate) referrers: bool,
    /// How many blobs are copied at the same time
    #[arg(long, value_name = "N", default_value_t = 6, env = "LONGSHORE_JOBS",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=64))]
    pub(crate) jobs: usize,
}

/// The platforms wanted.
#[derive(Args, Clone)]
#[command(next_help_heading = "Copying")]
pub(crate) struct PlatformArgs {
    /// Take only images of this platform; may be given several times [default: all platforms]
    #[arg(long = "platform", value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platforms: Vec<PlatformFilter>,
}

impl TransferArgs {
    /// What is to be copied, and how.
    pub(super) fn request(
        &self,
        mappings: Vec<Mapping>,
        platforms: Vec<PlatformFilter>,
    ) -> CopyRequest {
        let attachments =
            if self.referrers { Attachments::Referrers } else { Attachments::default() };
        CopyRequest {
            mappings,
            selection: Selection { platforms, attachments },
            options: CopyOptions { jobs: self.jobs },
        }
    }
}
