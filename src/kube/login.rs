//! Who we are, proven with each request.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

use super::ConfigError;
use super::LoginError;
use super::deadline::Deadline;
use super::document;
use super::plugin::Plugin;
use crate::auth::Secret;

/// Where the proof comes from, apart from a client certificate that is written in the kubeconfig.
pub(super) enum Login {
    /// Nowhere.
    Nobody,
    /// A token.
    Token(Secret),
    /// A token in a file, which changes from time to time.
    TokenFile {
        path: PathBuf,
        /// The token for when there is nothing in the file.
        otherwise: Option<Secret>,
    },
    /// User name and password.
    Basic { username: String, password: Secret },
    /// A program that gives tokens or client certificates.
    Plugin(Box<Plugin>),
}

/// What proves it for one request.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) authorization: Option<HeaderValue>,
    /// A client certificate and its key, PEM.
    pub(super) identity: Option<Secret>,
}

impl Login {
    /// A proof that is good now, as far as is known.
    pub(super) async fn proof(&self, deadline: Option<Deadline>) -> Result<Proof, LoginError> {
        match self {
            Self::Nobody => Ok(Proof::default()),
            Self::Token(token) => bearer(token),
            Self::TokenFile { path, otherwise } => match (read_token(path), otherwise) {
                (Ok(token), _) => bearer(&token),
                (Err(_), Some(token)) => bearer(token),
                (Err(source), None) => Err(LoginError::TokenFile { path: path.clone(), source }),
            },
            Self::Basic { username, password } => {
                let pair = Secret::new(format!("{username}:{}", password.expose()));
                header(&Secret::new(format!("Basic {}", STANDARD.encode(pair.expose()))))
            }
            Self::Plugin(plugin) => {
                let issued = plugin.issued(deadline).await?;
                let proof = issued.token.as_ref().map(bearer).transpose()?.unwrap_or_default();
                Ok(Proof { identity: issued.identity, ..proof })
            }
        }
    }

    /// Whether there is anything to send.
    pub(super) fn is_somebody(&self) -> bool {
        !matches!(self, Self::Nobody)
    }

    /// Another proof than `refused`; none when there is no other.
    pub(super) async fn another(
        &self,
        refused: &Proof,
        deadline: Option<Deadline>,
    ) -> Result<Option<Proof>, LoginError> {
        match self {
            Self::Plugin(plugin) => {
                let used = |token: &Secret| {
                    bearer(token).is_ok_and(|proof| proof.authorization == refused.authorization)
                };
                plugin
                    .forget(|issued| match &issued.token {
                        Some(token) => used(token),
                        None => issued.identity == refused.identity,
                    })
                    .await;
            }
            Self::TokenFile { .. } => {}
            Self::Nobody | Self::Token(_) | Self::Basic { .. } => return Ok(None),
        }
        Ok(Some(self.proof(deadline).await?).filter(|proof| proof != refused))
    }
}

fn bearer(token: &Secret) -> Result<Proof, LoginError> {
    header(&Secret::new(format!("Bearer {}", token.expose())))
}

fn header(text: &Secret) -> Result<Proof, LoginError> {
    let mut value = HeaderValue::from_str(text.expose()).map_err(|_| LoginError::Unsendable)?;
    value.set_sensitive(true);
    Ok(Proof { authorization: Some(value), identity: None })
}

fn read_token(path: &Path) -> Result<Secret, Error> {
    let bytes = match document::bytes(path) {
        Ok(bytes) => bytes,
        Err(ConfigError::Read { source, .. }) => return Err(source),
        Err(_) => return Err(Error::new(ErrorKind::FileTooLarge, "it is larger than any token")),
    };
    let text = Secret::new(String::from_utf8_lossy(&bytes).into_owned());
    match text.expose().trim() {
        "" => Err(Error::new(ErrorKind::UnexpectedEof, "it is empty")),
        token => Ok(Secret::new(token.to_owned())),
    }
}
