//! What follows when a tag moves.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use longshore::ops::Interval;

use super::place::duration;

/// Flags of the verbs that can move tags.
#[derive(Args, Clone)]
#[command(next_help_heading = "When a tag moves")]
pub(crate) struct ReactionArgs {
    /// Run this command with sh for each tag that moved; it is told by LONGSHORE_STREAM, LONGSHORE_TAG,
    /// LONGSHORE_NEW_REFERENCE and others, and by JSON on its standard input
    #[arg(long, value_name = "COMMAND")]
    on_change: Option<String>,
    /// How long the command may take: 30s, 5m, 1h [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = some_time, requires = "on_change")]
    on_change_timeout: Option<Duration>,
    /// Post each tag that moved to this address, as JSON
    #[arg(long, value_name = "URL", env = "LONGSHORE_ON_CHANGE_URL", hide_env_values = true)]
    on_change_url: Option<String>,
    /// Sign what is posted with the key in this file [default: with LONGSHORE_ON_CHANGE_SECRET, if it is set]
    #[arg(long, value_name = "FILE", requires = "on_change_url")]
    on_change_secret_file: Option<PathBuf>,
    /// Set the images in this Kubernetes manifest, or in those of this folder, that follow tags by the annotation
    /// image.openshift.io/triggers; may be given several times
    #[arg(long, value_name = "PATH")]
    apply_triggers: Vec<PathBuf>,
    /// Tell later steps of a GitHub job what moved: outputs 'changed' and 'changes'
    #[arg(long)]
    github_output: bool,
}

/// Reads a time that is not none.
fn some_time(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("a command needs some time: expected 30s, 5m or 1h".to_owned()),
        time => Ok(time),
    }
}

/// How long a command may take when nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// What is to follow when a tag moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReactionRequest {
    /// A command, and how long it may take.
    pub(crate) command: Option<(String, Duration)>,
    /// An address, and the file with the key for it.
    pub(crate) webhook: Option<(String, Option<PathBuf>)>,
    /// Files and folders of manifests.
    pub(crate) manifests: Vec<PathBuf>,
    /// Whether later steps of a GitHub job are told.
    pub(crate) github: bool,
}

impl ReactionArgs {
    pub(crate) fn resolve(self) -> ReactionRequest {
        let timeout = self.on_change_timeout.unwrap_or(TIMEOUT);
        ReactionRequest {
            command: self.on_change.map(|command| (command, timeout)),
            webhook: self.on_change_url.map(|url| (url, self.on_change_secret_file)),
            manifests: self.apply_triggers,
            github: self.github_output,
        }
    }
}

/// The flag of `import-image` that takes all streams.
pub(super) const ALL_STREAMS: &str = "all_streams";

/// Flags of `import-image` for many streams.
#[derive(Args, Clone)]
#[command(next_help_heading = "Many streams")]
pub(crate) struct WatchArgs {
    /// Import all streams of the namespace, or without one of all namespaces; with --scheduled only the tags that are to
    /// be imported again from time to time
    #[arg(long, conflicts_with_all = ["stream", "from", "confirm", "all", "insecure", "reference_policy", "import_mode", "dry_run", "creds"])]
    pub(super) all_streams: bool,
    /// Go on, and import them again and again until a signal comes: every 15m, or as often as is said
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true,
          default_missing_value = "15m", requires = ALL_STREAMS,
          conflicts_with_all = ["stream", "github_output"])]
    pub(super) watch: Option<Interval>,
}
