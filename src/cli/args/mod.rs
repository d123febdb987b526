//! The command line: what can be typed, one file per verb. What it means is told by `resolve` of each.
//!
//! Resolving is pure: it reads no file, no environment and no terminal. What clap cannot see is refused there as a
//! [`UsageError`].

mod access;
mod bundle;
mod completion;
mod delete;
mod demo;
mod discreet;
mod fetch;
mod helper;
mod import_image;
mod inspect;
mod inventory;
mod login;
mod logout;
mod merge;
mod mirror;
mod peers;
mod place;
mod plan;
mod pull;
mod push;
mod reaction;
mod report;
mod rules;
mod schema;
mod serve;
pub(crate) mod settings;
mod shard;
mod stream;
mod tag;
mod tag_sync;
mod tags;
mod traffic;
mod transfer;
mod verify;
mod view;

pub(crate) use access::{Access, AccessArgs, Login};
pub(crate) use bundle::BundleArgs;
pub(crate) use completion::CompletionArgs;
pub(crate) use delete::{Delete, DeleteImagesArgs, Step};
pub(crate) use demo::DemoArgs;
pub(crate) use fetch::Fetch;
pub(crate) use helper::{HelperArgs, HelperVerb};
pub(crate) use import_image::{ImportImageArgs, ImportRequest, Limit, Wanted};
pub(crate) use inspect::InspectArgs;
pub(crate) use inventory::InventoryArgs;
pub(crate) use login::{LoginArgs, LoginRequest};
pub(crate) use logout::LogoutArgs;
pub(crate) use merge::{MergeArgs, ReportVerb, ReportVerbArgs};
pub(crate) use mirror::{MirrorArgs, MirrorRequest, Mirroring, Telling};
pub(crate) use peers::suggest;
pub(crate) use place::{ClusterOptions, Keeper, Place, PlaceArgs, shell_word};
pub(crate) use plan::{DiffArgs, Intent, Kept, PlanArgs, PlanVerb, ShowArgs};
pub(crate) use pull::PullArgs;
pub(crate) use push::PushArgs;
pub(crate) use reaction::{ReactionArgs, ReactionRequest};
pub(crate) use report::ReportArgs;
pub(crate) use rules::Missing;
pub(crate) use schema::SchemaArgs;
pub(crate) use serve::ServeArgs;
pub(crate) use shard::ShardArgs;
pub(crate) use stream::{
    DeleteArgs, DescribeArgs, ExportArgs, GetArgs, HistoryArgs, PruneArgs, RollbackArgs,
    StreamArgs, StreamVerb,
};
pub(crate) use tag::{TagArgs, TagRequest};
pub(crate) use tag_sync::{
    CheckArgs, ExplainArgs, LockArgs, ReachArgs, RuleFormat, RulesArgs, RunArgs, SyncReportArgs,
    TagSyncArgs, TagSyncVerb, UndoArgs, UpdateArgs, WatchArgs, WhichArgs,
};
pub(crate) use tags::TagsArgs;
pub(crate) use transfer::Copy;
pub(crate) use verify::{Verify, VerifyArgs};
pub(crate) use view::View;

use std::error::Error;
use std::ffi::OsString;

use clap::{ArgAction, Args, Parser, Subcommand};

use longshore::mirror::{Images, Place as Many};
use longshore::model::{Endpoint, EndpointError};

use super::exit;

/// A combination of arguments that cannot be meant.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(pub(crate) String);

const ABOUT: &str = "A registry client for container images";

const LONG_ABOUT: &str = "\
A registry client for container images: log in, pull, push, mirror and serve, with every
digest kept.

Images are named as podman and skopeo name them:
  quay.io/org/app:v1             an image on a registry; @sha256:… names it by digest
  oci:DIR[:NAME]                 an OCI image layout in a folder
  oci-archive:FILE[:NAME]        an OCI image layout in a tar file
  docker-archive:FILE[:NAME]     what 'docker save' writes and 'docker load' reads
  dir:DIR                        a folder of plain files, one image
  file://REPOSITORY[:TAG]        what 'oc image mirror' writes to a folder
  bundle:DIR[:PATH:TAG]          a bundle, which carries images over an air gap

