//! `mirror`.

use std::path::PathBuf;

use clap::Args;
use longshore::http::RetryPolicy;
use longshore::mirror::plan::Lock;
use longshore::mirror::{Line, Root};
use longshore::model::Endpoint;
use longshore::ops::{CopyRequest, SignatureStore, UpdateGraph};
use longshore::session::Trust;
use longshore::shard::Shard;
use longshore::store::Ignoring;
use longshore::store::bundle::BundleOptions;

use super::access::{DestinationArgs, RetryArgs, SourceArgs};
use super::bundle::BundleArgs;
use super::discreet::Discreet;
use super::plan::PlanningArgs;
use super::report::ReportArgs;
use super::rules::{Missing, RuleArgs};
use super::transfer::{Copy, LocalArgs, MirrorReferrerArgs, PlatformArgs, TransferArgs};
use super::{ShardArgs, UsageError, chain, endpoint};

const EXAMPLES: &str = "\
Examples:
  longshore mirror quay.io/org/app:v1 registry.local/org/app:v1
  longshore mirror quay.io/org/app:v1 one.local/app:v1 two.local/app:v1 oci:backup:v1
  longshore mirror quay.io/org/a:v1=reg.local/a:v1 quay.io/org/b:v1=reg.local/b:v1
  longshore mirror 'quay.io/org/app:v1.*' registry.local/org/app
  longshore mirror -f mappings.txt --dest-creds 'org+robot' --no-referrers
  longshore mirror quay.io/org/app:v1 file://org/app:v1 --dir usb
  longshore mirror --filter-by-os '^linux/(amd64|arm64)' --keep-manifest-list SRC DST
  longshore mirror -f - --src-authfile pull-secret.yaml < mappings.txt
  longshore mirror -c longshore.yaml
  longshore mirror -c imageset-config.yaml registry.local/mirror
  longshore mirror -c imageset-config.yaml --update-graph graph.json registry.local/mirror
  longshore mirror quay.io/org/app:v1 bundle:/media/usb
  longshore mirror --have receipt.json quay.io/org/app:v2 bundle:/media/usb
  longshore mirror --split 4GiB quay.io/org/app:v1 bundle:/media/parts
  longshore mirror --from bundle:/media/usb registry.local/ns
  longshore mirror -f mappings.txt --dry-run
  longshore mirror -f mappings.txt --plan mirror.lock
  longshore mirror --apply mirror.lock
  longshore mirror --apply mirror.lock --shard 0/8
  longshore mirror -c longshore.yaml --shard auto/8 --report 'shard-$(JOB_COMPLETION_INDEX).json'

A mirror file may be as plain as this; 'longshore schema mirror' prints all that it can say:
  version: 1
  root: registry.local/mirror
  images:
  - quay.io/org/app:v1
  - {source: quay.io/org/tool, tags: ['v1.*', '!*-rc'], to: registry.local/tools/tool}

A mapping file has one mapping per line, SRC=DST or SRC DST [DST…]; # starts a comment.
With * in its tag a source is all tags that match, and a repository without a tag is all its
tags; the destination is a repository then. file://REPOSITORY[:TAG] is in a folder as
'oc image mirror' writes it.

Of an ImageSetConfiguration platform, additionalImages, blockedImages and archiveSize are read; what
else it asks for is refused. An image quay.io/org/app:v1 of it goes to ROOT/org/app:v1, unless it has a
targetRepo or a targetTag; one that is named by digest alone gets the tag image-HEX.
The images of a release go to ROOT/openshift/release:VERSION-ARCH-COMPONENT, and its payload to
ROOT/openshift/release-images:VERSION-ARCH.

A bundle carries images over an air gap: an OCI image layout, with a list of what is in it and a
sum of each file. Images have there the names that they will have below ROOT. With --split its blobs
are in tar files, bundle-000001.tar and so on; SIZE has a unit as split(1) has it: 4GiB or 4G,
4700MB. A bundle that is there keeps the size that it has.";

