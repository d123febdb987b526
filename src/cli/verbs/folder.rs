//! Streams in a folder: what images are fetched and copied with.

use std::sync::Arc;

use longshore::http::Traffic;
use longshore::imagestream::Fetching;
use longshore::imagestream::fetch::Registries;
use longshore::model::Endpoint;
use longshore::ops::{PullThrough, PullThroughOptions};
use longshore::session::{SessionOptions, Trust};
use longshore::transfer::CopyOptions;

use super::{ends, streams};
use crate::cli::Context;
use crate::cli::args::{Fetch, ImportRequest, Limit};
use crate::cli::progress::Fetched;

/// How many blobs are copied at the same time.
const JOBS: usize = 16;

/// What opens registries. A login from the command line is for the one of `images`; a password is asked for here.
pub(super) fn registries(
    fetch: &Fetch,
    images: &[String],
    context: &Context,
) -> anyhow::Result<Registries> {
    let images: Vec<Endpoint> = images.iter().filter_map(|text| text.parse().ok()).collect();
    let given = ends::given(&fetch.access.login, &images, context)?;
    let traffic = Arc::new(Traffic::new(fetch.traffic.clone()));
    let open = |trust| {
        let (given, traffic) = (given.clone(), Arc::clone(&traffic));
        let shared = SessionOptions { trust, given, traffic, ..SessionOptions::default() };
        ends::session(&fetch.access, shared, context)
    };
    Ok(Registries { verified: open(Trust::Verified)?, insecure: open(Trust::Waived)? })
}

/// Fetching that nobody is told of.
pub(super) fn fetching(registries: Registries, Limit(limit): Limit) -> Fetching {
    Fetching {
        registries,
        limit: limit.map(std::num::NonZero::get),
        observer: Arc::new(()),
        pull_through: None,
        clock: streams::now,
    }
}

/// The same with progress, unless nobody wants to see it.
pub(super) fn with_progress(fetching: Fetching, context: &Context) -> Fetching {
    if context.quiet {
        return fetching;
    }
    Fetching { observer: Arc::new(Fetched::show(&context.console)), ..fetching }
}

/// What copies image data, if that is wanted.
pub(super) fn pull_through(
    request: &ImportRequest,
    registries: &Registries,
    context: &Context,
) -> anyhow::Result<Option<Arc<PullThrough>>> {
    let Some((destination, access)) = &request.pull_through else { return Ok(None) };
    let given = ends::given(&access.login, [destination], context)?;
    let traffic = Arc::new(Traffic::new(request.fetch.traffic.clone()));
    let shared = SessionOptions { given, traffic, ..SessionOptions::default() };
    let options = PullThroughOptions {
        registries: registries.clone(),
        destination: ends::session(access, shared, context)?,
        options: CopyOptions { jobs: JOBS, ..CopyOptions::default() },
        observer: if request.wanted.is_endless() {
            Arc::new(())
        } else {
            Arc::new(context.progress())
        },
    };
    Ok(Some(Arc::new(PullThrough::new(destination, options)?)))
}
