//! What each verb does with its arguments: one file per verb.

pub(super) mod advised;
mod bundles;
mod completion;
mod copy;
mod delete;
mod demo;
mod ends;
mod failed;
mod folder;
mod helper;
mod images;
mod import;
mod import_image;
mod inspect;
mod inventory;
mod junit;
pub(super) mod login;
mod logout;
mod mirror;
mod mirror_file;
mod mirror_plan;
mod mirror_set;
mod plan;
mod problems;
mod pulled;
mod reacting;
mod refresh;
pub(super) mod report;
pub(super) mod reports;
mod schema;
mod serve;
mod shards;
mod stream;
mod streams;
mod table;
mod tag;
mod tag_sync;
mod tags;
mod told_file;
mod verify;

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use longshore::reaction::triggers::Mode;

use super::Context;
use super::args::{Command, Copy, Telling};
use super::exit::Exit;
use super::interrupt::stoppable;

use self::reacting::{Reacting, stoppable_reacting};

/// A verb at work.
pub(crate) type Work<'a> = BoxFuture<'a, anyhow::Result<Exit>>;

/// Resolves the arguments of a verb and starts it. Questions are asked here, before anything runs.
pub(crate) fn start(command: Command, context: &Context) -> anyhow::Result<Work<'_>> {
    let work = match command {
        Command::Serve(args) => return Ok(serve::run(args, context).boxed()),
        Command::Login(args) => login::run(login::prepare(args, context)?, context).boxed(),
        Command::Logout(args) => logout::run(args, context).boxed(),
        Command::Pull(args) => {
            copy(args.resolve(|image| pulled::place_of(image, context))?, context)?
        }
        Command::Push(args) => copy(args.resolve()?, context)?,
        Command::Mirror(args) => mirror::start(*args, context)?,
        Command::Verify(args) => {
            verify::run(verify::prepare(args.resolve(), context)?, context).boxed()
        }
        Command::Delete(args) => {
            delete::run(delete::prepare(args.resolve()?, context)?, context).boxed()
        }
        Command::Report(args) => report::run(args.verb, context).boxed(),
        Command::TagSync(args) => return tag_sync::start(args.verb, context),
        Command::Plan(args) => plan::run(args.verb, context).boxed(),
        Command::Inspect(args) => {
            let open = ends::one(&args.access.resolve(), &args.image, context)?;
            inspect::run(open, args, context).boxed()
        }
        Command::Inventory(args) => {
            let open = ends::all(&args.access.resolve(), &args.places, context)?;
            inventory::run(open, args.places, context).boxed()
        }
        Command::Tags(args) => {
            args.check()?;
            let open = ends::one(&args.access.resolve(), &args.repository, context)?;
            tags::run(open, args.repository, context).boxed()
        }
        Command::ImportImage(args) => {
            let (view, request) = (args.output.view, args.resolve()?);
            let opened = streams::open_to_import(&request, context)?;
            return import_image::start(opened, request, view, context);
        }
        Command::Tag(args) => {
            let request = args.resolve()?;
            let opened = streams::open_to_tag(&request, context)?;
            let (reactions, namespace) = (request.reaction.clone(), &opened.namespace);
            let reacting = Reacting::prepare(reactions, namespace, Mode::Write, context)?;
            let reactions = Arc::clone(&reacting.reactions);
            let work = tag::run(opened, request, reacting, context);
            return Ok(stoppable_reacting(work, reactions, context).boxed());
        }
        Command::Stream(args) => return stream::start(args.verb, context),
        Command::CredentialHelper(args) => helper::run(args, context).boxed(),
        Command::Demo(args) => demo::run(args, context).boxed(),
        Command::Schema(args) => schema::run(args, context).boxed(),
        Command::Completion(args) => completion::run(args, context).boxed(),
    };
    Ok(stoppable(work, context).boxed())
}

fn copy(copy: Copy, context: &Context) -> anyhow::Result<Work<'_>> {
    let ends = ends::both(&copy, context)?;
    let work = async move {
        copy::run(&ends, &copy.request, Vec::new(), &Telling::default(), context).await
    };
    Ok(work.boxed())
}
