//! How a registry is reached: login and connection, for one registry or for each end of a copy.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use longshore::auth::Secret;
use longshore::config::{ConnectionOptions, RegistryOptions};
use longshore::http::RetryPolicy;
use longshore::model::Registry;

/// How the registry at one end is to be reached, as far as the command line tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    pub(crate) connection: ConnectionOptions,
    pub(crate) authfile: Option<PathBuf>,
    /// What a file says of single registries, where the command line says nothing.
    pub(crate) registries: Arc<HashMap<Registry, RegistryOptions>>,
    pub(crate) login: Login,
    pub(crate) retry: RetryPolicy,
}

/// Where user name and password come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Login {
    /// From auth files and credential helpers.
    #[default]
    Stored,
    /// From the command line.
    Given { username: String, password: Secret },
    /// The password is the first line of standard input.
    Stdin { username: String },
    /// The password is asked for.
    Prompt { username: String },
}

/// Flags for the one registry that a verb talks to.
#[derive(Args)]
#[command(next_help_heading = "Registry access")]
pub(crate) struct AccessArgs {
    /// User name and password; without a password it is asked for
    #[arg(long, value_name = "USER[:PASSWORD]", value_parser = secret,
          conflicts_with_all = ["username", "password", "password_stdin"])]
    creds: Option<Secret>,
    /// User name; the password is asked for if not given
    #[arg(long, value_name = "USER")]
    username: Option<String>,
    /// Password. Others on this machine can see it: better use --password-stdin
    #[arg(long, value_name = "PASSWORD", value_parser = secret, requires = "username")]
    password: Option<Secret>,
    /// Read the password from standard input
    #[arg(long, requires = "username", conflicts_with = "password")]
    password_stdin: bool,
    /// Auth file to read logins from
    #[arg(long, value_name = "FILE")]
    authfile: Option<PathBuf>,
    #[command(flatten)]
    connection: ConnectionArgs,
    #[command(flatten)]
    retry: RetryArgs,
}

/// How failed requests are tried again.
#[derive(Args, Clone, Copy)]
#[command(next_help_heading = "Registry access")]
pub(crate) struct RetryArgs {
    /// How many times a failed request is tried again
    #[arg(long, value_name = "N", default_value_t = 4, env = "LONGSHORE_RETRIES",
          value_parser = clap::value_parser!(u32).range(0..=100))]
    retries: u32,
}

impl Default for RetryArgs {
    fn default() -> Self {
        Self { retries: RetryPolicy::default().tries - 1 }
    }
}

impl RetryArgs {
    pub(super) fn resolve(self) -> RetryPolicy {
        RetryPolicy { tries: self.retries + 1, ..RetryPolicy::default() }
    }
}

/// Flags for the connection to one registry.
#[derive(Args, Default)]
#[command(next_help_heading = "Registry access")]
pub(crate) struct ConnectionArgs {
    /// Trust the certificates in this PEM file besides the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Folder with *.crt to trust and client *.cert and *.key, instead of certs.d
    #[arg(long, value_name = "DIR")]
    cert_dir: Option<PathBuf>,
    /// Do not verify the registry's certificate
    #[arg(long, conflicts_with = "plain_http")]
    insecure: bool,
    /// Speak HTTP without TLS
    #[arg(long, conflicts_with_all = ["ca_file", "cert_dir"])]
    plain_http: bool,
}

impl AccessArgs {
    /// How another place is reached, with the same auth file unless it has one of its own.
    pub(super) fn of_source(&self, source: SourceArgs) -> Access {
        source.resolve(self.authfile.clone(), self.retry)
    }

    pub(crate) fn resolve(&self) -> Access {
        let login = match (&self.creds, &self.username) {
            (Some(creds), _) => from_creds(creds),
            (None, Some(username)) => {
                from_username(username.clone(), self.password.clone(), self.password_stdin)
            }
            (None, None) => Login::Stored,
        };
        let authfile = self.authfile.clone();
        let (connection, retry) = (self.connection.resolve(), self.retry.resolve());
        Access { connection, authfile, login, retry, ..Access::default() }
    }
}

