//! What is told of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::HumanBytes;
use longshore::model::{Endpoint, one_line};
use longshore::ops::Fate;
use longshore::ops::tag_sync::{Pruned, PrunedTag, SyncError, Synced, SyncedImage, Trouble};
use longshore::shard::Shard;
use longshore::tagsync::{Rule, RuleFile};
use longshore::transfer::ImageReport;
use serde_json::{Map, Value, json};

use crate::cli::args::shell_word;
use crate::cli::diagnose::{Diagnosis, diagnose};
use crate::cli::verbs::images::fields;
use crate::cli::verbs::junit::{Case, Verdict};
use crate::cli::verbs::table::table;

/// How many failures the summary of a step shows.
const SHOWN: usize = 50;

/// A run, and what is to be told of it.
pub(super) struct Run {
    rules: Vec<String>,
    pub(super) images: Vec<Told>,
    pub(super) pruned: Vec<ToldTag>,
    kept: BTreeMap<usize, usize>,
    undo: Vec<String>,
    /// How much waits for a window.
    put_off: usize,
    shard: Option<Shard>,
}

/// An image, or a place, and what became of it.
pub(super) struct Told {
    pub(super) rule: usize,
    pub(super) source: Option<Endpoint>,
    pub(super) target: Option<Endpoint>,
    pub(super) fate: Result<Box<Copied>, Diagnosis>,
    took: Duration,
}

/// An image that is there.
pub(super) struct Copied {
    pub(super) report: ImageReport,
    has_moved: bool,
    before: Option<String>,
    backup: Option<String>,
}

impl Copied {
    /// Whether anything came that was not there.
    fn is_new(&self) -> bool {
        self.has_moved || self.report.copied + self.report.mounted > 0
    }
}

/// A tag that no rule selects.
pub(super) struct ToldTag {
    rule: usize,
    pub(super) image: String,
    pub(super) kind: &'static str,
    why: Option<String>,
    digest: Option<String>,
    pub(super) error: Option<Diagnosis>,
}

pub(super) const DELETED: &str = "deleted";

/// What became of the tags of one rule.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) kept: usize,
    pub(super) copied: usize,
    pub(super) deleted: usize,
    pub(super) failed: usize,
    pub(super) bytes: u64,
}

impl Run {
    pub(super) fn new(rules: &[Rule], synced: Synced, shard: Option<Shard>) -> Self {
        let Synced { images, kept, pruned, troubles, put_off } = synced;
        let mut told: Vec<Told> = images.into_iter().map(Told::of_image).collect();
        told.extend(troubles.into_iter().map(Told::of_trouble));
        let mut run = Self {
            rules: rules.iter().map(|rule| rule.name.clone()).collect(),
            images: told,
            pruned: Vec::new(),
            kept,
            undo: Vec::new(),
            put_off: put_off.len(),
            shard,
        };
        pruned.into_iter().for_each(|pruned| run.take(pruned));
        run
    }

    fn take(&mut self, pruned: Pruned) {
        let Pruned { rule, place, tags, trouble, undo } = pruned;
        let tags = tags.into_iter().map(|tag| ToldTag::of(rule, &place, tag));
        self.pruned.extend(tags);
        self.undo.extend(undo.map(|path| path.display().to_string()));
        if let Some(error) = trouble {
            let target = Some(place);
            self.images.push(Told::of_trouble(Trouble { rule, source: None, target, error }));
        }
    }

    /// What became of the tags of each rule.
    pub(super) fn counts(&self) -> BTreeMap<&str, Counts> {
        let mut counts: BTreeMap<usize, Counts> = BTreeMap::new();
        for (rule, kept) in &self.kept {
            counts.entry(*rule).or_default().kept += kept;
        }
        for told in &self.images {
            let of_rule = counts.entry(told.rule).or_default();
            match &told.fate {
                Ok(copied) if !copied.is_new() => of_rule.kept += 1,
                Ok(copied) => {
                    of_rule.copied += 1;
                    of_rule.bytes += copied.report.bytes;
                }
                Err(_) => of_rule.failed += 1,
            }
        }
        for tag in &self.pruned {
            let of_rule = counts.entry(tag.rule).or_default();
            of_rule.deleted += usize::from(tag.kind == DELETED);
            of_rule.failed += usize::from(tag.error.is_some());
        }
        counts.into_iter().map(|(rule, counts)| (self.rules[rule].as_str(), counts)).collect()
    }

    pub(super) fn total(&self) -> Counts {
        self.counts().into_values().fold(Counts::default(), |all, one| Counts {
            kept: all.kept + one.kept,
            copied: all.copied + one.copied,
            deleted: all.deleted + one.deleted,
            failed: all.failed + one.failed,
            bytes: all.bytes + one.bytes,
        })
    }