An image stream follows tags of registries and remembers what each has pointed to. Streams are
files in a folder, or belong to a cluster.

Results go to standard output, progress and messages to standard error.";

const ENVIRONMENT: &str = "\
Environment:
  REGISTRY_AUTH_FILE         auth file to use instead of the usual ones
  CONTAINERS_REGISTRIES_CONF registries.conf to use instead of the usual one
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                             proxies
  SSL_CERT_FILE              certificates to trust instead of the system's
  LONGSHORE_JOBS and others  defaults of flags, named in the help of each verb
  LONGSHORE_LOG              log filter, as in 'longshore::http=debug'; wins over -v
  XDG_STATE_HOME             where longshore/uploads keeps how far uploads got
  NO_COLOR                   no colours";

/// Reads an endpoint. clap shows `text` and one message: the cause, where `text` is all that the error adds to it.
fn endpoint(text: &str) -> Result<Endpoint, String> {
    text.parse::<Endpoint>().map_err(|error| match error {
        EndpointError::Reference { source, .. } => chain(source),
        other => chain(other),
    })
}

/// Reads one image or several.
fn images(text: &str) -> Result<Images, String> {
    text.parse::<Images>().map_err(|error| match error {
        EndpointError::Reference { source, .. } => chain(source),
        other => chain(other),
    })
}

/// Reads a place that may hold many images.
fn many(text: &str) -> Result<Many, String> {
    text.parse::<Many>().map_err(|error| match error {
        EndpointError::Reference { source, .. } => chain(source),
        other => chain(other),
    })
}

fn chain(error: impl Error + Send + Sync + 'static) -> String {
    let causes: Vec<String> = anyhow::Error::new(error).chain().map(ToString::to_string).collect();
    causes.join(": ")
}

/// Whether a command line that cannot be read asks for JSON.
pub(crate) fn want_json(arguments: &[OsString]) -> bool {
    let is_flag = |text: &OsString| text == "-o" || text == "--output";
    arguments.windows(2).any(|pair| is_flag(&pair[0]) && pair[1] == "json")
        || arguments.iter().any(|text| text == "--output=json" || text == "-ojson")
}

/// The whole command line.
#[derive(Parser)]
#[command(
    name = "longshore",
    version,
    about = ABOUT,
    long_about = LONG_ABOUT,
    after_long_help = format!("{}\n{ENVIRONMENT}", exit::help()),
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Say more: once what is done, twice every request
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// No progress and no warnings, errors only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// How results are written: text or json; with json, errors are JSON too
    #[arg(
        short,
        long,
        global = true,
        value_parser = view::Offer(view::PLAIN),
        default_value_t = View::Text,
        value_name = "FORMAT",
        hide_possible_values = true
    )]
    pub(crate) output: View,
}

/// How messages are written, and results where there are no more ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Login(LoginArgs),
    Logout(LogoutArgs),
    Pull(PullArgs),
    Push(PushArgs),
    Mirror(Box<MirrorArgs>),
    TagSync(TagSyncArgs),
    Plan(PlanArgs),
    Report(ReportVerbArgs),
    Inventory(InventoryArgs),
    Verify(Box<VerifyArgs>),
    Delete(Box<DeleteImagesArgs>),
    Inspect(InspectArgs),
    Tags(TagsArgs),
    ImportImage(Box<ImportImageArgs>),
    Tag(Box<TagArgs>),
    Stream(StreamArgs),
    Serve(ServeArgs),
    Demo(DemoArgs),
    Schema(SchemaArgs),
    Completion(CompletionArgs),
    CredentialHelper(HelperArgs),
}

impl Command {
    /// Refuses to write a result in a way that the verb does not know.
    pub(crate) fn check(&self, view: View) -> Result<(), UsageError> {
        let views = match self {
            Self::ImportImage(args) => args.views(),
            Self::Stream(args) => args.verb.views(),
            _ => view::PLAIN,
        };
        view::check(view, views)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
