//! `demo`.

use std::path::PathBuf;

use clap::Args;

/// See log in, push, inspect, pull and mirror at work, on a registry of its own
///
/// Starts a registry on a free port of this machine, and runs each command against it as you would type it. Your
/// logins and images are not touched, and nothing is left behind.
#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Work in this folder and keep it
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}