    /// What is printed of it, line by line.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let copied = self.images.iter().filter_map(|told| match (&told.fate, &told.target) {
            (Ok(copied), Some(target)) if copied.is_new() => {
                Some(format!("{} {target}", copied.report.digest))
            }
            _ => None,
        });
        copied.chain(self.pruned.iter().map(ToldTag::line))
    }

    /// The commands that put back what was deleted.
    pub(super) fn undoing(&self, file: &RuleFile) -> impl Iterator<Item = String> {
        let rules = Some(file.name.as_str()).filter(|name| *name != "-");
        let rules = rules.map(|name| format!(" {}", shell_word(name))).unwrap_or_default();
        let lists = self.undo.iter();
        lists.map(move |list| format!("undo: longshore tag-sync undo {}{rules}", shell_word(list)))
    }

    /// Whether anything is different now, or failed.
    pub(super) fn has_done_anything(&self) -> bool {
        let is_new = |told: &Told| told.fate.as_ref().map_or(true, |copied| copied.is_new());
        self.images.iter().any(is_new) || !self.pruned.is_empty()
    }

    /// What failed of the rule of this number.
    pub(super) fn failures_of(&self, rule: usize) -> impl Iterator<Item = &Diagnosis> {
        let images = self.images.iter().filter(move |told| told.rule == rule);
        let images = images.filter_map(|told| told.fate.as_ref().err());
        let pruned = self.pruned.iter().filter(move |tag| tag.rule == rule);
        images.chain(pruned.filter_map(|tag| tag.error.as_ref()))
    }

    /// The sums, in a line.
    pub(super) fn last_line(&self) -> String {
        let Counts { kept, copied, deleted, failed, bytes } = self.total();
        let mut line = format!("{copied} copied ({}), {kept} in step", HumanBytes(bytes));
        for (count, word) in [(deleted, "deleted"), (failed, "failed")] {
            if count > 0 {
                line.push_str(&format!(", {count} {word}"));
            }
        }
        if self.put_off > 0 {
            line.push_str(&format!(", {} wait for their window", self.put_off));
        }
        line
    }

    /// What became of the tags of each rule, as a table.
    pub(super) fn table(&self) -> String {
        let row = |(rule, counts): (&str, Counts)| cells(rule, counts);
        let rows: Vec<[String; 6]> = self.counts().into_iter().map(row).collect();
        table(["RULE", "IN STEP", "COPIED", "DELETED", "FAILED", "BYTES"], &rows)
    }

    /// The same for a page of Markdown, with what failed.
    pub(super) fn markdown(&self) -> String {
        let cell = |text: &str| text.replace('|', "\\|").replace(['\n', '\r'], " ");
        let mut text = "### longshore tag-sync\n\n| Rule | In step | Copied | Deleted | Failed | Bytes |\n| --- | ---: | ---: | ---: | ---: | ---: |\n".to_owned();
        for (rule, counts) in self.counts() {
            let cells: Vec<String> = cells(rule, counts).iter().map(|text| cell(text)).collect();
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        let images = self.images.iter();
        let images = images.filter_map(|told| Some((told.name(self), told.failure()?)));
        let pruned = self.pruned.iter();
        let pruned =
            pruned.filter_map(|tag| Some((tag.image.clone(), tag.error.as_ref()?.plain())));
        let failures: Vec<(String, String)> = images.chain(pruned).collect();
        if !failures.is_empty() {
            text.push('\n');
        }
        for (name, why) in failures.iter().take(SHOWN) {
            let why = one_line(&why.replace('`', "'"), 500);
            text.push_str(&format!("- `{}`: `{why}`\n", name.replace('`', "'")));
        }
        if failures.len() > SHOWN {
            text.push_str(&format!("- and {} more\n", failures.len() - SHOWN));
        }
        text
    }

    pub(super) fn cases(&self) -> Vec<Case> {
        let images = self.images.iter().map(|told| Case {
            name: told.name(self),
            took: told.took,
            verdict: match &told.fate {
                Ok(_) => Verdict::Passed,
                Err(failure) => Verdict::Failed(failure.plain()),
            },
        });
        let pruned = self.pruned.iter().map(|tag| Case {
            name: format!("{} {}", tag.kind, tag.image),
            took: Duration::ZERO,
            verdict: match &tag.error {
                None => Verdict::Passed,
                Some(error) => Verdict::Failed(error.plain()),
            },
        });
        images.chain(pruned).collect()
    }

    pub(super) fn json(&self) -> Value {
        let counts = |counts: Counts| {
            json!({ "inStep": counts.kept, "copied": counts.copied, "deleted": counts.deleted,
                    "failed": counts.failed, "bytes": counts.bytes })
        };
        let rules = self.counts().into_iter().map(|(name, of_rule)| {
            let mut object = Map::new();
            object.insert("name".to_owned(), name.into());
            object.extend(counts(of_rule).as_object().cloned().into_iter().flatten());
            Value::Object(object)
        });
        let mut report = json!({
            "images": self.images.iter().map(|told| told.json(self)).collect::<Vec<_>>(),
            "deleted": self.pruned.iter().map(|tag| tag.json(self)).collect::<Vec<_>>(),
            "rules": rules.collect::<Vec<_>>(),
            "counts": counts(self.total()),
            "putOff": self.put_off,
            "undo": self.undo,
        });
        if let Some(shard) = self.shard {
            report["shard"] = json!(shard);
        }
        report
    }
}

