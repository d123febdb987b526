//! Flags of `oc image mirror`: what is left out, skipped or put again.

use std::path::{Path, PathBuf};

use clap::Args;
use longshore::mirror::Line;
use longshore::mirror::plan::Lock;
use longshore::model::PlatformFilter;
use longshore::session::Trust;
use longshore::store::Ignoring;
use longshore::transfer::Lists;

use super::chain;

/// The flags, under the names that they have there.
#[derive(Args)]
#[command(next_help_heading = "Copying")]
pub(crate) struct RuleArgs {
    /// Take only images in whose OS/ARCH[/VARIANT] this regular expression is found; .* is all
    #[arg(long, value_name = "REGEX", value_parser = os_filter, conflicts_with = "platforms")]
    filter_by_os: Option<OsFilter>,
    /// Where only some platforms are taken: keep the index and its digest all the same, without the other images. Not
    /// every registry takes such an index
    #[arg(long)]
    keep_manifest_list: bool,
    /// Skip images that are not there, by tag or by digest, and say so; a part that is missing is still a failure, and so
    /// is an image that the registry denies, which may be there
    #[arg(long)]
    skip_missing: bool,
    /// Put again what is there already: every blob and every manifest
    #[arg(long)]
    force: bool,
    /// Never take blobs over from another repository of the registry
    #[arg(long)]
    skip_mount: bool,
    /// Accepted as with oc: an image that fails never stops the others anyway
    #[arg(long)]
    continue_on_error: bool,
    /// Folder that sources as in file://org/app:v1 are below [default: the current one]
    #[arg(long, value_name = "DIR")]
    from_dir: Option<PathBuf>,
    /// Folder that destinations as in file://org/app:v1 are below [default: the current one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// At both ends: verify no certificate, and speak HTTP to a registry that has no TLS
    #[arg(long, help_heading = "Registry access")]
    insecure: bool,
}

/// What `--filter-by-os` wants.
#[derive(Clone, Debug)]
enum OsFilter {
    All,
    Some(PlatformFilter),
}

fn os_filter(text: &str) -> Result<OsFilter, String> {
    match text {
        ".*" => Ok(OsFilter::All),
        pattern => PlatformFilter::like(pattern).map(OsFilter::Some).map_err(chain),
    }
}

/// What becomes of an image that is not at its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Missing {
    #[default]
    Failed,
    Skipped,
}

impl RuleArgs {
    pub(super) fn lists(&self) -> Lists {
        if self.keep_manifest_list { Lists::Kept } else { Lists::Reduced }
    }

    pub(super) fn missing(&self) -> Missing {
        if self.skip_missing { Missing::Skipped } else { Missing::Failed }
    }

    pub(super) fn ignoring(&self) -> Option<Ignoring> {
        match (self.force, self.skip_mount) {
            (true, _) => Some(Ignoring::Everything),
            (false, true) => Some(Ignoring::Mounts),
            (false, false) => None,
        }
    }

    pub(super) fn trust(&self) -> Trust {
        if self.insecure { Trust::Waived } else { Trust::Verified }
    }

    /// `line`, with what it has in folders of repositories where it is.
    pub(super) fn place(&self, line: Line) -> Line {
        let [from, to] = self.roots();
        line.below(from, to)
    }

    /// The folders of repositories of sources and of destinations.
    fn roots(&self) -> [&Path; 2] {
        [&self.from_dir, &self.dir].map(|dir| dir.as_deref().unwrap_or(Path::new("")))
    }

    /// The same for a plan.
    pub(super) fn place_all(&self, mut lock: Lock) -> Lock {
        let [from, to] = self.roots();
        for image in &mut lock.images {
            image.source = image.source.clone().below(from);
            for place in &mut image.destinations {
                place.name = place.name.clone().below(to);
            }
        }
        lock
    }

    /// Whether folders of repositories are named.
    pub(super) fn are_placed(&self) -> bool {
        self.from_dir.is_some() || self.dir.is_some()
    }

    /// The platforms that are wanted, if that is told, where `given` are those of `--platform`.
    pub(crate) fn platforms(&self, given: &[PlatformFilter]) -> Option<Vec<PlatformFilter>> {
        match &self.filter_by_os {
            Some(OsFilter::Some(filter)) => Some(vec![filter.clone()]),
            Some(OsFilter::All) => Some(Vec::new()),
            None => (!given.is_empty()).then(|| given.to_vec()),
        }
    }
}
