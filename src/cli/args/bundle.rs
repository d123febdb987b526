//! How bundles are written.

use std::convert::Infallible;
use std::path::PathBuf;

use clap::Args;
use longshore::model::Endpoint;
use longshore::store::bundle::SplitSize;

use super::UsageError;

/// Flags for bundles as destinations.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Bundles")]
pub(crate) struct BundleArgs {
    /// Leave out the blobs that this receipt, written by 'longshore inventory', says are there; may be given several times
    #[arg(long, value_name = "RECEIPT", conflicts_with = "from")]
    pub(crate) have: Vec<PathBuf>,
    /// Leave out what this earlier bundle brought: its folder, or its bundle.json alone; may be given several times
    #[arg(long, value_name = "BUNDLE", value_parser = folder, conflicts_with = "from")]
    pub(crate) since: Vec<PathBuf>,
    /// Put the blobs of the bundle into tar files of less than so many bytes: 4GiB, 700MiB, 4700MB
    /// [default: archiveSize of the set, in GiB; without one no tar files]
    #[arg(long, value_name = "SIZE", conflicts_with = "from")]
    pub(crate) split: Option<SplitSize>,
    /// Sign the bundle with this key: Ed25519, as 'openssl genpkey -algorithm ed25519' writes it
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    pub(crate) sign_key: Option<PathBuf>,
    /// Import the bundle only if it is signed by the owner of this public key, as 'openssl pkey -pubout' writes it
    #[arg(long, value_name = "FILE", requires = "from")]
    pub(crate) verify_key: Option<PathBuf>,
    /// Write the mappings that failed to this file, for -f [default: failed.txt in the bundle that they were for]. A plan
    /// is applied again instead: what it pins cannot stand in a mapping
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "plan", "apply"])]
    pub(crate) failed: Option<PathBuf>,
}

/// `bundle:DIR` is taken for DIR, for those who write it so everywhere.
fn folder(text: &str) -> Result<PathBuf, Infallible> {
    Ok(PathBuf::from(text.strip_prefix("bundle:").unwrap_or(text)))
}

impl BundleArgs {
    /// Refuses flags that would do nothing.
    pub(crate) fn check<'a>(
        &self,
        destinations: impl IntoIterator<Item = &'a Endpoint>,
    ) -> Result<(), UsageError> {
        let is_given = !self.have.is_empty()
            || !self.since.is_empty()
            || self.sign_key.is_some()
            || self.split.is_some();
        let mut destinations = destinations.into_iter();
        if is_given && !destinations.any(|to| matches!(to, Endpoint::Bundle { .. })) {
            let text = "--have, --since, --split and --sign-key are for bundles, and no destination is a bundle:DIR";
            return Err(UsageError(text.to_owned()));
        }
        Ok(())
    }
}
