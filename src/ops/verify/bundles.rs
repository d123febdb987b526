//! Bundles are proven as an import proves them: every file is read, and has its sum.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::sites::Site;
use crate::model::Endpoint;
use crate::store::bundle::{BundleError, BundleReader};
use crate::store::{self, Error};

/// A bundle whose files are not those that were written.
pub(super) struct Damage {
    pub(super) place: String,
    /// What is wrong, a line each.
    pub(super) problems: Vec<String>,
}

/// Proves the bundles among `sites`, and takes those away that are damaged: it is known all that is wrong there.
pub(super) async fn prove(sites: &mut Vec<Site>) -> store::Result<Vec<Damage>> {
    let mut damages = Vec::new();
    for dir in sites.iter().filter_map(dir).map(Path::to_owned).collect::<BTreeSet<PathBuf>>() {
        if let Some(damage) = damage(&dir).await? {
            sites.retain(|site| self::dir(site) != Some(&dir));
            damages.push(damage);
        }
    }
    Ok(damages)
}

fn dir(site: &Site) -> Option<&Path> {
    match &site.endpoint {
        Endpoint::Bundle { dir, .. } => Some(dir),
        _ => None,
    }
}

async fn damage(dir: &Path) -> store::Result<Option<Damage>> {
    let bundle = BundleReader::open(dir)?;
    let Err(error) = bundle.verify().await else { return Ok(None) };
    match error {
        Error::Bundle(error) => match *error {
            BundleError::Damaged { problems, .. } => {
                Ok(Some(Damage { place: bundle.place(), problems }))
            }
            other => Err(other.into()),
        },
        other => Err(other),
    }
}
