//! `stream` and its verbs.

use std::time::Duration;

use clap::{Args, Subcommand};
use longshore::imagestream::rollback::To;

use super::place::duration;
use super::view::{DocumentOutput, PLAIN, StreamsOutput, View};
use super::{PlaceArgs, ReactionArgs};

const EXAMPLES: &str = "\
Examples:
  longshore stream get
  longshore stream describe app
  longshore stream history app:latest
  longshore stream rollback app:latest
  longshore stream export app | oc apply -f -
  longshore stream prune --keep-tag-revisions 5 --confirm";

/// Look at image streams, move their tags back, and tidy them up
#[derive(Args)]
#[command(after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct StreamArgs {
    #[command(subcommand)]
    pub(crate) verb: StreamVerb,
}

#[derive(Subcommand)]
pub(crate) enum StreamVerb {
    #[command(alias = "list", alias = "ls")]
    Get(GetArgs),
    Describe(DescribeArgs),
    History(HistoryArgs),
    Rollback(RollbackArgs),
    Delete(DeleteArgs),
    Export(ExportArgs),
    Prune(PruneArgs),
}

impl StreamVerb {
    /// How the result can be written, and how it is to be.
    pub(crate) fn views(&self) -> &'static [View] {
        match self {
            Self::Get(_) => super::view::OF_STREAMS,
            Self::Export(_) => super::view::OF_DOCUMENT,
            _ => PLAIN,
        }
    }
}

/// List streams
///
/// Prints a table; with -o yaml or -o json the streams as they are: one as itself, several as a List.
#[derive(Args)]
pub(crate) struct GetArgs {
    /// The streams; without names, all of the namespace
    #[arg(value_name = "STREAM")]
    pub(crate) streams: Vec<String>,
    /// Streams of all namespaces
    #[arg(short = 'A', long, conflicts_with_all = ["streams", "namespace"])]
    pub(crate) all_namespaces: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) output: StreamsOutput,
}

/// Tell all about a stream, or about the image of one of its tags
///
/// Prints what oc describe prints.
#[derive(Args)]
pub(crate) struct DescribeArgs {
    /// The stream, or one of its tags
    #[arg(value_name = "STREAM[:TAG]")]
    pub(crate) stream: String,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// List the images that a tag has pointed to, the latest first
#[derive(Args)]
pub(crate) struct HistoryArgs {
    /// The tag
    #[arg(value_name = "STREAM:TAG")]
    pub(crate) tag: String,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Move a tag back to an image that it pointed to before
///
/// The tag then stays with that image, until it is told by 'tag' to follow something again.
#[derive(Args)]
pub(crate) struct RollbackArgs {
    /// The tag
    #[arg(value_name = "STREAM:TAG")]
    pub(crate) tag: String,
    /// Which image: its number in 'stream history', or its digest or the beginning of that [default: the one before]
    #[arg(long, value_name = "N|DIGEST", value_parser = to)]
    pub(crate) to: Option<To>,
    #[command(flatten)]
    pub(crate) reaction: ReactionArgs,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Delete streams, and all that is known of what their tags pointed to
#[derive(Args)]
pub(crate) struct DeleteArgs {
    /// The streams
    #[arg(value_name = "STREAM", required = true)]
    pub(crate) streams: Vec<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Print a stream without all that belongs to one place, for 'oc apply -f -'
///
/// What its tags follow is kept; what they pointed to is found anew where it is applied.
#[derive(Args)]
pub(crate) struct ExportArgs {
    /// The stream
    #[arg(value_name = "STREAM")]
    pub(crate) stream: String,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) output: DocumentOutput,
}

/// Shorten histories, and forget images that no tag has pointed to any more
///
/// Histories of all namespaces are shortened, or with -n those of one; an image is forgotten when nothing in any
/// namespace points to it. Without --confirm it is only told what would go.
#[derive(Args)]
pub(crate) struct PruneArgs {
    /// How many images of each tag are kept, the latest ones
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) keep_tag_revisions: usize,
    /// Keep what is younger
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60m")]
    pub(crate) keep_younger_than: Duration,
    /// Do it
    #[arg(long)]
    pub(crate) confirm: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Whether a text can be the beginning of a digest, with or without its algorithm.
fn is_hex(text: &str) -> bool {
    let hex = text.split_once(':').map_or(text, |(_, hex)| hex);
    !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Reads a number in a history, or the beginning of a digest, which is longer.
fn to(text: &str) -> Result<To, String> {
    match text.parse() {
        Ok(number) if text.len() < 7 => Ok(To::Nth(number)),
        _ if is_hex(text) => Ok(To::Digest(text.to_owned())),
        _ => Err("expected a number, or the beginning of a digest".to_owned()),
    }
}
