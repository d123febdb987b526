//! `stream`: one file for each of its verbs.

mod delete;
mod describe;
mod export;
mod get;
mod history;
mod prune;
mod rollback;

use std::sync::Arc;

use futures_util::FutureExt as _;
use longshore::reaction::triggers::Mode;

use super::reacting::{Reacting, stoppable_reacting};
use super::{Work, streams};
use crate::cli::Context;
use crate::cli::args::{PlaceArgs, StreamVerb};
use crate::cli::interrupt::stoppable;

pub(super) fn start(verb: StreamVerb, context: &Context) -> anyhow::Result<Work<'_>> {
    let open = |place: &PlaceArgs| streams::open(&place.clone().resolve(), context);
    let work: Work<'_> = match verb {
        StreamVerb::Get(args) => get::run(open(&args.place)?, args, context).boxed(),
        StreamVerb::Describe(args) => describe::run(open(&args.place)?, args, context).boxed(),
        StreamVerb::History(args) => history::run(open(&args.place)?, args, context).boxed(),
        StreamVerb::Rollback(args) => {
            let opened = open(&args.place)?;
            let (reactions, namespace) = (args.reaction.clone().resolve(), &opened.namespace);
            let reacting = Reacting::prepare(reactions, namespace, Mode::Write, context)?;
            let reactions = Arc::clone(&reacting.reactions);
            let work = rollback::run(opened, args, reacting, context);
            return Ok(stoppable_reacting(work, reactions, context).boxed());
        }
        StreamVerb::Delete(args) => delete::run(open(&args.place)?, args, context).boxed(),
        StreamVerb::Export(args) => export::run(open(&args.place)?, args, context).boxed(),
        StreamVerb::Prune(args) => prune::run(open(&args.place)?, args, context).boxed(),
    };
    Ok(stoppable(work, context).boxed())
}
