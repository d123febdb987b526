//! Settings: the environment, `registries.conf`, `certs.d`.
//!
//! [`Env`] is the only reader of environment variables and of the home folder. Nothing here knows the network, what
//! credentials mean, or who asked.

mod auth_files;
mod certs;
mod env;
mod error;
mod read;
mod registries;

pub use auth_files::AuthFiles;
pub use env::{Env, SECRET_VARIABLES};
pub use error::Error;
pub(crate) use read::is_absent;
pub use registries::{Location, Registries};

use std::path::PathBuf;

use crate::model::{ListingApi, ListingUrl};

/// What a person asked for about the connection to one endpoint (`--ca-file`, `--cert-dir`, `--insecure`,
/// `--plain-http`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionOptions {
    /// A file of PEM certificates to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// A folder of `*.crt`, `*.cert` and `*.key` for this host, read instead of the `certs.d` folders.
    pub cert_dir: Option<PathBuf>,
    /// Do not verify the server's certificate.
    pub insecure: bool,
    /// Speak HTTP without TLS.
    pub plain_http: bool,
}

/// How to reach one host: all files read, nothing left to decide.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// Speak HTTP without TLS.
    pub plain_http: bool,
    /// Do not verify the server's certificate.
    pub insecure: bool,
    /// PEM certificates to trust besides the system's, one file each.
    pub roots: Vec<Vec<u8>>,
    /// A client certificate chain and its key, both PEM, in one text.
    pub identity: Option<Vec<u8>>,
}

impl ConnectionOptions {
    /// What is asked for here, and for the rest what `other` asks for.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            ca_file: self.ca_file.clone().or_else(|| other.ca_file.clone()),
            cert_dir: self.cert_dir.clone().or_else(|| other.cert_dir.clone()),
            insecure: self.insecure || other.insecure,
            plain_http: self.plain_http || other.plain_http,
        }
    }
}

/// How one registry is reached, whichever end it is, as far as nothing else is asked for of that end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryOptions {
    /// How to connect to it.
    pub connection: ConnectionOptions,
    /// The auth file to look into instead of the usual ones.
    pub authfile: Option<PathBuf>,
    /// Which lists it gives, where its name does not tell.
    pub listing: Option<ListingApi>,
    /// Where these lists are, when they are not where they always are.
    pub listing_url: Option<ListingUrl>,
    /// Verify nothing of it, and speak to it without TLS where it has none: as `insecure` in `registries.conf`.
    pub is_unverified: bool,
}
