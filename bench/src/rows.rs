//! The figures of one case: a row for each tool, medians over its rounds, and ratios between the rows.

use serde_json::{Value, json};

use crate::measure::{Sample, median};
use crate::tools::Tool;

/// One tool at one case.
pub(crate) struct Row {
    pub(crate) tool: Tool,
    /// The rounds that were timed.
    pub(crate) samples: Vec<Sample>,
    /// The round that was counted, if the others could not be.
    pub(crate) counted: Option<Sample>,
    /// What the tool said when it failed.
    pub(crate) failure: Option<String>,
}

pub(crate) const HEAD: [&str; 9] = [
    "tool",
    "wall s",
    "CPU s",
    "peak RSS MiB",
    "requests to source",
    "to destination",
    "MB from source",
    "MB to destination",
    "rounds",
];

impl Row {
    pub(crate) fn new(tool: Tool) -> Self {
        Self { tool, samples: Vec::new(), counted: None, failure: None }
    }

    fn figure(&self, of: impl Fn(&Sample) -> f64) -> Option<f64> {
        median(self.samples.iter().map(of))
    }

    fn wall(&self) -> Option<f64> {
        self.figure(|sample| sample.wall)
    }

    fn cpu(&self) -> Option<f64> {
        self.figure(|sample| sample.cpu)
    }

    fn rss(&self) -> Option<f64> {
        self.figure(|sample| sample.rss_mib)
    }

    /// A count from the timed rounds, or else from the one that counted.
    fn count(&self, of: impl Fn(&Sample) -> Option<f64>) -> Option<f64> {
        median(self.samples.iter().filter_map(&of)).or_else(|| of(self.counted.as_ref()?))
    }

    pub(crate) fn cells(&self) -> Vec<String> {
        if let Some(failure) = &self.failure {
            let said = failure.replace('|', "\\|");
            let mut cells = vec![self.tool.name(), format!("failed: {said}")];
            cells.resize(HEAD.len(), String::new());
            return cells;
        }
        vec![
            self.tool.name(),
            show(self.wall(), 2),
            show(self.cpu(), 2),
            show(self.rss(), 0),
            show(self.count(|sample| sample.source_requests), 0),
            show(self.count(|sample| sample.destination_requests), 0),
            show(self.count(|sample| sample.received_mb), 1),
            show(self.count(|sample| sample.sent_mb), 1),
            self.samples.len().to_string(),
        ]
    }

    pub(crate) fn data(&self) -> Value {
        json!({
            "tool": self.tool.name(), "failure": self.failure,
            "median": {"wall": self.wall(), "cpu": self.cpu(), "rss_mib": self.rss()},
            "counts": {
                "source_requests": self.count(|sample| sample.source_requests),
                "destination_requests": self.count(|sample| sample.destination_requests),
                "received_mb": self.count(|sample| sample.received_mb),
                "sent_mb": self.count(|sample| sample.sent_mb),
            },
            "samples": self.samples, "counted": self.counted,
        })
    }
}

fn show(figure: Option<f64>, digits: usize) -> String {
    figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.digits$}"))
}

fn done(row: &&Row) -> bool {
    row.failure.is_none() && !row.samples.is_empty()
}

fn longshore(rows: &[Row]) -> Option<&Row> {
    rows.iter().filter(done).find(|row| row.tool == Tool::Longshore)
}

fn fastest(rows: &[Row], which: impl Fn(Tool) -> bool) -> Option<&Row> {
    let rows = rows.iter().filter(done).filter(|row| which(row.tool));
    rows.min_by(|one, other| {
        f64::total_cmp(&one.wall().unwrap_or(0.0), &other.wall().unwrap_or(0.0))
    })
}

fn is_floor(tool: Tool) -> bool {
    matches!(tool, Tool::Floor(_))
}

fn is_peer(tool: Tool) -> bool {
    !is_floor(tool) && tool != Tool::Longshore
}

fn ratio(of: Option<f64>, to: Option<f64>) -> String {
    show(of.zip(to.filter(|to| *to > 0.0)).map(|(of, to)| of / to), 2)
}

/// How longshore compares to each floor and to the fastest peer.
pub(crate) fn ratios(rows: &[Row]) -> Vec<String> {
    let Some(ours) = longshore(rows) else {
        return vec!["There is no figure of longshore to compare.".to_owned()];
    };
    let floors = rows.iter().filter(done).filter(|row| is_floor(row.tool));
    let others = floors
        .map(|row| (row, ""))
        .chain(fastest(rows, is_peer).map(|row| (row, ", the fastest peer")));
    others
        .map(|(other, note)| {
            let (wall, cpu) = (ratio(ours.wall(), other.wall()), ratio(ours.cpu(), other.cpu()));
            format!("longshore / {}{note}: wall {wall}, CPU {cpu}.", other.tool.name())
        })
        .collect()
}

pub(crate) const HEADLINE_HEAD: [&str; 10] = [
    "case",
    "longshore s",
    "CPU s",
    "RSS MiB",
    "floor s",
    "CPU s",
    "fastest peer s",
    "CPU s",
    "wall / floor",
    "wall / peer",
];

/// The case in one line.
pub(crate) fn headline(name: &str, rows: &[Row]) -> Option<Vec<String>> {
    let ours = longshore(rows)?;
    let (floor, peer) = (fastest(rows, is_floor), fastest(rows, is_peer));
    let peer_wall = peer.and_then(Row::wall);
    let peer_shown = peer.map_or_else(
        || show(None, 2),
        |peer| format!("{} ({})", show(peer.wall(), 2), peer.tool.name()),
    );
    Some(vec![
        name.to_owned(),
        show(ours.wall(), 2),
        show(ours.cpu(), 2),
        show(ours.rss(), 0),
        show(floor.and_then(Row::wall), 2),
        show(floor.and_then(Row::cpu), 2),
        peer_shown,
        show(peer.and_then(Row::cpu), 2),
        ratio(ours.wall(), floor.and_then(Row::wall)),
        ratio(ours.wall(), peer_wall),
    ])
}
