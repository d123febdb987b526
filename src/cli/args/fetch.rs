//! How the registries are reached that an import asks.

use std::path::PathBuf;

use clap::Args;
use longshore::auth::Secret;
use longshore::config::ConnectionOptions;
use longshore::http::TrafficOptions;

use super::access::{RetryArgs, from_creds, secret};
use super::place::CLUSTER;
use super::traffic::TrafficArgs;
use super::{Access, Login};

/// Flags for the registries that images are imported from. A cluster asks them by itself, with its own logins.
#[derive(Args)]
#[command(next_help_heading = "Registry access")]
pub(crate) struct FetchArgs {
    /// User name and password; without a password it is asked for
    #[arg(long, value_name = "USER[:PASSWORD]", value_parser = secret,
          conflicts_with_all = CLUSTER)]
    creds: Option<Secret>,
    /// Auth file to read logins from
    #[arg(long, value_name = "FILE", conflicts_with_all = CLUSTER)]
    authfile: Option<PathBuf>,
    /// Trust the certificates in this PEM file besides the system's
    #[arg(long, value_name = "FILE", conflicts_with_all = CLUSTER)]
    ca_file: Option<PathBuf>,
    /// Folder with *.crt to trust and client *.cert and *.key, instead of certs.d
    #[arg(long, value_name = "DIR", conflicts_with_all = CLUSTER)]
    cert_dir: Option<PathBuf>,
    #[command(flatten)]
    retry: RetryArgs,
    #[command(flatten)]
    traffic: TrafficArgs,
}

/// How the registries are reached that an import asks.
#[derive(Default)]
pub(crate) struct Fetch {
    pub(crate) access: Access,
    pub(crate) retry: RetryArgs,
    pub(crate) traffic: TrafficOptions,
}

impl FetchArgs {
    pub(crate) fn resolve(self) -> Fetch {
        let connection = ConnectionOptions {
            ca_file: self.ca_file,
            cert_dir: self.cert_dir,
            ..ConnectionOptions::default()
        };
        let access = Access {
            connection,
            authfile: self.authfile,
            login: self.creds.as_ref().map_or(Login::Stored, from_creds),
            retry: self.retry.resolve(),
            ..Access::default()
        };
        Fetch { access, retry: self.retry, traffic: self.traffic.resolve() }
    }
}
