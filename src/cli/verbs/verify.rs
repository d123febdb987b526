//! `verify`.

use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use longshore::http::Traffic;
use longshore::mirror::Place;
use longshore::mirror::verify::{Observer, read_list};
use longshore::model::Endpoint;
use longshore::ops::{self, Against, Ends, Verified, VerifyRequest};
use longshore::session::SessionOptions;
use longshore::transfer::CopyOptions;

use super::{ends, problems};
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

/// Reads the list that there may be, and opens both ends. Passwords are asked for here.
pub(super) fn prepare(verify: Verify, context: &Context) -> anyhow::Result<Prepared> {
    let against = verify.against.as_deref().map(|text| against(text, context)).transpose()?;
    if verify.repair {
        check_repair(&verify.place, against.as_ref())?;
    }
    let traffic = Arc::new(Traffic::new(verify.traffic));
    let shared = SessionOptions { traffic, ..SessionOptions::default() };
    let from = match &against {
        Some(Against::Place(place)) => place,
        Some(Against::List(_)) | None => &verify.place,
    };
    let ends = Ends {
        source: ends::mirror(&verify.source, from, &shared, context)?,
        destination: ends::mirror(&verify.destination, &verify.place, &shared, context)?,
    };
    let request = VerifyRequest { place: verify.place, against, depth: verify.depth };
    Ok(Prepared { ends, request, repair: verify.repair })
}

/// A file that is there is a list. All else is a place: `docker://` in front, where both are called the same.
fn against(text: &str, context: &Context) -> anyhow::Result<Against> {
    let path = Path::new(text);
    if text == "-" || path.is_file() {
        return Ok(Against::List(read_list(text, &context.input.file(path)?)?));
    }
    match text.parse::<Place>() {
        Ok(place) => Ok(Against::Place(place)),
        Err(error) => {
            let context = format!("'{text}' is neither a file nor a place that holds images");
            Err(anyhow::Error::new(UsageError(context)).context(error.to_string()))
        }
    }
}

/// Refuses to repair what can only be written as a whole, and without a source.
fn check_repair(place: &Place, against: Option<&Against>) -> anyhow::Result<()> {
    match (place, against) {
        (_, Some(Against::List(_))) => bail!(UsageError(
            "the list does not tell where its images come from: --repair needs --against SRC"
                .into()
        )),
        (Place::Below(_) | Place::At(Endpoint::Registry(_) | Endpoint::Oci { .. }), _) => Ok(()),
        (other, _) => bail!(UsageError(format!(
            "{other} is written as a whole and cannot be repaired: copy it again"
        ))),
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
