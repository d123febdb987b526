//! `tag-sync`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use longshore::mirror::{Namespace, Place};
use longshore::model::{Endpoint, Tag};
use longshore::ops::CopyRequest;
use longshore::shard::WantedShard;
use longshore::store::bundle::BundleOptions;
use longshore::tagsync::Schedule;
use longshore::transfer::Attachments;

use super::access::{DestinationArgs, RetryArgs, SourceArgs};
use super::transfer::{Copy, LocalArgs, TransferArgs};
use super::{UsageError, endpoint};

const EXAMPLES: &str = "\
Examples:
  longshore tag-sync check
  longshore tag-sync run tag-sync.yaml --report report.json --junit report.xml
  longshore tag-sync update && git diff tag-sync.lock
  longshore tag-sync run --locked
  longshore tag-sync watch /etc/longshore/tag-sync.yaml --metrics 9100
  longshore tag-sync explain registry.local/org/app:v1.2
  longshore tag-sync run --format regsync regsync.yml
  longshore tag-sync run --format skopeo sync.yaml --to registry.local/mirror
  longshore tag-sync run --shard auto/8

A file of rules may be as plain as this; 'longshore schema tag-sync' prints all that it can say:
  version: 1
  rules:
  - source: quay.io/org/app
    to: registry.local/org/app
    tags: {allow: ['v*'], deny: ['*-rc*'], semver: '>=1.2', newest: 5}
    prune: tags
    schedule: 15m
  - {source: quay.io/org/, to: registry.local/org/, schedule: '0 3 * * *', time-zone: Europe/Berlin}";

/// Keep tags of many repositories in step with their upstream, by the rules of a file
///
/// Rules choose tags by patterns, versions, age and number, rename them, and may take away what is not chosen any more.
/// Nothing is written before all is known that a rule needs; a run that is stopped goes on where it was.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TagSyncArgs {
    #[command(subcommand)]
    pub(crate) verb: TagSyncVerb,
}

#[derive(Subcommand)]
pub(crate) enum TagSyncVerb {
    Check(Box<CheckArgs>),
    Run(Box<RunArgs>),
    Watch(Box<WatchArgs>),
    Explain(Box<ExplainArgs>),
    Update(Box<UpdateArgs>),
    Undo(Box<UndoArgs>),
}

/// Show what a run would change, with bytes; exit code 10 when that is anything
#[derive(Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// Bring what is missing, and take away what no rule chooses where a rule says so
#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
    /// Show what would be changed, with bytes, and change nothing
    #[arg(long, conflicts_with_all = ["report", "junit", "failed", "github_summary"])]
    pub(crate) dry_run: bool,
    /// Run at any time, whatever windows the rules have
    #[arg(long)]
    pub(crate) any_time: bool,
    #[command(flatten)]
    pub(crate) reports: SyncReportArgs,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// Run rules again and again, each at its schedule, until a signal comes
///
/// A rule without a schedule runs every 15 minutes, or as --interval says. No two runs of a rule, and of rules that share a
/// target, go on at once. SIGTERM ends what runs within some seconds, and what is not done then is gone on with next time.
/// SIGHUP reads the file again; one that cannot be read leaves the rules as they are.
#[derive(Args)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    /// How often rules run that have no schedule: 15m, 1h, 90s
    #[arg(long, value_name = "TIME", default_value = "15m")]
    pub(crate) interval: Schedule,
    /// Serve metrics for Prometheus at /metrics, and /healthz and /readyz, at this port of this machine, or HOST:PORT
    #[arg(long, value_name = "[HOST:]PORT")]
    pub(crate) metrics: Option<MetricsAddress>,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// Tell which rules take a tag, and which leave it, and why
#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// The tag, at its source or at a target
    #[arg(value_name = "REPOSITORY:TAG", value_parser = endpoint)]
    pub(crate) image: Endpoint,
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// Write what the rules choose now to the lock file, for 'run --locked'
///
/// The lock file has one line for each tag, with its digest: its changes are meant to be read in a merge request.
#[derive(Args)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    pub(crate) rules: RulesArgs,
    #[command(flatten)]
    pub(crate) which: NamedRulesArgs,
    /// The lock file [default: beside the file of rules, as in tag-sync.lock]
    #[arg(long, value_name = "FILE")]
    pub(crate) lock: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// Put back tags that a run has taken away, from the list that it has kept
