//! What is told of a mirror that was verified.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use longshore::mirror::verify::{Counts, Difference, Fault, Finding, Subject};
use longshore::model::{Digest, RefName};
use longshore::ops::{Defect, Flaw, Repaired, Verified};
use longshore::store;
use serde_json::{Map, Value, json};

use super::reports;
use crate::cli::Context;
use crate::cli::args::Format;
use crate::cli::diagnose::{diagnose, exit_of, in_one_line};
use crate::cli::exit::Exit;
use crate::cli::progress::{in_words, number};

/// The most characters of what could not be looked at and why.
const WIDTH: usize = 600;

/// A problem and what is to be told of it.
pub(super) struct Told {
    kind: &'static str,
    exit: Exit,
    place: String,
    names: Vec<RefName>,
    more_names: usize,
    /// `blob sha256:…`; `tag v1` where it is about one tag, which is among the names.
    subject: String,
    expected: Option<String>,
    found: Option<String>,
    message: Option<String>,
}

/// What is only told.
pub(super) const EXTRA: &str = "extra";

/// Whether it is no reason to fail.
pub(super) fn is_harmless(problem: &Defect<'_>) -> bool {
    matches!(problem.flaw, Flaw::Differs(Difference::Extra { .. }))
}

impl Told {
    fn of(problem: &Defect<'_>) -> Self {
        let told = Self::blank(problem.place.clone());
        match &problem.flaw {
            Flaw::Found(finding) => told.about(&finding.fault).in_finding(finding),
            Flaw::Differs(difference) => told.differing(difference),
            Flaw::Unreadable(error) => {
                Self { subject: "list of tags".into(), ..told.failed(error) }
            }
            Flaw::Damaged(problem) => Self {
                kind: "damaged",
                exit: Exit::Verification,
                subject: "file".into(),
                message: Some((*problem).to_owned()),
                ..told
            },
            Flaw::TooLarge(limit) => Self {
                exit: Exit::Verification,
                message: Some(format!("it has more than {limit}; the rest was not looked at")),
                ..told
            },
        }
    }

    fn blank(place: String) -> Self {
        Self {
            kind: "unchecked",
            exit: Exit::Failed,
            place,
            names: Vec::new(),
            more_names: 0,
            subject: String::new(),
            expected: None,
            found: None,
            message: None,
        }
    }

    fn about(self, fault: &Fault) -> Self {
        let wrong = Self { exit: Exit::Verification, ..self };
        match fault {
            Fault::Missing => Self { kind: "missing", exit: Exit::NotFound, ..wrong },
            Fault::Damaged { found } => {
                let message = Some(format!("its bytes have the digest {found}"));
                Self { kind: "damaged", found: Some(found.to_string()), message, ..wrong }
            }
            Fault::Size { expected, found } => Self {
                kind: "wrong-size",
                message: Some(format!("it has {found} bytes and should have {expected}")),
                expected: Some(expected.to_string()),
                found: Some(found.to_string()),
                ..wrong
            },
            Fault::Unlisted => Self {
                kind: "missing",
                exit: Exit::NotFound,
                message: Some("it is not among the referrers of its subject".into()),
                ..wrong
            },
            Fault::Unusable(error) => {
                Self { kind: "unusable", message: Some(in_one_line(error, WIDTH)), ..wrong }
            }
            Fault::Unchecked(error) => wrong.failed(error),
        }
    }

    fn failed(self, error: &store::Error) -> Self {
        Self {
            kind: "unchecked",
            exit: exit_of(error),
            message: Some(in_one_line(error, WIDTH)),
            ..self
        }
    }

    fn in_finding(self, finding: &Finding) -> Self {
        let subject = match (&finding.subject, finding.names.as_slice()) {
            (Subject::Name, [name, ..]) => format!("tag {name}"),
            (Subject::Name, []) => "tag".to_owned(),
            (Subject::Manifest(digest), _) => format!("manifest {digest}"),
            (Subject::Blob(digest), _) => format!("blob {digest}"),
            (Subject::Referrers(digest), _) => format!("referrers of {digest}"),
        };
        Self { subject, names: finding.names.clone(), more_names: finding.more_names, ..self }
    }

    fn differing(self, difference: &Difference) -> Self {
        let text = |digest: &Digest| Some(digest.to_string());
        let of = |name: &RefName, told: Self| Self {
            names: vec![name.clone()],
            subject: format!("tag {name}"),
            ..told
        };
        match difference {
            Difference::Missing { name, expected } => Self {
                kind: "missing",
                exit: Exit::NotFound,
                expected: text(expected),
                message: Some(format!("it should be {expected}")),
                ..of(name, self)
            },
            Difference::Other { name, expected, found } => Self {
                kind: "other",
                exit: Exit::Verification,
                expected: text(expected),
                found: text(found),
                message: Some(format!("it is {found} and should be {expected}")),
                ..of(name, self)
            },
            Difference::Extra { name, found } => Self {
                kind: EXTRA,
                exit: Exit::Done,
                found: text(found),
                message: Some(format!("it is {found}")),
                ..of(name, self)
            },
        }
    }

    /// What it is about, whatever is wrong with it.
    fn key(&self) -> (&str, &str) {
        (&self.place, &self.subject)
    }

    /// The line without its first word.
    fn rest(&self) -> String {
        let mut place = self.place.clone();
        if let Some(name) = self.names.first() {
            let _ = write!(place, ":{name}");
        }
        let more = self.more_names + self.names.len().saturating_sub(1);
        rest(place, more, &self.subject, self.message.as_deref())
    }

    fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("kind".to_owned(), self.kind.into());
        object.insert("place".to_owned(), self.place.clone().into());
        object.insert("subject".to_owned(), self.subject.clone().into());
        let names: Vec<Value> = self.names.iter().map(|name| name.as_str().into()).collect();
        object.insert("tags".to_owned(), names.into());
        object.insert("moreTags".to_owned(), self.more_names.into());
        object.insert("expected".to_owned(), self.expected.clone().into());
        object.insert("found".to_owned(), self.found.clone().into());
        object.insert("message".to_owned(), self.message.clone().into());
        object.insert("exit".to_owned(), self.exit.code().into());
        object.into()
    }
}

/// The line of a problem without its first word, where `place` has a tag if there is one, and so many others.
pub(super) fn rest(place: String, more: usize, subject: &str, message: Option<&str>) -> String {
    let mut line = place;
    if more > 0 {
        let _ = write!(line, " (and {more} more)");
    }
    if !subject.starts_with("tag") && !subject.is_empty() {
        let _ = write!(line, ": {subject}");
    }
    if let Some(message) = message {
        let _ = write!(line, ": {message}");
    }
    line
}

/// What is to be told of all problems.
pub(super) fn lines(verified: &Verified) -> Vec<Told> {
    verified.problems().map(|problem| Told::of(&problem)).collect()
}

/// Tells all problems, how much was looked at, and how the process is to end.
pub(super) fn tell(verified: &Verified, context: &Context) -> anyhow::Result<Exit> {
    show(&lines(verified), &[], verified, context)
}

/// The same after what was wrong has been repaired.
pub(super) fn tell_repaired(
    before: &[Told],
    repaired: &Repaired,
    context: &Context,
) -> anyhow::Result<Exit> {
    let now = lines(&repaired.verified);
    let still: BTreeSet<(&str, &str)> = now.iter().map(Told::key).collect();
    let cured: Vec<&Told> =
        before.iter().filter(|told| told.kind != EXTRA && !still.contains(&told.key())).collect();
    let is_wrong = now.iter().any(|told| told.kind != EXTRA);
    // What could not be brought is of no interest where all is well in the end.
    for (image, error) in repaired.failures.iter().filter(|_| is_wrong) {
        let error = anyhow::Error::new(std::sync::Arc::clone(error));
        context.tell(&diagnose(&error.context(format!("cannot repair {image}"))));
    }
    let exit = show(&now, &cured, &repaired.verified, context)?;
    if is_stubborn(before, &now) && !context.quiet {
        context.console.lines([STUBBORN.to_owned()]);
    }
    Ok(exit)
}

const STUBBORN: &str = "note: a registry may keep the bytes that it has under a digest and ignore those that it is sent; \
                        what is damaged has to be removed from its storage first (docker-registry: \
                        blobs/sha256/XX/DIGITS), then --repair brings it anew";

/// Whether something is damaged that was sent anew.
fn is_stubborn(before: &[Told], now: &[Told]) -> bool {
    let is_damaged = |told: &&Told| matches!(told.kind, "damaged" | "wrong-size");
    let damaged: BTreeSet<_> = before.iter().filter(is_damaged).map(Told::key).collect();
    now.iter().filter(is_damaged).any(|told| damaged.contains(&told.key()))
}

fn show(
    problems: &[Told],
    cured: &[&Told],
    verified: &Verified,
    context: &Context,
) -> anyhow::Result<Exit> {
    let counts = verified.counts();
    match context.output.format() {
        Format::Text => {
            for told in cured {
                context.output.line(format_args!(
                    "repaired    {} (was {})",
                    told.rest(),
                    told.kind
                ))?;
            }
            for told in problems {
                context.output.line(format_args!("{:<11} {}", told.kind, told.rest()))?;
            }
        }
        Format::Json => {
            let json = |told: &&Told| told.json();
            let report = json!({
                "problems": problems.iter().map(Told::json).collect::<Vec<_>>(),
                "repaired": cured.iter().map(json).collect::<Vec<_>>(),
                "counts": {
                    "tags": counts.names,
                    "manifests": counts.manifests,
                    "blobs": counts.blobs,
                    "bytes": counts.bytes,
                },
            });
            context.output.json(&reports::of_shard(verified.shard(), report))?;
        }
    }
    if !context.quiet {
        context.console.lines([last_line(problems, cured.len(), counts)]);
    }
    Ok(exit(problems.iter().map(|told| told.exit)))
}

fn last_line(problems: &[Told], cured: usize, counts: Counts) -> String {
    let extra = problems.iter().filter(|told| told.kind == EXTRA).count();
    let wrong = match problems.len() - extra {
        0 => "nothing is wrong".to_owned(),
        wrong => number((wrong as u64, "problem")),
    };
    let mut line = format!("done: {}; {wrong}", in_words(&counts));
    if cured > 0 {
        let _ = write!(line, ", {cured} repaired");
    }
    if extra > 0 {
        let _ = write!(line, ", {}", number((extra as u64, "extra tag")));
    }
    line
}

/// What is wrong counts more than what is missing, and that more than what could not be looked at.
pub(super) fn exit(problems: impl Iterator<Item = Exit>) -> Exit {
    let exits: Vec<Exit> = problems.collect();
    let other = exits.iter().find(|exit| **exit != Exit::Done);
    [Exit::Verification, Exit::NotFound]
        .into_iter()
        .find(|exit| exits.contains(exit))
        .or(other.copied())
        .unwrap_or(Exit::Done)
}
