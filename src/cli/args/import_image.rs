//! `import-image`.

use std::num::NonZeroUsize;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use longshore::imagestream::Namespace;
use longshore::imagestream::api::{ImportMode, ReferencePolicyType};
use longshore::imagestream::order::BULK_LIMIT;
use longshore::imagestream::requests::{
    ImportOptions, TargetError, parse_import_mode, parse_reference_policy, parse_target,
};
use longshore::model::Endpoint;
use longshore::ops::Interval;

use super::access::DestinationArgs;
use super::fetch::{Fetch, FetchArgs};
use super::place::CLUSTER;
use super::reaction::{ALL_STREAMS, ReactionArgs, ReactionRequest, WatchArgs};
use super::view::{self, ImportOutput};
use super::{Access, Place, PlaceArgs, View, endpoint};

const EXAMPLES: &str = "\
Examples:
  longshore import-image app --from quay.io/org/app:latest --confirm
  longshore import-image app:v1 --from quay.io/org/app:v1
  longshore import-image app
  longshore import-image app --from quay.io/org/app --all --confirm
  longshore import-image app --all --limit all
  longshore import-image app:v1 --cluster --namespace dev";

/// Import what tags of a registry point to now into an image stream
///
/// An image stream follows tags of registries, and remembers every image that each has pointed to. What is known of
/// an image is kept, not its data. A new stream needs --from and --confirm; after that its name is enough, and what
/// was chosen once is kept. Images that fail do not stop the others.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ImportImageArgs {
    /// The stream, and which of its tags; without a tag, latest
    #[arg(value_name = "STREAM[:TAG]", required_unless_present = ALL_STREAMS)]
    stream: Option<String>,
    /// The image to import, or with --all the repository
    #[arg(long, value_name = "IMAGE", value_parser = on_registry)]
    from: Option<String>,
    /// Allow creating the stream, or changing the repository that it follows
    #[arg(long)]
    confirm: bool,
    /// Import all tags: those of the repository that the stream follows, or those that it has
    #[arg(long)]
    all: bool,
    /// The most tags that are taken from a repository, by rank: N, or all
    #[arg(long, value_name = "N", value_parser = limit, default_value_t = Limit::default(),
          conflicts_with_all = CLUSTER)]
    limit: Limit,
    /// Have the tags imported again from time to time
    #[arg(long)]
    scheduled: bool,
    /// Allow a registry without a trusted certificate, or without TLS; false takes that back
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", hide_possible_values = true)]
    insecure: Option<bool>,
    /// Whose pull spec those get who use the tags: that of the source, or that of the cluster's registry
    #[arg(long, value_name = "POLICY", ignore_case = true,
          value_parser = PossibleValuesParser::new(["source", "local"]).try_map(|text| parse_reference_policy(&text)))]
    reference_policy: Option<ReferencePolicyType>,
    /// What becomes of an index of several platforms: one of its images is chosen, or it is kept with all of them
    #[arg(long, value_name = "MODE",
          value_parser = PossibleValuesParser::new(["Legacy", "PreserveOriginal"]).try_map(|text| parse_import_mode(&text)))]
    import_mode: Option<ImportMode>,
    /// Ask the registry and tell what would be imported, but keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Copy the images there too: a repository on a registry, or a layout as in oci:DIR
    #[arg(long, value_name = "DESTINATION", value_parser = endpoint, conflicts_with_all = CLUSTER)]
    pull_through: Option<Endpoint>,
    #[command(flatten)]
    many: WatchArgs,
    #[command(flatten)]
    reactions: ReactionArgs,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    fetch: FetchArgs,
    #[command(flatten)]
    destination: DestinationArgs,
    #[command(flatten)]
    pub(crate) output: ImportOutput,
}

/// How many tags of a repository are imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) Option<NonZeroUsize>);

impl Default for Limit {
    fn default() -> Self {
        Self(NonZeroUsize::new(BULK_LIMIT))
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(limit) => limit.fmt(f),
            None => f.write_str("all"),
        }
    }
}

/// Reads the name of an image on a registry as it is written in a stream: without a transport.
fn on_registry(text: &str) -> Result<String, String> {
    match endpoint(text) {
        Ok(local) if local.path().is_some() => {
            Err("a stream follows images on registries: push it to one".to_owned())
        }
        // What names nothing is told in the words of the API.
        _ => Ok(text.strip_prefix("docker://").unwrap_or(text).to_owned()),
    }
}

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "all" => Ok(Limit(None)),
        _ => text
            .parse()
            .map(|limit| Limit(Some(limit)))
            .map_err(|_| "expected a number from 1 on, or all".to_owned()),
    }
}

/// What an import is asked to do.
pub(crate) struct ImportRequest {
    pub(crate) wanted: Wanted,
    pub(crate) place: Place,
    pub(crate) limit: Limit,
    pub(crate) fetch: Fetch,
    pub(crate) pull_through: Option<(Endpoint, Access)>,
    pub(crate) reactions: ReactionRequest,
}

/// What is imported.
pub(crate) enum Wanted {
    /// One stream.
    One {
        /// Its name, in a namespace that the place may tell.
        stream: String,
        options: Box<ImportOptions>,
    },
    /// All streams.
    All {
        /// Whether only the tags are meant that are imported from time to time.
        only_scheduled: bool,
        /// How often; once when that is not told.
        interval: Option<Interval>,
    },
}

impl Wanted {
    /// Whether it goes on until somebody ends it: what is done is never all there is to do.
    pub(crate) fn is_endless(&self) -> bool {
        matches!(self, Self::All { interval: Some(_), .. })
    }

    /// Whether nothing is to be kept.
    pub(crate) fn is_dry_run(&self) -> bool {
        matches!(self, Self::One { options, .. } if options.dry_run)
    }
}

impl ImportImageArgs {
    /// The ways in which the result can be written.
    pub(super) fn views(&self) -> &'static [View] {
        match self.many {
            WatchArgs { watch: Some(_), .. } => view::PLAIN,
            WatchArgs { all_streams: true, .. } => view::OF_IMPORTS,
            _ => view::OF_IMPORT,
        }
    }

    pub(crate) fn resolve(self) -> Result<ImportRequest, TargetError> {
        let wanted = match &self.stream {
            Some(stream) => self.one(stream)?,
            None => Wanted::All { only_scheduled: self.scheduled, interval: self.many.watch },
        };
        let (fetch, destination) = (self.fetch.resolve(), self.destination);
        let access = destination.resolve(fetch.access.authfile.clone(), fetch.retry);
        Ok(ImportRequest {
            wanted,
            place: self.place.resolve(),
            limit: self.limit,
            pull_through: self.pull_through.map(|endpoint| (endpoint, access)),
            fetch,
            reactions: self.reactions.resolve(),
        })
    }

    fn one(&self, stream: &str) -> Result<Wanted, TargetError> {
        let target = parse_target(stream, self.all, &Namespace::default())?;
        if let Some((path, _)) = stream.rsplit_once('/').filter(|_| target.source.is_none()) {
            tracing::warn!("'{path}/' before the stream's name says nothing: use --namespace");
        }
        let options = ImportOptions {
            from: self.from.clone(),
            confirm: self.confirm,
            scheduled: self.scheduled,
            insecure: self.insecure,
            reference_policy: self.reference_policy.clone(),
            import_mode: self.import_mode.clone(),
            dry_run: self.dry_run,
            ..ImportOptions::of(&target)
        };
        let stream = target.stream.name().to_owned();
        Ok(Wanted::One { stream, options: Box::new(options) })
    }
}
