//! `verify`.

use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use longshore::http::Traffic;
use longshore::mirror::Place;
use longshore::mirror::plan::Lock;
use longshore::mirror::verify::{Listed, Observer, read_list};
use longshore::ops::{self, Against, Aim, Ends, LockFileError, Verified, VerifyRequest};
use longshore::session::SessionOptions;
use longshore::transfer::CopyOptions;

use super::{ends, problems, shards};
use crate::cli::Context;
use crate::cli::args::{UsageError, Verify};
use crate::cli::exit::Exit;
use crate::cli::progress::Looked;

/// A verification that can begin.
pub(super) struct Prepared {
    ends: Ends,
    request: VerifyRequest,
    repair: bool,
}

/// Reads the list or plan that there may be, and opens both ends. Passwords are asked for here.
pub(super) fn prepare(verify: Verify, context: &Context) -> anyhow::Result<Prepared> {
    let shard = shards::shard(verify.shard, context)?;
    let against = verify.against.as_deref().map(|text| against(text, context)).transpose()?;
    let aim = aim(verify.place, against)?;
    let (at, from) = (destinations(&aim), sources(&aim));
    if verify.repair {
        check_repair(&aim, &at)?;
    }
    let traffic = Arc::new(Traffic::new(verify.traffic));
    let shared = SessionOptions { traffic, ..SessionOptions::default() };
    let ends = Ends {
        source: ends::mirror(&verify.source, &from, &shared, context)?,
        destination: ends::mirror(&verify.destination, &at, &shared, context)?,
    };
    Ok(Prepared {
        ends,
        request: VerifyRequest { aim, depth: verify.depth, shard },
        repair: verify.repair,
    })
}

/// A file that is there is a plan or a list. All else is a place: `docker://` in front, where both are called the same.
fn against(text: &str, context: &Context) -> anyhow::Result<Against> {
    let path = Path::new(text);
    if text == "-" || path.is_file() {
        return Ok(Against::Listed(listed(text, &context.input.file(path)?)?));
    }
    match text.parse::<Place>() {
        Ok(place) => Ok(Against::Place(place)),
        Err(error) => {
            let context = format!("'{text}' is neither a file nor a place that holds images");
            Err(anyhow::Error::new(UsageError(context)).context(error.to_string()))
        }
    }
}

/// The images of a plan, which is JSON, or of a list, which begins with a digest.
fn listed(file: &str, text: &str) -> anyhow::Result<Vec<Listed>> {
    if text.trim_start().starts_with('{') {
        let lock = Lock::parse(file, text.as_bytes()).map_err(LockFileError::from)?;
        return Ok(lock.listed());
    }
    Ok(read_list(file, text)?)
}

fn aim(place: Option<Place>, against: Option<Against>) -> Result<Aim, UsageError> {
    match (place, against) {
        (Some(place), against) => Ok(Aim::Place(place, against)),
        (None, Some(Against::Listed(list))) => Ok(Aim::Listed(list)),
        (None, Some(Against::Place(_)) | None) => {
            Err(UsageError("say which mirror is to be verified: DST --against SRC".into()))
        }
    }
}

/// Where it is looked.
fn destinations(aim: &Aim) -> Vec<Place> {
    match aim {
        Aim::Place(place, _) => vec![place.clone()],
        Aim::Listed(list) => list.iter().map(|listed| Place::At(listed.image.clone())).collect(),
    }
}

/// Where that comes from; itself, where that is not known.
fn sources(aim: &Aim) -> Vec<Place> {
    let sources: Vec<Place> = match aim {
        Aim::Place(_, Some(Against::Place(place))) => vec![place.clone()],
        Aim::Place(_, None) => Vec::new(),
        Aim::Place(_, Some(Against::Listed(list))) | Aim::Listed(list) => {
            let origins = list.iter().filter_map(|listed| listed.origin.as_ref());
            origins.map(|origin| Place::At(origin.place.clone())).collect()
        }
    };
    if sources.is_empty() { destinations(aim) } else { sources }
}

/// Refuses to repair what can only be written as a whole, and without a source.
fn check_repair(aim: &Aim, destinations: &[Place]) -> anyhow::Result<()> {
    if let Aim::Place(_, Some(Against::Listed(list))) | Aim::Listed(list) = aim
        && list.iter().all(|listed| listed.origin.is_none())
    {
        let text =
            "the list does not tell where its images come from: --repair needs SRC or a plan";
        bail!(UsageError(text.into()));
    }
    let is_whole = |place: &&Place| matches!(place, Place::At(endpoint) if !endpoint.is_mutable());
    match destinations.iter().find(is_whole) {
        Some(other) => bail!(UsageError(format!(
            "{other} is written as a whole and cannot be repaired: copy it again"
        ))),
        None => Ok(()),
    }
}

pub(super) async fn run(prepared: Prepared, context: &Context) -> anyhow::Result<Exit> {
    let Prepared { ends, request, repair } = prepared;
    let found = look(&ends, &request, context).await?;
    if !repair || found.problems().all(|problem| problems::is_harmless(&problem)) {
        return problems::tell(&found, context);
    }
    let before = problems::lines(&found);
    let repaired = {
        let looked = Looked::show(&context.console);
        let looking: &dyn Observer = if context.quiet { &() } else { &looked };
        let copying = Arc::new(context.progress());
        ops::repair(&ends, found, &CopyOptions::default(), copying, looking).await
    };
    problems::tell_repaired(&before, &repaired, context)
}

async fn look(ends: &Ends, request: &VerifyRequest, context: &Context) -> anyhow::Result<Verified> {
    if context.quiet {
        return Ok(ops::verify(ends, request, &()).await?);
    }
    let looked = Looked::show(&context.console);
    Ok(ops::verify(ends, request, &looked).await?)
}
