//! What the files hold that flags for bundles name.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use longshore::model::Endpoint;
use longshore::store::bundle::{Base, BundleOptions, Contents, Receipt, SigningKey, VerifyingKey};

use crate::cli::args::{BundleArgs, UsageError};

/// The most bytes that are read of a receipt or a key.
const LIMIT: u64 = 64 << 20;

/// The options for bundles among `destinations`.
pub(super) fn options<'a>(
    args: &BundleArgs,
    destinations: impl IntoIterator<Item = &'a Endpoint>,
) -> anyhow::Result<BundleOptions> {
    args.check(destinations)?;
    let mut base = Base::default();
    for path in &args.have {
        let unusable = || format!("{} is no receipt", path.display());
        let receipt = Receipt::parse(&read(path)?).with_context(unusable)?;
        base.add_receipt(&receipt).with_context(unusable)?;
    }
    for path in &args.since {
        let contents = Contents::of(path)?;
        base.add_bundle(format!("bundle:{}", path.display()), &contents);
    }
    let signer = args.sign_key.as_deref().map(|path| {
        let key = SigningKey::from_pem(&read(path)?);
        key.map(Arc::new).with_context(|| format!("{} cannot sign", path.display()))
    });
    Ok(BundleOptions { base: Arc::new(base), signer: signer.transpose()?, split: args.split })
}

/// The key that a bundle has to be signed with.
pub(super) fn verifying_key(args: &BundleArgs) -> anyhow::Result<Option<VerifyingKey>> {
    let read = |path: &Path| {
        let key = VerifyingKey::from_pem(&read(path)?);
        key.with_context(|| format!("{} cannot verify signatures", path.display()))
    };
    args.verify_key.as_deref().map(read).transpose()
}

/// Receipts are a few kilobytes, and some megabytes for a registry of a hundred thousand images; keys are less.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let cannot = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(cannot)?;
    file.take(LIMIT + 1).read_to_end(&mut bytes).with_context(cannot)?;
    if bytes.len() as u64 > LIMIT {
        bail!(UsageError(format!("{} is larger than {} MiB", path.display(), LIMIT >> 20)));
    }
    Ok(bytes)
}
