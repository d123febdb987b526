//! `push`.

use clap::Args;
use longshore::model::Endpoint;

use super::transfer::TransferArgs;
use super::{AccessArgs, endpoint};

const EXAMPLES: &str = "\
Examples:
  longshore push oci:layout:v1 quay.io/org/app:v1
  longshore push docker-archive:app.tar quay.io/org/app:v1
  longshore push --creds 'org+robot' oci-archive:app.tar quay.io/org/app:v1";

/// Copy an image from a local folder or file to a registry
///
/// Only what the registry does not have is sent. The tag is written last. Prints the digest and the name of the
/// image.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PushArgs {
    /// The local image: oci:, oci-archive:, docker-archive: or dir:
    #[arg(value_parser = endpoint)]
    pub(crate) source: Endpoint,
    /// The image on a registry
    #[arg(value_parser = endpoint)]
    pub(crate) image: Endpoint,
    #[command(flatten)]
    pub(crate) transfer: TransferArgs,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}
