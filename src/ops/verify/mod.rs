//! Whether mirrors are true, and what makes them so again.

mod bundles;
mod listed;
mod repair;
mod report;
mod sites;

pub use repair::{Repaired, repair};
pub use report::{Defect, Flaw, Verified};
pub use sites::SiteError;

use std::sync::Arc;

use futures_util::{StreamExt, stream};

use self::report::Checked;
use self::sites::{Site, Sites, sites};
use super::copy::Ends;
use crate::mirror::Place;
use crate::mirror::verify::{Depth, Listed, Observer, Proven, Scope, Surveyed, walk};
use crate::model::Endpoint;
use crate::shard::{Shard, Share};
use crate::store;

/// How many repositories are looked at at once.
const SITES: usize = 4;

/// What to look at.
#[derive(Clone, Debug)]
pub struct VerifyRequest {
    /// What of it.
    pub aim: Aim,
    /// How closely blobs are looked at.
    pub depth: Depth,
    /// Whose part of it is looked at; all, when there is none.
    pub shard: Option<Shard>,
}

/// Which images are looked at.
#[derive(Clone, Debug)]
pub enum Aim {
    /// All of a place, and what it should be.
    Place(Place, Option<Against>),
    /// These, wherever they should be.
    Listed(Vec<Listed>),
}

/// What a mirror is compared with.
#[derive(Clone, Debug)]
pub enum Against {
    /// What it is a mirror of.
    Place(Place),
    /// Images that should be there.
    Listed(Vec<Listed>),
}

/// Looks at all of a mirror. `ends.destination` opens the mirror, `ends.source` what it is compared with.
///
/// # Errors
/// When it cannot be found out what there is to look at.
pub async fn verify(
    ends: &Ends,
    request: &VerifyRequest,
    observer: &dyn Observer,
) -> Result<Verified, SiteError> {
    let Sites { mut sites, all } = sites(ends, request).await?;
    let share = request.shard.map(|shard| Share { shard, own: sites.len(), all });
    if let Some(share) = share {
        observer.parted(share);
    }
    let damages = bundles::prove(&mut sites).await?;
    let proven = Arc::default();
    let checked = check(sites, request.depth, &proven, observer).await;
    Ok(Verified { checked, damages, depth: request.depth, proven, share })
}

/// Looks at each of `sites`, and gives what came of it in their order.
async fn check(
    sites: Vec<Site>,
    depth: Depth,
    proven: &Arc<Proven>,
    observer: &dyn Observer,
) -> Vec<Checked> {
    let mut looking = Vec::new();
    for site in sites {
        looking.push(async move {
            let looked = look(&site, depth, proven, observer).await;
            Checked::new(site, looked)
        });
    }
    stream::iter(looking).buffered(SITES).collect().await
}

/// Looks at one site. Where there need not be any name, what is to be there without one is looked for all the same.
async fn look(
    site: &Site,
    depth: Depth,
    proven: &Arc<Proven>,
    observer: &dyn Observer,
) -> store::Result<Surveyed> {
    // A bundle is proven already.
    let is_bundle = matches!(site.endpoint, Endpoint::Bundle { .. });
    let depth = if is_bundle { Depth::Shallow } else { depth };
    match walk(&site.store, site.scope.clone(), depth, proven, observer).await {
        Err(error) if error.is_not_found() && site.may_be_empty => {
            let nameless = Scope::roots(site.scope.roots.clone());
            walk(&site.store, nameless, depth, proven, observer).await
        }
        looked => looked,
    }
}
