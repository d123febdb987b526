//! `logout`: a login is forgotten, and what is still found for the same is told.

use super::LoginTarget;
use crate::auth::{Error, LoginStore, Lookup, Origin};

/// What became of a logout.
#[derive(Debug, PartialEq, Eq)]
pub struct LogoutReport {
    /// Where something was forgotten; nothing when nobody was logged in.
    pub forgotten: Vec<Origin>,
    /// Where the next run will still find a login: another file, a helper, an entry for more than the target.
    pub remaining: Option<Origin>,
}

/// Forgets the login for exactly `target`. `lookup` finds what is left: one that has not been asked before.
///
/// # Errors
/// When the file or helper of `store` cannot be changed, or those of `lookup` cannot be asked.
pub async fn logout(
    target: &LoginTarget,
    store: &LoginStore,
    lookup: &Lookup,
) -> Result<LogoutReport, Error> {
    let forgotten = store.erase(&target.registry, &target.path).await?;
    let remaining = match lookup.find(&target.registry, &target.path).await {
        Ok(found) => found.map(|found| found.origin),
        Err(error) if error.is_missing_file() => None,
        Err(error) => return Err(error),
    };
    Ok(LogoutReport { forgotten, remaining })
}