impl ConnectionArgs {
    pub(crate) fn resolve(&self) -> ConnectionOptions {
        ConnectionOptions {
            ca_file: self.ca_file.clone(),
            cert_dir: self.cert_dir.clone(),
            insecure: self.insecure,
            plain_http: self.plain_http,
        }
    }
}

pub(super) fn from_username(
    username: String,
    password: Option<Secret>,
    password_stdin: bool,
) -> Login {
    match password {
        Some(password) => Login::Given { username, password },
        None if password_stdin => Login::Stdin { username },
        None => Login::Prompt { username },
    }
}

pub(super) fn from_creds(creds: &Secret) -> Login {
    match creds.expose().split_once(':') {
        Some((username, password)) => Login::Given {
            username: username.to_owned(),
            password: Secret::new(password.to_owned()),
        },
        None => Login::Prompt { username: creds.expose().to_owned() },
    }
}

/// Takes a secret from the command line; nothing about it is checked, so nothing of it is ever printed.
pub(super) fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text.to_owned()))
}

/// The same flags for one end of a copy, with a prefix.
macro_rules! end_args {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $of:literal, $heading:literal) => {
        $(#[$doc])*
        #[derive(Args, Clone, Default)]
        #[command(next_help_heading = $heading)]
        pub(crate) struct $name {
            #[arg(id = concat!($prefix, "-creds"), long = concat!($prefix, "-creds"), value_parser = secret,
                  value_name = "USER[:PASSWORD]", help = concat!("User name and password for ", $of))]
            creds: Option<Secret>,
            #[arg(id = concat!($prefix, "-authfile"), long = concat!($prefix, "-authfile"), value_name = "FILE",
                  help = concat!("Auth file for ", $of, ", instead of --authfile"))]
            authfile: Option<PathBuf>,
            #[arg(id = concat!($prefix, "-ca-file"), long = concat!($prefix, "-ca-file"), value_name = "FILE",
                  help = "Trust the certificates in this PEM file besides the system's")]
            ca_file: Option<PathBuf>,
            #[arg(id = concat!($prefix, "-cert-dir"), long = concat!($prefix, "-cert-dir"), value_name = "DIR",
                  help = "Folder with *.crt to trust and client *.cert and *.key, instead of certs.d")]
            cert_dir: Option<PathBuf>,
            #[arg(id = concat!($prefix, "-insecure"), long = concat!($prefix, "-insecure"),
                  help = "Do not verify the registry's certificate")]
            insecure: bool,
            #[arg(id = concat!($prefix, "-plain-http"), long = concat!($prefix, "-plain-http"),
                  help = "Speak HTTP without TLS",
                  conflicts_with_all = [concat!($prefix, "-insecure"), concat!($prefix, "-ca-file"), concat!($prefix, "-cert-dir")])]
            plain_http: bool,
        }

        impl $name {
            pub(crate) fn resolve(self, authfile: Option<PathBuf>, retry: RetryArgs) -> Access {
                Access {
                    connection: ConnectionOptions {
                        ca_file: self.ca_file,
                        cert_dir: self.cert_dir,
                        insecure: self.insecure,
                        plain_http: self.plain_http,
                    },
                    authfile: self.authfile.or(authfile),
                    login: self.creds.as_ref().map_or(Login::Stored, from_creds),
                    retry: retry.resolve(),
                    ..Access::default()
                }
            }
        }
    };
}

end_args!(
    /// Flags for the registry that images come from.
    SourceArgs,
    "src",
    "the source",
    "Source registry"
);
end_args!(
    /// Flags for the registries that images go to.
    DestinationArgs,
    "dest",
    "the destination",
    "Destination registry"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn robot_names_and_colons_in_passwords_survive() {
        let login = from_creds(&Secret::new("12345678|robot:pa:ss".into()));
        let password = Secret::new("pa:ss".into());
        assert_eq!(login, Login::Given { username: "12345678|robot".into(), password });
        let login = from_creds(&Secret::new("org+robot".into()));
        assert_eq!(login, Login::Prompt { username: "org+robot".into() });
    }
}
