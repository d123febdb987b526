//! Whether mirrors are true, and what makes them so again.

mod repair;
mod report;
mod sites;

pub use repair::{Repaired, repair};
pub use report::{Defect, Flaw, Verified};
pub use sites::{Against, SiteError};

use std::sync::Arc;

use futures_util::{StreamExt, stream};

use self::report::Checked;
use self::sites::{Site, sites};
use super::copy::Ends;
use crate::mirror::Place;
use crate::mirror::verify::{Depth, Observer, Proven, walk};

/// How many repositories are looked at at once.
const SITES: usize = 4;

/// What to look at.
#[derive(Clone, Debug)]
pub struct VerifyRequest {
    /// The mirror.
    pub place: Place,
    /// What it should be.
    pub against: Option<Against>,
    /// How closely blobs are looked at.
    pub depth: Depth,
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
    let sites = sites(ends, request).await?;
    let proven = Arc::default();
    let checked = check(sites, request.depth, &proven, observer).await;
    Ok(Verified { checked, depth: request.depth, proven })
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
            let looked = walk(&site.store, site.scope.clone(), depth, proven, observer).await;
            Checked::new(site, looked)
        });
    }
    stream::iter(looking).buffered(SITES).collect().await
}
