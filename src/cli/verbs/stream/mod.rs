//! `stream`: one file for each of its verbs.

mod delete;
mod describe;
mod export;
mod get;
mod history;
mod prune;
mod rollback;

use futures_util::FutureExt as _;
use longshore::reaction::triggers::Mode;

use super::reacting::Reacting;
use super::{Work, streams};
use crate::cli::Context;
use crate::cli::args::{PlaceArgs, StreamVerb};

pub(super) fn start(verb: StreamVerb, context: &Context) -> anyhow::Result<Work<'_>> {
    let open = |place: &PlaceArgs| streams::open(&place.clone().resolve(), context);
    Ok(match verb {
        StreamVerb::Get(args) => get::run(open(&args.place)?, args, context).boxed(),
        StreamVerb::Describe(args) => describe::run(open(&args.place)?, args, context).boxed(),
        StreamVerb::History(args) => history::run(open(&args.place)?, args, context).boxed(),
        StreamVerb::Rollback(args) => {
            let opened = open(&args.place)?;
            let (reactions, namespace) = (args.reaction.clone().resolve(), &opened.namespace);
            let reacting = Reacting::prepare(reactions, namespace, Mode::Write, context)?;
            rollback::run(opened, args, reacting, context).boxed()
        }
        StreamVerb::Delete(args) => delete::run(open(&args.place)?, args, context).boxed(),
        StreamVerb::Export(args) => export::run(open(&args.place)?, args, context).boxed(),
        StreamVerb::Prune(args) => prune::run(open(&args.place)?, args, context).boxed(),
    })
}