/// Copy images between any two places, with every digest kept
///
/// Sources and destinations are registries, layouts and archives alike. All images are tried; those that fail are
/// named at the end. Prints digest and destination of each image that is there.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MirrorArgs {
    /// SRC DST [DST…], or any number of SRC=DST; with --config or --from, the ROOT that all goes to:
    /// REGISTRY[/NAMESPACE], oci:DIR or bundle:DIR
    #[arg(value_name = "MAPPING", required_unless_present_any = ["filenames", "config", "apply"])]
    pub(crate) mappings: Vec<String>,
    /// Read mappings from a file, after those of the arguments; - is standard input; may be given several times
    #[arg(short, long = "filename", value_name = "FILE")]
    pub(crate) filenames: Vec<PathBuf>,
    /// Read what goes where from a mirror file ('version: 1'), or a set of images from an ImageSetConfiguration
    /// (mirror.openshift.io/v2alpha1), as oc-mirror reads it; - is standard input. With --from and --apply a mirror file
    /// says how registries are reached
    #[arg(short, long, value_name = "FILE", conflicts_with = "filenames")]
    pub(crate) config: Option<PathBuf>,
    /// Where the update graph comes from that tells which releases a channel has: an update service, or a file with its
    /// answer [default: UPDATE_URL_OVERRIDE, or the public services of OpenShift and OKD]
    #[arg(long, value_name = "URL|FILE", value_parser = Discreet::<UpdateGraph>::new(), requires = "config")]
    pub(crate) update_graph: Option<UpdateGraph>,
    /// Import a bundle: all of it is verified before anything is written
    #[arg(long, value_name = "bundle:DIR", value_parser = bundle,
          conflicts_with_all = ["filenames", "force", "skip_missing"])]
    pub(crate) from: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) bundle: BundleArgs,
    #[command(flatten)]
    pub(crate) planning: PlanningArgs,
    #[command(flatten)]
    pub(crate) shard: ShardArgs,
    #[command(flatten)]
    pub(crate) platforms: PlatformArgs,
    #[command(flatten)]
    pub(crate) rules: RuleArgs,
    #[command(flatten)]
    pub(crate) referrers: MirrorReferrerArgs,
    #[command(flatten)]
    pub(crate) transfer: TransferArgs,
    #[command(flatten)]
    pub(crate) local: LocalArgs,
    #[command(flatten)]
    pub(crate) reports: ReportArgs,
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

fn bundle(text: &str) -> Result<PathBuf, String> {
    match endpoint(text)? {
        Endpoint::Bundle { dir, name: None } => Ok(dir),
        _ => Err("expected bundle:DIR".to_owned()),
    }
}

/// What `mirror` is asked to do with mappings.
pub(crate) struct MirrorRequest {
    pub(crate) lines: Vec<Line>,
    pub(crate) mirroring: Mirroring,
}

/// How it is told what became of the images.
#[derive(Clone, Default)]
pub(crate) struct Telling {
    pub(crate) missing: Missing,
    /// The file for the mappings that failed.
    pub(crate) failures: Option<PathBuf>,
    pub(crate) reports: ReportArgs,
    /// Where signatures of releases come from, besides the folder of an earlier run.
    pub(crate) signatures: Option<SignatureStore>,
    pub(crate) retry: RetryPolicy,
    /// Which part of the work was done; all, when there is none.
    pub(crate) shard: Option<Shard>,
}

/// How a mirror is made, whatever is in it.
pub(crate) struct Mirroring {
    pub(crate) telling: Telling,
    pub(crate) ignoring: Option<Ignoring>,
    pub(crate) trust: Trust,
    /// All but the mappings.
    pub(crate) copy: Copy,
}

impl Mirroring {
    /// The same as one part of the work, if it is one.
    pub(crate) fn with_shard(mut self, shard: Option<Shard>) -> Self {
        self.telling.shard = shard;
        self
    }

    /// The same, with what the files say that flags for bundles name.
    pub(crate) fn with(self, bundle: BundleOptions) -> Self {
        Self { copy: Copy { bundle, ..self.copy }, ..self }
    }
}

