//! `delete`.

use std::path::PathBuf;

use clap::Args;
use longshore::http::TrafficOptions;
use longshore::mirror::Images;

use super::traffic::TrafficArgs;
use super::{Access, AccessArgs, UsageError, images};

const EXAMPLES: &str = "\
Examples:
  longshore delete --generate old.txt 'registry.local/org/app:nightly-*'
  longshore delete --generate old.txt registry.local/org/app:v1 registry.local/org/other
  longshore delete --execute old.txt
  longshore delete --execute old.txt --max-delete 500

The first step writes a list of tags and manifests and changes nothing. Read it, and take out what is to stay. The second
step compares each line with what is there by then: a tag that has moved, and a manifest that a tag needs, stay. What is
gone already is no error, so a run that was stopped goes on when it is started again.

A registry gives space back when it collects its garbage, not before.";

/// Delete tags and manifests in two steps: write a list, then carry it out
///
/// Manifests in a deleted index go with it, and signatures and other referrers with what they refer to, unless something
/// that stays needs them. A tag that shares its manifest with one that stays is taken away alone, where the registry can do
/// that.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DeleteImagesArgs {
    /// Images to delete: REPOSITORY:TAG, with * for any characters, REPOSITORY@DIGEST, or REPOSITORY with all its tags
    #[arg(value_name = "IMAGE", value_parser = images, required_unless_present = "execute",
          conflicts_with = "execute")]
    images: Vec<Images>,
    /// Write the list to a new file; - is standard output
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "execute",
        conflicts_with = "execute"
    )]
    generate: Option<PathBuf>,
    /// Delete what this list says; - is standard input
    #[arg(long, value_name = "FILE")]
    execute: Option<PathBuf>,
    /// Delete nothing when the list is longer than this
    #[arg(long, value_name = "N", default_value_t = 100)]
    max_delete: usize,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    traffic: TrafficArgs,
}

/// One of the two steps.
pub(crate) enum Step {
    /// Write a list.
    Generate { images: Vec<Images>, file: PathBuf },
    /// Carry it out.
    Execute { file: PathBuf, max: usize },
}

/// What is to be deleted, and how it is reached.
pub(crate) struct Delete {
    pub(crate) step: Step,
    pub(crate) access: Access,
    pub(crate) traffic: TrafficOptions,
}

impl DeleteImagesArgs {
    pub(crate) fn resolve(self) -> Result<Delete, UsageError> {
        let step = match (self.execute, self.generate) {
            (Some(file), _) => Step::Execute { file, max: self.max_delete },
            (None, Some(file)) => Step::Generate { images: self.images, file },
            (None, None) => return Err(UsageError("say --generate or --execute".into())),
        };
        let (access, traffic) = (self.access.resolve(), self.traffic.resolve());
        Ok(Delete { step, access, traffic })
    }
}