///
/// What is a tag again by now stays what it is. It works until the registry collects its garbage.
#[derive(Args)]
pub(crate) struct UndoArgs {
    /// The list, as 'run' has told it
    #[arg(value_name = "LIST")]
    pub(crate) list: PathBuf,
    /// The file of rules, for how it says that registries are reached
    #[arg(value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// Which file, and of which form.
#[derive(Args, Clone)]
pub(crate) struct RulesArgs {
    /// The file of rules; - is standard input
    #[arg(value_name = "FILE", default_value = "tag-sync.yaml")]
    pub(crate) file: PathBuf,
    /// The form of the file: longshore; or that of 'skopeo sync' (skopeo) or regsync, which is read as it is. What of it is
    /// done otherwise is told, and what would be copied otherwise is refused
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, hide_possible_values = true)]
    pub(crate) format: RuleFormat,
    /// With --format skopeo: where images go, as with 'skopeo sync'; quay.io/org/app goes to ROOT/app
    #[arg(long, value_name = "REGISTRY[/NAMESPACE]", value_parser = namespace)]
    pub(crate) to: Option<Namespace>,
    /// With --format skopeo: keep whole names, as with 'skopeo sync --scoped'; quay.io/org/app goes to ROOT/quay.io/org/app
    #[arg(long, requires = "to")]
    pub(crate) scoped: bool,
}

/// A registry, or what is below a path of it.
fn namespace(text: &str) -> Result<Namespace, UsageError> {
    let error = || {
        UsageError(format!("'{text}' is no place for repositories: expected REGISTRY[/NAMESPACE]"))
    };
    match format!("{}/", text.trim_end_matches('/')).parse::<Place>() {
        Ok(Place::Below(namespace)) => Ok(namespace),
        Ok(Place::At(_)) | Err(_) => Err(error()),
    }
}

/// The form of a file of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuleFormat {
    /// tag-sync.yaml
    #[default]
    Longshore,
    /// What 'skopeo sync --src yaml' reads
    Skopeo,
    /// What regsync reads
    Regsync,
}

/// Which rules.
#[derive(Args, Clone)]
pub(crate) struct NamedRulesArgs {
    /// Only this rule; may be given several times
    #[arg(long = "rule", value_name = "NAME")]
    pub(crate) rules: Vec<String>,
}

/// Which rules, and which of their repositories.
#[derive(Args, Clone)]
pub(crate) struct WhichArgs {
    #[command(flatten)]
    pub(crate) named: NamedRulesArgs,
    /// Believe nothing that earlier runs remember of tags: ask targets for each
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Only the share of one of several machines: INDEX/COUNT, from 0 on, or auto/COUNT for a Job of Kubernetes with
    /// completionMode: Indexed
    #[arg(long, value_name = "INDEX/COUNT")]
    pub(crate) shard: Option<WantedShard>,
}

/// Flags of the lock file.
#[derive(Args, Clone)]
pub(crate) struct LockArgs {
    /// Take just the tags and digests that the lock file names, and ask no source for its tags
    #[arg(long)]
    pub(crate) locked: bool,
    /// The lock file [default: beside the file of rules, as in tag-sync.lock]
    #[arg(long, value_name = "FILE", requires = "locked")]
    pub(crate) lock: Option<PathBuf>,
}

/// How a run is written down.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Reports")]
pub(crate) struct SyncReportArgs {
    /// Write what became of each tag to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write it as JUnit XML, which CI servers show
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Write rules for just what failed to this file, to be run again; without failures there is none
    #[arg(long, value_name = "FILE")]
    pub(crate) failed: Option<PathBuf>,
    /// Tell the run in the summary of a step of a GitHub job
    #[arg(long)]
    pub(crate) github_summary: bool,
}

/// How registries are reached, and how images are copied.
#[derive(Args, Clone)]
pub(crate) struct ReachArgs {
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

impl ReachArgs {
    /// How images are copied, but for which.
    pub(crate) fn resolve(self) -> Copy {
        let request: CopyRequest = self.transfer.request(Vec::new(), Attachments::New);
        Copy {
            request,
            bundle: BundleOptions::default(),
            write: self.local.write(self.transfer.resume()),
            traffic: self.transfer.traffic.resolve(),
            source: self.source.resolve(self.authfile.clone(), self.retry),
            destination: self.destination.resolve(self.authfile, self.retry),
        }
    }
}

/// Where metrics are served: a port alone is one of this machine, which no other reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MetricsAddress(pub(crate) String);

impl std::str::FromStr for MetricsAddress {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        let (host, port) = match text.rsplit_once(':') {
            Some(("", port)) => ("127.0.0.1", port),
            Some((host, port)) => (host, port),
            None => ("127.0.0.1", text),
        };
        match port.parse::<u16>() {
            Ok(_) => Ok(Self(format!("{host}:{port}"))),
            Err(_) => Err(UsageError(format!("'{text}' is no port: expected 9100 or HOST:9100"))),
        }
    }
}

impl ExplainArgs {
    pub(crate) fn tag(&self) -> Result<Tag, UsageError> {
        let tag = self.image.name().and_then(|name| name.to_tag().ok());
        tag.ok_or_else(|| UsageError("name a tag: REPOSITORY:TAG".to_owned()))
    }
}
