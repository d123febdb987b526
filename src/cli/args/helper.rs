//! `credential-helper`: the protocol of docker credential helpers, also reached as `docker-credential-longshore`.

use clap::{Args, ValueEnum};

/// Speak the protocol of docker credential helpers over the keyring of the operating system
#[derive(Args)]
#[command(hide = true)]
pub(crate) struct HelperArgs {
    /// What is asked of the helper
    pub(crate) action: HelperVerb,
}

/// The verbs of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HelperVerb {
    /// Print the login for the registry on standard input
    Get,
    /// Keep the login on standard input
    Store,
    /// Forget the login for the registry on standard input
    Erase,
    /// Print all registries and user names
    List,
}
