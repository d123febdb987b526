//! Basic authentication (RFC 7617) against an `htpasswd` file with bcrypt hashes, as `htpasswd -B` writes it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

/// How many logins that held are remembered, so that bcrypt is paid once and not for each request.
const REMEMBERED: usize = 1024;

/// How many bcrypt hashes are computed at once: they are made to be slow, and strangers may ask for them.
const AT_ONCE: usize = 2;

/// The users that a registry lets in.
pub struct Htpasswd {
    hashes: HashMap<String, String>,
    /// A hash that is compared for unknown users, so that they take as long as known ones.
    decoy: Option<String>,
    /// SHA-256 of the name and password of logins that held.
    proven: Mutex<HashSet<[u8; 32]>>,
    places: Semaphore,
}

/// Why an `htpasswd` file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HtpasswdError {
    /// The file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A line that is not `NAME:HASH` with a bcrypt hash.
    #[error("line {line} is not NAME:HASH with a bcrypt hash: write it with 'htpasswd -B'")]
    Line {
        /// The number of the line, from 1.
        line: usize,
    },
}

impl Htpasswd {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or has a line with another kind of hash.
    pub fn read(path: &Path) -> Result<Self, HtpasswdError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| HtpasswdError::Read { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    /// Reads the text of a file. Empty lines and those with `#` in front are passed over.
    ///
    /// # Errors
    /// When a line has another kind of hash.
    pub fn parse(text: &str) -> Result<Self, HtpasswdError> {
        let mut hashes = HashMap::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, hash) = line
                .split_once(':')
                .filter(|(name, hash)| !name.is_empty() && is_bcrypt(hash))
                .ok_or(HtpasswdError::Line { line: number + 1 })?;
            hashes.insert(name.to_owned(), hash.to_owned());
        }
        Ok(Self {
            decoy: hashes.values().next().cloned(),
            hashes,
            proven: Mutex::default(),
            places: Semaphore::new(AT_ONCE),
        })
    }

    /// Whether an `Authorization` header names a user and the password of that user.
    pub(super) async fn admits(&self, authorization: Option<&[u8]>) -> bool {
        let Some((name, password)) = authorization.and_then(credentials) else { return false };
        let key = key(&name, &password);
        if self.proven().contains(&key) {
            return true;
        }
        let known = self.hashes.get(&name);
        let Some(hash) = known.or(self.decoy.as_ref()).cloned() else { return false };
        let Ok(_place) = self.places.acquire().await else { return false };
        let check = move || bcrypt::verify(password, &hash).unwrap_or(false);
        let holds = tokio::task::spawn_blocking(check).await.unwrap_or(false) && known.is_some();
        if holds {
            self.remember(key);
        }
        holds
    }

    fn remember(&self, key: [u8; 32]) {
        let mut proven = self.proven();
        if proven.len() >= REMEMBERED {
            proven.clear();
        }
        proven.insert(key);
    }

    fn proven(&self) -> std::sync::MutexGuard<'_, HashSet<[u8; 32]>> {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Htpasswd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Htpasswd({} users)", self.hashes.len())
    }
}

fn is_bcrypt(hash: &str) -> bool {
    hash.len() == 60 && ["$2y$", "$2a$", "$2b$"].iter().any(|kind| hash.starts_with(kind))
}

fn credentials(authorization: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(authorization).ok()?;
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

fn key(name: &str, password: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update((name.len() as u64).to_be_bytes());
    hash.update(name);
    hash.update(password);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> Htpasswd {
        let hash = bcrypt::hash("secret", 4).unwrap();
        Htpasswd::parse(&format!("# users\n\n12|robot:{hash}\n")).unwrap()
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[tokio::test]
    async fn the_right_password_is_let_in_at_once_the_second_time() {
        let users = users();
        for _ in 0..2 {
            assert!(users.admits(Some(basic("12|robot:secret").as_bytes())).await);
            assert_eq!(users.proven().len(), 1);
        }
    }

    #[tokio::test]
    async fn all_else_is_kept_out_and_not_remembered() {
        let users = users();
        assert!(!users.admits(None).await);
        let of = |text: &str| text.replace("Basic", "Bearer");
        for header in [
            basic("12|robot:wrong"),
            basic("12|robot:"),
            basic("other:secret"),
            basic("12|robot"),
            of(&basic("12|robot:secret")),
            "Basic !".to_owned(),
            String::new(),
        ] {
            assert!(!users.admits(Some(header.as_bytes())).await, "{header}");
        }
        assert!(users.proven().is_empty());
    }

    #[test]
    fn other_kinds_of_hashes_are_refused_with_their_line() {
        for line in ["name:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "name", ":$2y$05$x", "name:plain"] {
            let error = Htpasswd::parse(&format!("\n{line}")).unwrap_err();
            assert!(error.to_string().starts_with("line 2 "), "{error}");
            assert!(!error.to_string().contains("plain"));
        }
    }
}
