//! `logout`.

use longshore::auth::{Lookup, Origin};
use longshore::config::AuthFiles;
use longshore::ops::{self, LoginTarget};
use serde_json::json;

use super::login::{helpers, store, target};
use crate::cli::Context;
use crate::cli::args::{Format, LogoutArgs};
use crate::cli::exit::Exit;

pub(super) async fn run(args: LogoutArgs, context: &Context) -> anyhow::Result<Exit> {
    let files = AuthFiles::find(&context.env, args.authfile.as_deref());
    let store = store(&files, context)?;
    if args.all {
        return tell(&store.erase_all().await?, None, context);
    }
    let target = target(args.registry.as_deref(), context)?;
    let report = ops::logout(&target, &store, &Lookup::new(files, helpers(context))).await?;
    if let Some(origin) = report.remaining {
        tracing::warn!("a login for {target} is still in {origin}");
    }
    tell(&report.forgotten, Some(&target), context)
}

fn tell(
    forgotten: &[Origin],
    target: Option<&LoginTarget>,
    context: &Context,
) -> anyhow::Result<Exit> {
    let (of, to) = match target {
        Some(target) => (format!(" of {target}"), format!(" to {target}")),
        None => Default::default(),
    };
    let places: Vec<String> = forgotten.iter().map(ToString::to_string).collect();
    match context.output.format() {
        Format::Json => context.output.json(&json!({ "forgotten": places }))?,
        Format::Text if places.is_empty() => {
            context.output.line(format_args!("nobody was logged in{to}"))?;
        }
        Format::Text => {
            for place in places {
                context.output.line(format_args!("logged out{of}: removed from {place}"))?;
            }
        }
    }
    Ok(Exit::Done)
}
