//! `tags`.

use clap::Args;
use longshore::model::Endpoint;

use super::{AccessArgs, endpoint};

const EXAMPLES: &str = "\
Examples:
  longshore tags quay.io/org/app
  longshore tags oci:layout
  longshore tags -o json quay.io/org/app";

/// List the tags of a repository, sorted, one per line
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TagsArgs {
    /// The repository on a registry, or a layout or archive
    #[arg(value_parser = endpoint)]
    pub(crate) repository: Endpoint,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}
