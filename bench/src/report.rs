//! Results as Markdown and JSON, and the table of the README.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::machine::Machine;
use crate::rows::HEADLINE_HEAD;
use crate::tools::{PEERS, Tool};

/// What came out of one case.
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// The first line is the head.
    pub(crate) table: Vec<Vec<String>>,
    /// Sentences below the table.
    pub(crate) notes: Vec<String>,
    /// What the README says of the case.
    pub(crate) headline: Headline,
    pub(crate) data: Value,
}

pub(crate) enum Headline {
    Row(Option<Vec<String>>),
    Sentence(String),
}

impl Report {
    pub(crate) fn markdown(&self, machine: &Machine) -> String {
        let notes: String = self.notes.iter().map(|note| format!("- {note}\n")).collect();
        format!("# {}: {}\n\n{machine}\n\n{}\n{notes}", self.name, self.title, table(&self.table))
    }

    pub(crate) fn json(&self, machine: &Machine) -> Value {
        json!({"case": self.name, "title": self.title, "machine": machine.data(), "results": self.data, "notes": self.notes})
    }
}

/// Says which tools were left out of a case, and why.
pub(crate) fn absent(measured: impl Fn(Tool) -> bool) -> Option<String> {
    let left_out: Vec<_> = PEERS
        .into_iter()
        .filter(|tool| !measured(*tool))
        .map(|tool| match tool.programs() {
            None => format!("{} (not found)", tool.name()),
            Some(_) => format!("{} (has no way to do this)", tool.name()),
        })
        .collect();
    (!left_out.is_empty()).then(|| format!("Not measured: {}.", left_out.join(", ")))
}

fn table(lines: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let Some((head, rows)) = lines.split_first() else {
        return String::new();
    };
    let rule = format!("|---|{}\n", "---:|".repeat(head.len() - 1));
    line(head) + &rule + &rows.iter().map(|row| line(row)).collect::<String>()
}

const BEGIN: &str = "<!-- bench -->\n";
const END: &str = "<!-- /bench -->";

/// Puts the headlines between the two marks of the README.
pub(crate) fn into_readme(path: &Path, reports: &[Report], machine: &Machine) -> Result<()> {
    let mut lines = vec![HEADLINE_HEAD.map(str::to_owned).to_vec()];
    let mut sentences = String::new();
    for report in reports {
        match &report.headline {
            Headline::Row(row) => lines.extend(row.clone()),
            Headline::Sentence(sentence) => sentences += &format!("\n{sentence}\n"),
        }
    }
    let text = fs::read_to_string(path)?;
    let shown = format!("{machine}\n\n{}{sentences}", table(&lines));
    Ok(fs::write(path, between_marks(&text, &shown)?)?)
}

/// `text` with `shown` in the place of what stood between the marks.
fn between_marks(text: &str, shown: &str) -> Result<String> {
    let (before, rest) = text.split_once(BEGIN).context("the README has no mark")?;
    let (_, after) = rest.split_once(END).context("the README has no second mark")?;
    Ok(format!("{before}{BEGIN}{shown}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stood_between_the_marks_is_replaced() {
        let text = "a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n";
        let new = between_marks(text, "new\n").unwrap();
        assert_eq!(new, "a\n<!-- bench -->\nnew\n<!-- /bench -->\nb\n");
        assert!(between_marks("no marks", "new").is_err());
    }

    #[test]
    fn the_readme_has_the_marks() {
        let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
        between_marks(&fs::read_to_string(readme).unwrap(), "").unwrap();
    }

    #[test]
    fn tables_have_a_rule() {
        let lines = [["a", "b"], ["c", "1"]].map(|line| line.map(str::to_owned).to_vec());
        assert_eq!(table(&lines), "| a | b |\n|---|---:|\n| c | 1 |\n");
    }
}
