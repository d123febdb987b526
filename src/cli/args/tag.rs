//! `tag`.

use clap::Args;
use longshore::imagestream::Namespace;
use longshore::imagestream::tagging::{self, TagError, TagOptions, Tagging};

use super::fetch::{Fetch, FetchArgs};
use super::reaction::{ReactionArgs, ReactionRequest};
use super::{Place, PlaceArgs};

const EXAMPLES: &str = "\
Examples:
  longshore tag quay.io/org/app:v2 app:v2
  longshore tag --scheduled quay.io/org/app:latest app:latest
  longshore tag app:v2 app:prod
  longshore tag --alias app:v2 app:stable
  longshore tag app@sha256:… app:pinned
  longshore tag -d app:old app:older";

/// Set what tags of image streams follow, or delete them
///
/// The source is an image on a registry, or a tag or an image of a stream. A tag of a stream is copied: the new tag
/// keeps its image when the old one moves on, unless --alias is given. Without a cluster an image on a registry is
/// imported at once; a cluster does so by itself.
#[derive(Args)]
#[command(after_help = EXAMPLES, override_usage = "longshore tag [OPTIONS] SOURCE STREAM:TAG...\n       longshore tag -d [OPTIONS] STREAM:TAG...")]
pub(crate) struct TagArgs {
    /// The source, and the tags that are to follow it; with -d tags alone. A tag is [NAMESPACE/]STREAM:TAG
    #[arg(value_name = "SOURCE STREAM:TAG", required = true)]
    arguments: Vec<String>,
    /// Delete the tags, and all that is known of what they pointed to
    #[arg(short, long)]
    delete: bool,
    /// What the source is, where that cannot be seen
    #[arg(long, value_name = "KIND", ignore_case = true, hide_possible_values = true,
          value_parser = ["istag", "imagestreamtag", "isimage", "imagestreamimage", "docker", "dockerimage"],
          long_help = "What the source is, where that cannot be seen: istag (imagestreamtag), isimage \
                       (imagestreamimage) or docker (dockerimage)")]
    source: Option<String>,
    /// Follow a tag of the same stream instead of copying it
    #[arg(long)]
    alias: bool,
    /// Only point to the source: it is never imported
    #[arg(long)]
    reference: bool,
    /// Have the image on a registry imported again from time to time
    #[arg(long)]
    scheduled: bool,
    /// Allow a registry without a trusted certificate, or without TLS
    #[arg(long)]
    insecure: bool,
    /// Whose pull spec those get who use the tags: that of the source, or that of the cluster's registry
    #[arg(long, value_name = "POLICY", value_parser = ["source", "local"])]
    reference_policy: Option<String>,
    /// What becomes of an index of several platforms: one of its images is chosen, or it is kept with all of them
    #[arg(long, value_name = "MODE", value_parser = ["Legacy", "PreserveOriginal"])]
    import_mode: Option<String>,
    #[command(flatten)]
    reaction: ReactionArgs,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    fetch: FetchArgs,
}

/// What `tag` is asked to do.
pub(crate) struct TagRequest {
    /// Its namespace is one that the place may tell.
    pub(crate) options: TagOptions,
    /// The image on a registry that the tags are to follow.
    pub(crate) image: Option<String>,
    pub(crate) reaction: ReactionRequest,
    pub(crate) place: Place,
    pub(crate) fetch: Fetch,
}

fn without_transport(argument: String) -> String {
    argument.strip_prefix("docker://").map(str::to_owned).unwrap_or(argument)
}

impl TagArgs {
    pub(crate) fn resolve(self) -> Result<TagRequest, TagError> {
        let options = TagOptions {
            namespace: Namespace::default(),
            arguments: self.arguments.into_iter().map(without_transport).collect(),
            source_kind: self.source,
            delete: self.delete,
            alias: self.alias,
            reference: self.reference,
            scheduled: self.scheduled,
            insecure: self.insecure,
            reference_policy: self.reference_policy,
            import_mode: self.import_mode,
        };
        let image = match tagging::parse(&options)? {
            Tagging::Set(setting) => setting.image().map(str::to_owned),
            Tagging::Delete(_) => None,
        };
        let (place, fetch) = (self.place.resolve(), self.fetch.resolve());
        Ok(TagRequest { options, image, reaction: self.reaction.resolve(), place, fetch })
    }
}
