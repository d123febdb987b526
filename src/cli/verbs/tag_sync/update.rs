//! `tag-sync update`.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use longshore::ops;
use longshore::ops::tag_sync::{select, to_lock};
use longshore::tagsync::{Lock, LockError, difference};
use serde_json::json;

use super::{asking, lock_path, open, read_lock, told};
use crate::cli::Context;
use crate::cli::args::{Format, UpdateArgs};
use crate::cli::exit::Exit;
use crate::cli::progress::number;

/// Whether a lock file is of another version: it is written anew.
fn is_other_version(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(LockError::Version { .. }))
}

/// Passwords are asked for here.
pub(super) fn start(
    args: UpdateArgs,
    context: &Context,
) -> anyhow::Result<BoxFuture<'_, anyhow::Result<Exit>>> {
    let UpdateArgs { rules, which, lock, reach } = args;
    let path = lock_path(&rules.file, lock.as_deref())?;
    let before = match path.exists().then(|| read_lock(&path)) {
        None => Lock::default(),
        Some(Err(error)) if is_other_version(&error) => Lock::default(),
        Some(lock) => lock?,
    };
    let opened = open(&rules, reach, context)?;
    let due = opened.named(&which.rules)?;
    let work = async move {
        let observer = asking(context);
        let inquiry = opened.inquiry(None, true, observer.as_ref());
        let which: Vec<usize> = due.iter().copied().collect();
        let selected = select(&inquiry, &which, None, &|unit| unit.clone()).await;
        let mut lock = to_lock(&selected, &inquiry);
        drop(observer);
        let units = selected.units.into_iter().flat_map(|(_, chosen)| chosen.troubles);
        let troubles = selected.troubles.into_iter().chain(units);
        let exits: Vec<Exit> =
            troubles.map(|trouble| context.tell(&told::diagnosis_of(trouble))).collect();
        if !exits.is_empty() {
            context.console.lines([format!("{} is not written", path.display())]);
            return Ok(Exit::of_failures(&exits, exits.len()));
        }
        // Rules that were not asked keep what they had.
        let known: Vec<&String> = opened.file.rules.iter().map(|rule| &rule.name).collect();
        for (name, of_rule) in &before.rules {
            if known.contains(&name) && !lock.rules.contains_key(name) {
                let asked = due.iter().any(|number| opened.file.rules[*number].name == *name);
                if !asked {
                    lock.rules.insert(name.clone(), of_rule.clone());
                }
            }
        }
        let changes = difference(&before, &lock);
        if !path.exists() || !changes.is_empty() {
            ops::write_file(&path, lock.to_text().as_bytes())?;
        }
        match context.output.format() {
            Format::Text => {
                for change in &changes {
                    context.output.line(change)?;
                }
            }
            Format::Json => {
                let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
                let file = path.display().to_string();
                context.output.json(&json!({ "lock": file, "changes": lines }))?;
            }
        }
        let changed = number((changes.len() as u64, "change"));
        context.note(format!("done: {changed} in {}", path.display()));
        Ok(Exit::Done)
    };
    Ok(work.boxed())
}
