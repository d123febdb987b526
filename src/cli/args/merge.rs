//! `report`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  longshore report merge shard-*.json
  longshore report merge shard-*.json -o json > all.json
  longshore report merge shard-*.json --junit all.xml";

/// Join what shards tell of their parts of the work
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReportVerbArgs {
    #[command(subcommand)]
    pub(crate) verb: ReportVerb,
}

#[derive(Subcommand)]
pub(crate) enum ReportVerb {
    Merge(MergeArgs),
}

/// Join the reports of shards into that of one run
///
/// Reports are what 'mirror --report', 'tag-sync run --report' and 'verify -o json' write. Tells the same as one run would
/// have told, with its exit code; and which shards are missing, which is a failure, and what two shards have done.
#[derive(Args)]
pub(crate) struct MergeArgs {
    /// Reports of one kind; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Write the whole as JUnit XML, which CI servers show
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}
