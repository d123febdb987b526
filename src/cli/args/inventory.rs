//! `inventory`.

use clap::Args;
use longshore::mirror::Root;

use super::{AccessArgs, chain};

const EXAMPLES: &str = "\
Examples:
  longshore inventory registry.local > receipt.json
  longshore inventory registry.local/ns registry.local/base/ubi > receipt.json
  longshore inventory oci:layout > receipt.json

Then, where there is a network:
  longshore mirror --have receipt.json quay.io/org/app:v2 bundle:/media/usb";

/// Write a receipt of what a registry holds, for a bundle that leaves it out
///
/// The receipt has the tags and, in short form, the blobs of each repository: a few kilobytes. A registry is asked for
/// the list of its repositories; where it does not tell it, name them. quay.io and docker.io tell those of a namespace.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InventoryArgs {
    /// A registry, a namespace or a repository of one, or a layout
    #[arg(value_name = "REGISTRY[/PATH]|oci:DIR", required = true, value_parser = root)]
    pub(crate) places: Vec<Root>,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

fn root(text: &str) -> Result<Root, String> {
    text.parse().map_err(chain)
}
