//! `plan`, and how plans are shown.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, HumanDuration};
use longshore::mirror::plan::{
    Amount, Difference, Lock, LockedDestination, LockedImage, LockedPlace, State, Sums,
};
use longshore::model::one_line;
use longshore::ops::read_lock;

use super::table::table;
use crate::cli::Context;
use crate::cli::args::{DiffArgs, Format, PlanVerb, ShowArgs};
use crate::cli::exit::Exit;

/// The most characters of a name.
const WIDTH: usize = 500;

pub(super) async fn run(verb: PlanVerb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        PlanVerb::Show(ShowArgs { file }) => show(&read_lock(&file)?, context)?,
        PlanVerb::Diff(DiffArgs { before, after }) => diff(&before, &after, context)?,
    }
    Ok(Exit::Done)
}

fn diff(before: &Path, after: &Path, context: &Context) -> anyhow::Result<()> {
    let difference = Difference::between(&read_lock(before)?, &read_lock(after)?);
    match context.output.format() {
        Format::Text => context.output.bytes(changes(&difference).as_bytes())?,
        Format::Json => context.output.json(&difference)?,
    }
    Ok(())
}

/// Prints a plan.
pub(super) fn show(lock: &Lock, context: &Context) -> anyhow::Result<()> {
    match context.output.format() {
        Format::Text => context.output.bytes(text(lock).as_bytes())?,
        Format::Json => context.output.bytes(lock.to_text().as_bytes())?,
    }
    Ok(())
}

fn changes(difference: &Difference) -> String {
    let Difference { images, added, removed, copy_before, copy_after } = difference;
    let mut text = String::new();
    for change in images {
        let _ = writeln!(text, "{change}");
    }
    if images.is_empty() {
        text.push_str("The images are the same.\n");
    }
    let _ = writeln!(text, "Added:    {}", amount(*added));
    let _ = writeln!(text, "Removed:  {}", amount(*removed));
    let _ = writeln!(text, "To copy:  {} (before: {})", amount(*copy_after), amount(*copy_before));
    text
}

/// A plan for a person.
fn text(lock: &Lock) -> String {
    let mut text = String::new();
    for image in &lock.images {
        for place in &image.destinations {
            let _ = writeln!(text, "{}", line(image, place));
        }
    }
    let mut rows: Vec<[String; 4]> =
        lock.places.iter().map(|LockedPlace { place, sums, .. }| row(place, *sums)).collect();
    if rows.len() > 1 {
        rows.push(row("all", lock.totals.blobs));
    }
    text.push('\n');
    text.push_str(&table(["TO", "COPY", "MOUNT", "THERE"], &rows));
    text.push('\n');
    text.push_str(&reckoning(lock));
    text
}

fn line(image: &LockedImage, place: &LockedDestination) -> String {
    let (source, digest) = (image.label(), &image.digest);
    let name = one_line(&place.name.to_string(), WIDTH);
    match (place.state, &place.had) {
        (State::Moved, Some(had)) => {
            format!("moved    {source} -> {name} {digest} (before: {})", had.short())
        }
        (State::Moved, None) | (State::New, _) => format!("new      {source} -> {name} {digest}"),
        (State::Present, _) => format!("present  {source} -> {name} {digest}"),
    }
}

fn row(place: &str, sums: Sums) -> [String; 4] {
    [one_line(place, WIDTH), amount(sums.copy), amount(sums.mount), amount(sums.present)]
}

fn amount(amount: Amount) -> String {
    match amount.blobs {
        0 => "-".to_owned(),
        1 => format!("1 blob, {}", HumanBytes(amount.bytes)),
        blobs => format!("{} blobs, {}", HumanCount(blobs), HumanBytes(amount.bytes)),
    }
}

/// Requests, disk and time, and what they are reckoned with.
fn reckoning(lock: &Lock) -> String {
    let totals = &lock.totals;
    let (requests, estimate) = (totals.requests, totals.estimate);
    let mut text = format!(
        "Requests: {} to sources, {} to destinations\n",
        HumanCount(requests.sources),
        HumanCount(requests.destinations)
    );
    if totals.disk > 0 {
        let _ = writeln!(text, "Disk:     {} on this machine", HumanBytes(totals.disk));
    }
    let _ = writeln!(
        text,
        "Time:     {}, if {} and {} requests go in a second",
        HumanDuration(Duration::from_secs(estimate.seconds)),
        HumanBytes(estimate.bytes_per_second),
        estimate.requests_per_second
    );
    if totals.blobs.mount.blobs > 0 {
        let _ = writeln!(
            text,
            "A registry that refuses to mount is sent those blobs too: {} more at most",
            HumanBytes(totals.blobs.mount.bytes)
        );
    }
    text
}
