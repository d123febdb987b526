//! `mirror --from`: proves a bundle, and copies its images.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt as _;
use indicatif::HumanBytes;
use longshore::ops::{CopyRequest, Ends, Import};
use longshore::store::bundle::BundleReader;
use longshore::transfer::Attachments;

use super::{Work, bundles, copy, mirror, mirror_file};
use crate::cli::Context;
use crate::cli::args::{MirrorArgs, Telling};
use crate::cli::exit::Exit;

pub(super) fn start(dir: PathBuf, args: MirrorArgs, context: &Context) -> anyhow::Result<Work<'_>> {
    let settings = mirror_file::settings(&args, context)?;
    let root = args.root_or(settings.root.as_ref().map(|said| &said.value))?;
    let key = bundles::verifying_key(&args.bundle)?;
    let bundle = BundleReader::open(dir)?;
    key.map_or(Ok(()), |key| bundle.require_signature(&key))?;
    let import = Import::new(Arc::clone(&bundle), root);
    let platforms = args.rules.platforms(&args.platforms.platforms);
    let mappings = import.mappings(&platforms.unwrap_or_default())?;
    let mirroring = args.mirroring().with_settings(&settings);
    let destinations = mappings.iter().flat_map(|mapping| &mapping.destinations);
    let ends = mirror::open(&mirroring, [], destinations, context)?;
    // What refers to the images is in the bundle if it was wanted.
    let attachments = Attachments::All;
    let request = CopyRequest { mappings, attachments, ..mirroring.copy.request };
    Ok(run(import, bundle, ends, request, mirroring.telling, context).boxed())
}

async fn run(
    import: Import,
    bundle: Arc<BundleReader>,
    ends: Ends,
    request: CopyRequest,
    telling: Telling,
    context: &Context,
) -> anyhow::Result<Exit> {
    if !context.quiet {
        let sizes = bundle.contents().blobs.iter().map(|blob| blob.size);
        let bytes = sizes.fold(0, u64::saturating_add);
        let line = format!("verifying {} ({})", bundle.place(), HumanBytes(bytes));
        context.console.lines([line]);
    }
    let progress = Arc::new(context.progress());
    let report = import.run(ends, &request, progress).await?;
    copy::tell(report, Vec::new(), &telling, context).await
}
