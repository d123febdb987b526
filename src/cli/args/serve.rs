//! `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  longshore serve registry
  longshore serve --addr 0.0.0.0:5000 --tls-cert cert.pem --tls-key key.pem --htpasswd users registry
  longshore serve --addr 127.0.0.1:0 --read-only registry";

/// Serve a folder as a registry
///
/// Each repository is an OCI image layout below the folder. Prints the address when it is ready, and runs until it is
/// interrupted.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    /// The folder; made if it is not there
    pub(crate) dir: PathBuf,
    /// Address and port to listen at; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5000")]
    pub(crate) addr: SocketAddr,
    /// Certificate chain for TLS, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key for TLS, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Let in only the users of this file, as 'htpasswd -B' writes it
    #[arg(long, value_name = "FILE")]
    pub(crate) htpasswd: Option<PathBuf>,
    /// Refuse pushes and deletions
    #[arg(long)]
    pub(crate) read_only: bool,
}
