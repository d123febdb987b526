//! How a watch is doing, in the text format of Prometheus (version 0.0.4).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use longshore::server::Page;
use longshore::tagsync::{Rule, Timetable};

use super::told::Counts;

/// What is counted.
#[derive(Default)]
pub(super) struct Metrics(Mutex<State>);

#[derive(Default)]
struct State {
    rules: BTreeMap<String, OfRule>,
    reloads: u64,
    failed_reloads: u64,
    is_stopping: bool,
}

#[derive(Default)]
struct OfRule {
    runs: u64,
    failed_runs: u64,
    copied: u64,
    deleted: u64,
    bytes: u64,
    in_step: u64,
    failed: u64,
    seconds: f64,
    last_run: Option<Timestamp>,
    last_success: Option<Timestamp>,
    next_run: Option<Timestamp>,
}

/// What a run has come to.
pub(super) struct Outcome {
    pub(super) counts: Counts,
    pub(super) took: Duration,
    /// Whether all was done, and all who wanted to know were told.
    pub(super) is_whole: bool,
}

impl Metrics {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rules that are watched now. Others are not told of any more.
    pub(super) fn rules(&self, rules: &[Rule], which: &BTreeSet<usize>) {
        let names: BTreeSet<&str> =
            which.iter().map(|number| rules[*number].name.as_str()).collect();
        let mut state = self.state();
        state.rules.retain(|name, _| names.contains(name.as_str()));
        for name in names {
            state.rules.entry(name.to_owned()).or_default();
        }
    }

    pub(super) fn next(&self, rules: &[Rule], table: &Timetable<'_>) {
        let mut state = self.state();
        for (number, rule) in rules.iter().enumerate() {
            if let Some(of_rule) = state.rules.get_mut(&rule.name) {
                of_rule.next_run = Some(table.next(number)).filter(|at| *at != Timestamp::MAX);
            }
        }
    }

    pub(super) fn ran(&self, rule: &str, outcome: &Outcome) {
        let mut state = self.state();
        let of_rule = state.rules.entry(rule.to_owned()).or_default();
        let Outcome { counts, took, is_whole } = outcome;
        let now = Timestamp::now();
        let is_well = counts.failed == 0 && *is_whole;
        of_rule.runs += 1;
        of_rule.failed_runs += u64::from(!is_well);
        of_rule.copied += counts.copied as u64;
        of_rule.deleted += counts.deleted as u64;
        of_rule.bytes += counts.bytes;
        of_rule.in_step = counts.kept as u64 + counts.copied as u64;
        of_rule.failed = counts.failed as u64;
        of_rule.seconds = took.as_secs_f64();
        of_rule.last_run = Some(now);
        if is_well {
            of_rule.last_success = Some(now);
        }
    }

    pub(super) fn reload(&self, went_well: bool) {
        let mut state = self.state();
        match went_well {
            true => state.reloads += 1,
            false => state.failed_reloads += 1,
        }
    }

    pub(super) fn stop(&self) {
        self.state().is_stopping = true;
    }

    /// The page at a path.
    pub(super) fn page(&self, path: &str) -> Option<Page> {
        let state = self.state();
        let plain = |is_well, text: &str| {
            Some(Page { is_well, media_type: "text/plain; charset=utf-8", text: text.to_owned() })
        };
        match path {
            "/metrics" => Some(Page {
                is_well: true,
                media_type: "text/plain; version=0.0.4; charset=utf-8",
                text: state.text(),
            }),
            "/healthz" => plain(true, "ok\n"),
            "/readyz" if state.is_stopping => plain(false, "stopping\n"),
            "/readyz" => plain(true, "ok\n"),
            _ => None,
        }
    }
}

/// A metric of each rule: its name, its type, what it says, and its value.
type Metric = (&'static str, &'static str, &'static str, fn(&OfRule) -> Option<f64>);

#[expect(clippy::cast_precision_loss, reason = "numbers of Prometheus are floats")]
fn number(value: u64) -> Option<f64> {
    Some(value as f64)
}

fn seconds(time: Option<Timestamp>) -> Option<f64> {
    time.map(|time| time.as_duration().as_secs_f64())
}

const METRICS: [Metric; 11] = [
    ("runs_total", "counter", "Runs of the rule.", |rule| number(rule.runs)),
    ("failed_runs_total", "counter", "Runs in which anything failed.", |rule| {
        number(rule.failed_runs)
    }),
    ("copied_tags_total", "counter", "Tags that were set at targets.", |rule| number(rule.copied)),
    ("deleted_tags_total", "counter", "Tags that were taken away from targets.", |rule| {
        number(rule.deleted)
    }),
    ("copied_bytes_total", "counter", "Bytes of blobs that were moved.", |rule| number(rule.bytes)),
    ("tags_in_step", "gauge", "Tags that were as they should be after the last run.", |rule| {
        number(rule.in_step)
    }),
    ("failed_tags", "gauge", "What failed in the last run.", |rule| number(rule.failed)),
    ("run_seconds", "gauge", "How long the last run took.", |rule| Some(rule.seconds)),
    ("last_run_timestamp_seconds", "gauge", "When the last run ended.", |rule| {
        seconds(rule.last_run)
    }),
    (
        "last_success_timestamp_seconds",
        "gauge",
        "When the last run ended in which nothing failed.",
        |rule| seconds(rule.last_success),
    ),
    ("next_run_timestamp_seconds", "gauge", "When the next run is due.", |rule| {
        seconds(rule.next_run)
    }),
];

impl State {
    fn text(&self) -> String {
        let mut text = String::new();
        for (name, kind, help, value) in METRICS {
            let name = format!("longshore_tag_sync_{name}");
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
            for (rule, of_rule) in &self.rules {
                if let Some(value) = value(of_rule) {
                    let _ = writeln!(text, "{name}{{rule=\"{}\"}} {value}", escaped(rule));
                }
            }
        }
        let name = "longshore_tag_sync_reloads_total";
        let _ = write!(
            text,
            "# HELP {name} Times that the file of rules was read again.\n# TYPE {name} counter\n\
             {name}{{result=\"success\"}} {}\n{name}{{result=\"failure\"}} {}\n",
            self.reloads, self.failed_reloads
        );
        text
    }
}

/// The value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