fn cells(rule: &str, counts: Counts) -> [String; 6] {
    let Counts { kept, copied, deleted, failed, bytes } = counts;
    let [kept, copied, deleted, failed] = [kept, copied, deleted, failed].map(|n| n.to_string());
    [rule.to_owned(), kept, copied, deleted, failed, HumanBytes(bytes).to_string()]
}

impl Told {
    fn of_image(image: SyncedImage) -> Self {
        let has_moved = image.has_moved();
        let SyncedImage { rule, source, target, before, backup, result, took } = image;
        let fate = match result {
            Ok(report) => Ok(Box::new(Copied {
                report,
                has_moved,
                before: before.map(|digest| digest.to_string()),
                backup: backup.map(|backup| backup.to_string()),
            })),
            Err(error) => {
                let what = format!("cannot copy {source} to {target}");
                Err(diagnose(&anyhow::Error::new(error).context(what)))
            }
        };
        Self { rule, source: Some(source), target: Some(target), fate, took }
    }

    fn of_trouble(trouble: Trouble) -> Self {
        let (rule, source, target) = (trouble.rule, trouble.source.clone(), trouble.target.clone());
        Self { rule, source, target, fate: Err(diagnosis_of(trouble)), took: Duration::ZERO }
    }

    /// What it is called in lists.
    fn name(&self, run: &Run) -> String {
        let place = self.target.as_ref().or(self.source.as_ref());
        place.map_or_else(|| run.rules[self.rule].clone(), ToString::to_string)
    }

    fn failure(&self) -> Option<String> {
        self.fate.as_ref().err().map(Diagnosis::plain)
    }

    fn json(&self, run: &Run) -> Value {
        let text = |endpoint: &Option<Endpoint>| endpoint.as_ref().map(ToString::to_string);
        let mut object = Map::new();
        object.insert("rule".to_owned(), run.rules[self.rule].clone().into());
        object.insert("source".to_owned(), text(&self.source).into());
        object.insert("destination".to_owned(), text(&self.target).into());
        let more = match &self.fate {
            Ok(copied) => {
                object.insert("before".to_owned(), copied.before.clone().into());
                object.insert("backup".to_owned(), copied.backup.clone().into());
                fields(&copied.report)
            }
            Err(failure) => json!({ "error": failure.value() }),
        };
        object.extend(more.as_object().cloned().into_iter().flatten());
        object.insert("seconds".to_owned(), self.took.as_secs_f64().into());
        object.into()
    }
}

/// What went wrong with a rule, for a person.
pub(super) fn diagnosis_of(trouble: Trouble) -> Diagnosis {
    let Trouble { source, target, error, .. } = trouble;
    let place = match (&source, &target) {
        (Some(source), Some(target)) => Some(format!("cannot sync {source} to {target}")),
        (Some(source), None) => Some(format!("cannot sync {source}")),
        _ => None,
    };
    let error = match error {
        SyncError::Image(error) => anyhow::Error::new(error),
        other => anyhow::Error::new(other),
    };
    match place {
        Some(place) => diagnose(&error.context(place)),
        None => diagnose(&error),
    }
}

impl ToldTag {
    fn of(rule: usize, place: &Endpoint, tag: PrunedTag) -> Self {
        let image = |tag: longshore::model::Tag| {
            place.named(&tag.into()).unwrap_or_else(|_| place.clone()).to_string()
        };
        match tag {
            PrunedTag::Reported(tag) => Self {
                rule,
                image: image(tag),
                kind: "stray",
                why: None,
                digest: None,
                error: None,
            },
            PrunedTag::Judged(tag, digest, fate) => {
                let image = image(tag);
                let (kind, why, error) = match fate {
                    Fate::Deleted => (DELETED, None, None),
                    Fate::Gone => ("gone", None, None),
                    Fate::Refused(verdict) => {
                        ("stays", crate::cli::verbs::delete::refusal(&verdict), None)
                    }
                    Fate::Bound => (
                        "stays",
                        Some("the registry cannot take away the tag alone, and another one needs its manifest".to_owned()),
                        None,
                    ),
                    Fate::Failed(error) => {
                        let what = format!("cannot delete {image}");
                        ("failed", None, Some(diagnose(&anyhow::Error::new(error).context(what))))
                    }
                };
                Self { rule, image, kind, why, digest: Some(digest.to_string()), error }
            }
        }
    }

    pub(super) fn line(&self) -> String {
        let why = self.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("{:<8} {}{why}", self.kind, self.image)
    }

    fn json(&self, run: &Run) -> Value {
        json!({
            "rule": run.rules[self.rule],
            "image": self.image,
            "outcome": self.kind,
            "digest": self.digest,
            "why": self.why,
            "error": self.error.as_ref().map(Diagnosis::value),
        })
    }
}
