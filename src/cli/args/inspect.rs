//! `inspect`.

use clap::Args;
use longshore::model::{Endpoint, PlatformFilter};

use super::{AccessArgs, endpoint};

const EXAMPLES: &str = "\
Examples:
  longshore inspect quay.io/org/app:v1
  longshore inspect -o json oci:layout:v1
  longshore inspect --raw quay.io/org/app:v1 | sha256sum
  longshore inspect --config --platform linux/arm64 quay.io/org/app:v1";

/// Show what an image is made of
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InspectArgs {
    /// The image, on a registry or in a layout or archive
    #[arg(value_parser = endpoint)]
    pub(crate) image: Endpoint,
    /// Print the manifest as it is, byte for byte
    #[arg(long, conflicts_with = "config")]
    pub(crate) raw: bool,
    /// Print the image configuration
    #[arg(long)]
    pub(crate) config: bool,
    /// Choose this platform where there are several
    #[arg(long, value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platform: Option<PlatformFilter>,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}
