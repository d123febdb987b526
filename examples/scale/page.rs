//! The page: what is assumed, and the tables.

use std::fmt::Write as _;

use longshore::mirror::plan::Speed;
use longshore::shard::ShardCount;

use super::Error;
use super::cost::{Cost, cold, warm};
use super::parting::{Known, parts};
use super::registry::{Registry, Repository, Shape};
use super::words::{self, bytes, number, time};

pub(super) const SHAPE: Shape = Shape { namespaces: 40, repositories: 1000, tags: 50_000 };
const COUNTS: [u64; 3] = [1, 8, 64];
/// What both registries together take of all machines.
pub(super) const LIMIT: Speed = Speed { bytes_per_second: 500 << 20, requests_per_second: 1000 };

/// `docs/scale.md`.
pub(crate) fn page() -> Result<String, Error> {
    let registry = Registry::of(SHAPE);
    let mut page = words::beginning(&registry);
    for (known, heading) in [
        (Known::Plan, "By a plan: `mirror --apply mirror.lock --shard I/N`"),
        (Known::Mappings, "By a mapping for each repository: `mirror -f mappings.txt --shard I/N`"),
        (Known::Nothing, "By names alone, for comparison: nothing is known in advance"),
    ] {
        let units = known.units(&registry)?;
        let mut rows = Vec::new();
        for count in COUNTS {
            let count = ShardCount::new(count)?;
            let parts = parts(&registry, &units, count)?;
            rows.push(Row::of(&parts, |part| cold(&registry, part.iter().copied())));
        }
        write!(page, "\n### {heading}\n\n{}", table(&rows, registry.bytes()))?;
    }
    page.push_str(words::WARM);
    let units = Known::Plan.units(&registry)?;
    let mut rows = Vec::new();
    for count in COUNTS {
        let parts = parts(&registry, &units, ShardCount::new(count)?)?;
        rows.push(Row::of(&parts, |part| warm(part.iter().copied())));
    }
    page.push_str(&warm_table(&rows));
    page.push_str(&words::ending(&registry));
    Ok(page)
}

/// What so many shards need.
struct Row {
    all: Cost,
    /// The most of each that one shard needs.
    bytes: u64,
    requests: u64,
    tokens: u64,
    seconds: f64,
    shards: usize,
}

impl Row {
    fn of(parts: &[Vec<&Repository>], cost: impl Fn(&[&Repository]) -> Cost) -> Self {
        let costs: Vec<Cost> = parts.iter().map(|part| cost(part)).collect();
        let mut all = Cost::default();
        costs.iter().for_each(|cost| all += *cost);
        let most = |of: fn(&Cost) -> u64| costs.iter().map(of).max().unwrap_or_default();
        Self {
            all,
            bytes: most(|cost| cost.bytes),
            requests: most(|cost| cost.requests()),
            tokens: most(|cost| cost.tokens),
            seconds: costs.iter().map(|cost| cost.seconds()).fold(0.0, f64::max),
            shards: parts.len(),
        }
    }

    /// The longest shard's time, or the time that the registries need for all of them.
    fn limited(&self) -> f64 {
        let bytes = self.all.bytes as f64 / LIMIT.bytes_per_second as f64;
        let requests = self.all.requests() as f64 / LIMIT.requests_per_second as f64;
        self.seconds.max(bytes).max(requests)
    }
}

fn table(rows: &[Row], distinct: u64) -> String {
    let mut table = heads(&[
        "shards",
        "requests",
        "bytes",
        "brought again",
        "longest: requests",
        "longest: bytes",
        "longest: times the mean",
        "time",
        "time with limits",
        "tokens",
        "tokens a second",
    ]);
    for row in rows {
        let share = row.bytes as f64 * row.shards as f64 / row.all.bytes as f64;
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} | {share:.2} | {} | {} | {} | {:.1} |",
            row.shards,
            number(row.all.requests()),
            bytes(row.all.bytes),
            bytes(row.all.bytes - distinct),
            number(row.requests),
            bytes(row.bytes),
            time(row.seconds),
            time(row.limited()),
            number(row.all.tokens),
            row.all.tokens as f64 / row.limited(),
        );
    }
    table
}

fn warm_table(rows: &[Row]) -> String {
    let mut table = heads(&[
        "shards",
        "requests",
        "longest: requests",
        "time",
        "time with limits",
        "tokens",
        "longest: tokens",
        "tokens a second",
    ]);
    for row in rows {
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} | {} | {:.1} |",
            row.shards,
            number(row.all.requests()),
            number(row.requests),
            time(row.seconds),
            time(row.limited()),
            number(row.all.tokens),
            number(row.tokens),
            row.all.tokens as f64 / row.limited(),
        );
    }
    table
}

fn heads(names: &[&str]) -> String {
    let rule = names.iter().map(|_| "---:").collect::<Vec<_>>().join("|");
    format!("| {} |\n|{rule}|\n", names.join(" | "))
}
