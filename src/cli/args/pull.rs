//! `pull`.

use clap::Args;
use longshore::model::Endpoint;

use super::transfer::{PlatformArgs, TransferArgs};
use super::{AccessArgs, endpoint};

const EXAMPLES: &str = "\
Examples:
  longshore pull quay.io/org/app:v1
  longshore pull quay.io/org/app:v1 oci:layout:v1
  longshore pull --platform linux/arm64 quay.io/org/app:v1 oci-archive:app.tar
  longshore pull quay.io/org/app@sha256:… docker-archive:app.tar";

/// Copy an image from a registry to a local folder or file
///
/// All platforms are copied, with every digest kept. Prints the digest and the place of the image.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PullArgs {
    /// The image on a registry
    #[arg(value_parser = endpoint)]
    pub(crate) image: Endpoint,
    /// Where it goes [default: a layout in the user's data directory]
    #[arg(value_name = "DESTINATION", value_parser = endpoint)]
    pub(crate) destination: Option<Endpoint>,
    #[command(flatten)]
    pub(crate) platforms: PlatformArgs,
    #[command(flatten)]
    pub(crate) transfer: TransferArgs,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}
