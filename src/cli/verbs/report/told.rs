//! What is told of joined reports: the same as of one run. Texts of reports are foreign. Pure.

use std::time::Duration;

use indicatif::HumanCount;
use longshore::model::one_line;
use serde_json::Value;

use super::join::Joined;
use super::read::Kind;
use crate::cli::diagnose::Diagnosis;
use crate::cli::exit::Exit;
use crate::cli::verbs::junit::{Case, Verdict};
use crate::cli::verbs::problems;

/// The most characters of a name or a reason.
const WIDTH: usize = 600;

/// The lines that one run would have printed.
pub(super) fn lines(joined: &Joined) -> Vec<String> {
    let there = joined.entries("images").filter(|image| error(image).is_none());
    let images = there.filter_map(|image| {
        Some(format!("{} {}", text(image, "digest")?, text(image, "destination")?))
    });
    let deleted = joined.entries("deleted").filter(|tag| error(tag).is_none());
    let repaired = joined.entries("repaired").map(|told| {
        format!("repaired    {} (was {})", rest(told), text(told, "kind").unwrap_or_default())
    });
    let problems = joined
        .entries("problems")
        .map(|told| format!("{:<11} {}", text(told, "kind").unwrap_or_default(), rest(told)));
    images.chain(deleted.map(tag_line)).chain(repaired).chain(problems).collect()
}

/// `deleted  q.io/org/app:v1`.
fn tag_line(tag: &Value) -> String {
    let [outcome, image] = ["outcome", "image"].map(|key| text(tag, key).unwrap_or_default());
    let why = text(tag, "why").map(|why| format!(": {why}")).unwrap_or_default();
    format!("{outcome:<8} {image}{why}")
}

/// What a problem is about and what is wrong with it.
fn rest(problem: &Value) -> String {
    let names = problem.get("tags").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let place = text(problem, "place").unwrap_or_default();
    let place = match names.first().and_then(Value::as_str) {
        Some(name) => format!("{place}:{}", one_line(name, WIDTH)),
        None => place,
    };
    let more = problem.get("moreTags").and_then(Value::as_u64).unwrap_or_default();
    let more = usize::try_from(more).unwrap_or(usize::MAX);
    let more = more.saturating_add(names.len().saturating_sub(1));
    let subject = text(problem, "subject").unwrap_or_default();
    problems::rest(place, more, &subject, text(problem, "message").as_deref())
}

/// Images that were not there, which was allowed for.
pub(super) fn skipped(joined: &Joined) -> Vec<String> {
    let skipped = joined.entries("images").filter(|image| is_skipped(image));
    let line = |image: &Value| {
        let [from, to, why] =
            ["source", "destination", "reason"].map(|key| text(image, key).unwrap_or_default());
        format!("skipped: {from} -> {to}: {why}")
    };
    skipped.map(line).collect()
}

/// How much there is of it.
pub(super) fn last_line(joined: &Joined, files: usize) -> String {
    let of_shards = joined.count.map(|count| {
        let told = count.get() - joined.missing.len();
        format!(", {told} of {count} shards")
    });
    let count = |list: &str| joined.entries(list).count();
    let [images, problems] = ["images", "problems"].map(count);
    let failed = failures(joined).count();
    let (what, count) = match joined.kind {
        Kind::Verify => ("problems", problems),
        Kind::Mirror | Kind::TagSync => ("images", images),
    };
    let failed = match (joined.kind, failed) {
        (Kind::Verify, _) | (_, 0) => String::new(),
        (_, failed) => format!(", {} failed", HumanCount(failed as u64)),
    };
    let files = if files == 1 { "1 report".to_owned() } else { format!("{files} reports") };
    format!(
        "joined: {files} of {}{}: {} {what}{failed}",
        joined.kind,
        of_shards.unwrap_or_default(),
        HumanCount(count as u64)
    )
}

/// What failed, but for what is wrong with a mirror that was verified.
pub(super) fn failures(joined: &Joined) -> impl Iterator<Item = Diagnosis> {
    let lists = ["images", "deleted"].into_iter().flat_map(|list| joined.entries(list));
    lists.filter_map(error).map(Diagnosis::of_report)
}

/// How one run would have ended.
pub(super) fn exit(joined: &Joined) -> Exit {
    if joined.kind == Kind::Verify {
        return problems::exit(joined.entries("problems").map(exit_of));
    }
    let failures: Vec<Exit> = failures(joined).map(|failure| failure.exit).collect();
    let told = joined.entries("images").chain(joined.entries("deleted")).count() as u64;
    let in_step = joined.fields.get("counts").and_then(|counts| counts.get("inStep")?.as_u64());
    let all = told.saturating_add(in_step.unwrap_or_default());
    Exit::of_failures(&failures, usize::try_from(all).unwrap_or(usize::MAX))
}

/// The exit code of a problem.
fn exit_of(problem: &Value) -> Exit {
    let exit = problem.get("exit").and_then(Value::as_u64).and_then(Exit::of_code);
    exit.unwrap_or(Exit::Failed)
}

/// A test case for each image, tag and problem.
pub(super) fn cases(joined: &Joined) -> Vec<Case> {
    let images = joined.entries("images").map(|image| {
        let name = text(image, "destination").or_else(|| text(image, "source"));
        case(image, name.unwrap_or_default())
    });
    let deleted = joined.entries("deleted").map(|tag| case(tag, tag_line(tag)));
    let repaired = joined.entries("repaired").map(|told| case(told, rest(told)));
    let problems = joined.entries("problems").map(|told| {
        let kind = text(told, "kind").unwrap_or_default();
        let verdict = match kind == problems::EXTRA {
            true => Verdict::Passed,
            false => Verdict::Failed(format!("{kind} {}", rest(told))),
        };
        Case { verdict, ..case(told, rest(told)) }
    });
    let mut cases: Vec<Case> = images.chain(deleted).chain(repaired).chain(problems).collect();
    cases.extend(joined.missing.iter().map(|shard| Case {
        name: format!("shard {}", shard.in_words()),
        took: Duration::ZERO,
        verdict: Verdict::Failed("there is no report of it".to_owned()),
    }));
    cases
}

fn case(entry: &Value, name: String) -> Case {
    let verdict = match error(entry) {
        Some(error) => Verdict::Failed(Diagnosis::of_report(error).plain()),
        None if is_skipped(entry) => Verdict::Skipped(text(entry, "reason").unwrap_or_default()),
        None => Verdict::Passed,
    };
    let seconds = entry.get("seconds").and_then(Value::as_f64).unwrap_or_default();
    Case { name, took: Duration::try_from_secs_f64(seconds).unwrap_or_default(), verdict }
}

/// What went wrong with an image or a tag.
fn error(entry: &Value) -> Option<&Value> {
    entry.get("error").filter(|error| !error.is_null())
}

fn is_skipped(image: &Value) -> bool {
    image.get("outcome").is_some_and(|outcome| outcome == "skipped")
}

fn text(entry: &Value, key: &str) -> Option<String> {
    entry.get(key)?.as_str().map(|text| one_line(text, WIDTH))
}