impl MirrorArgs {
    /// Where a set or a bundle goes, for which a file may have `written` a root.
    pub(crate) fn root_or(&self, written: Option<&Root>) -> Result<Root, UsageError> {
        let nowhere = || UsageError("a set or a bundle needs a ROOT to go to".to_owned());
        self.given_root()?.or(written.cloned()).ok_or_else(nowhere)
    }

    /// Where all goes, if that is told.
    pub(crate) fn given_root(&self) -> Result<Option<Root>, UsageError> {
        match self.mappings.as_slice() {
            [] => Ok(None),
            [root] => root.parse().map(Some).map_err(|error| UsageError(chain(error))),
            _ => Err(UsageError(
                "what a file or a bundle holds goes to one place: --config FILE [ROOT], --from bundle:DIR ROOT"
                    .into(),
            )),
        }
    }

    /// Refuses what is not for a part of the work.
    pub(crate) fn check_shard(&self) -> Result<(), UsageError> {
        let refused = match self.shard.shard {
            None => return Ok(()),
            Some(_) if self.planning.is_written() => {
                "a plan is for all shards: make it once, without --shard, and give it to each: --apply FILE --shard 0/8"
            }
            Some(_) if self.from.is_some() => {
                "a bundle is imported by one run: it is verified as a whole before anything is written; leave out --shard"
            }
            Some(_) if self.reports.cluster_resources.is_some() => {
                "a shard knows its part of the mirror alone: when all shards are done, run once more without --shard and \
                 with --cluster-resources; nothing is copied again"
            }
            Some(_) => return Ok(()),
        };
        Err(UsageError(refused.to_owned()))
    }

    /// Refuses what a set of images says itself.
    pub(crate) fn check_set(&self) -> Result<(), UsageError> {
        if self.rules.platforms(&self.platforms.platforms).is_some() || self.rules.are_placed() {
            let text = "an ImageSetConfiguration says itself what is wanted: --platform, --filter-by-os, --from-dir and --dir are not for it";
            return Err(UsageError(text.to_owned()));
        }
        Ok(())
    }

    /// Refuses what is for sets of images alone.
    pub(crate) fn check_file(&self) -> Result<(), UsageError> {
        match &self.update_graph {
            Some(_) => Err(UsageError("--update-graph is for an ImageSetConfiguration".into())),
            None => Ok(()),
        }
    }

    /// `lines` are those that the arguments, and the files that they name, hold. Platforms of the command line are for all
    /// of them.
    pub(crate) fn resolve(self, lines: Vec<Line>) -> Result<MirrorRequest, UsageError> {
        if lines.is_empty() {
            return Err(UsageError("there is no mapping to work on".into()));
        }
        let wanted = self.rules.platforms(&self.platforms.platforms);
        let lines = lines.into_iter().map(|line| Line {
            platforms: wanted.clone().unwrap_or(line.platforms.clone()),
            ..self.rules.place(line)
        });
        Ok(MirrorRequest { lines: lines.collect(), mirroring: self.mirroring() })
    }

    /// `lock`, with what it has in folders of repositories where it is.
    pub(crate) fn place(&self, lock: Lock) -> Lock {
        self.rules.place_all(lock)
    }

    /// How it is to be done, but for what is in the files that flags for bundles name.
    pub(crate) fn mirroring(self) -> Mirroring {
        let request = self.transfer.request(Vec::new(), self.referrers.attachments());
        // Bundles are imported where there is no network.
        let public = self.from.is_none().then(SignatureStore::default);
        let copy = Copy {
            bundle: BundleOptions::default(),
            write: self.local.write(self.transfer.resume()),
            traffic: self.transfer.traffic.resolve(),
            request: CopyRequest { lists: self.rules.lists(), ..request },
            source: self.source.resolve(self.authfile.clone(), self.retry),
            destination: self.destination.resolve(self.authfile, self.retry),
        };
        Mirroring {
            telling: Telling {
                missing: self.rules.missing(),
                failures: self.bundle.failed,
                signatures: self.reports.release_signatures.clone().or(public),
                retry: copy.source.retry,
                shard: None,
                reports: self.reports,
            },
            ignoring: self.rules.ignoring(),
            trust: self.rules.trust(),
            copy,
        }
    }
}
