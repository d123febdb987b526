//! `logout`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  longshore logout quay.io
  longshore logout --all";

/// Forget the login for a registry
///
/// Removes the login from the auth file, and from the keyring or credential helper if it is kept there.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LogoutArgs {
    /// The registry, or a path on it
    #[arg(value_name = "REGISTRY[/PATH]", required_unless_present = "all", conflicts_with = "all")]
    pub(crate) registry: Option<String>,
    /// Forget all logins in the auth file
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Auth file to remove the login from
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
}
