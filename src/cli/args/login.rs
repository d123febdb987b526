//! `login`.

use std::path::PathBuf;

use clap::Args;
use longshore::auth::Secret;

use super::access::{ConnectionArgs, from_username, secret};
use super::{Login, UsageError};

const EXAMPLES: &str = "\
Examples:
  longshore login quay.io
  longshore login -u 'org+robot' --password-stdin quay.io < robot-token
  longshore login -u '12345678|robot' --password-stdin registry.redhat.io < token
  longshore login --keyring quay.io
  longshore login --get-login quay.io";

/// Prove a login against a registry, then keep it
///
/// The user name and password are sent to the registry first. Only when it takes them are they kept: in the auth file
/// that podman, skopeo and longshore read, or in the keyring of the operating system.
///
/// With a path behind the registry, as in quay.io/org, the login is used for repositories below that path alone.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LoginArgs {
    /// The registry, or a path on it [default: the first search registry of registries.conf]
    #[arg(value_name = "REGISTRY[/PATH]")]
    pub(crate) registry: Option<String>,
    /// User name; asked for if not given
    #[arg(short, long, value_name = "USER")]
    username: Option<String>,
    /// Password. Others on this machine can see it: better use --password-stdin
    #[arg(short, long, value_name = "PASSWORD", value_parser = secret)]
    password: Option<Secret>,
    /// Read the password from standard input
    #[arg(long, requires = "username", conflicts_with = "password")]
    password_stdin: bool,
    /// Read an identity token (an OAuth2 refresh token) from standard input
    #[arg(long, conflicts_with_all = ["username", "password", "password_stdin"])]
    token_stdin: bool,
    /// Print the user name that is in use for the registry, and do nothing else
    #[arg(long, conflicts_with_all = ["username", "password", "password_stdin", "token_stdin", "keyring", "verify"])]
    get_login: bool,
    /// Prove the login against the registry before it is kept
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) verify: bool,
    /// Keep the login in the keyring of the operating system
    #[arg(long)]
    pub(crate) keyring: bool,
    /// Auth file to keep the login in
    #[arg(long, value_name = "FILE")]
    pub(crate) authfile: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// What `login` is asked to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LoginRequest {
    /// Print the user name in use.
    Show,
    /// Keep user name and password.
    Password(Login),
    /// Ask for user name and password.
    Ask,
    /// Keep the identity token on standard input.
    Token,
}

impl LoginArgs {
    pub(crate) fn request(&mut self) -> Result<LoginRequest, UsageError> {
        let password = self.password.take();
        Ok(match self.username.take() {
            _ if self.get_login => LoginRequest::Show,
            _ if self.token_stdin => LoginRequest::Token,
            Some(user) if user.is_empty() => {
                return Err(UsageError("the user name is empty".into()));
            }
            Some(user) => {
                LoginRequest::Password(from_username(user, password, self.password_stdin))
            }
            None if password.is_some() => {
                return Err(UsageError("--password needs --username".into()));
            }
            None => LoginRequest::Ask,
        })
    }
}
