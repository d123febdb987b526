//! Replacements of spans of a text, collected and then made.

use std::ops::Range;

use super::tree::{Entry, line_end, line_start};

/// Replacements to be made in `text`.
pub(super) struct Patch<'t> {
    text: &'t str,
    replacements: Vec<(Range<usize>, String)>,
}

impl<'t> Patch<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, replacements: Vec::new() }
    }

    pub(super) fn replace(&mut self, range: Range<usize>, with: String) {
        self.replacements.push((range, with));
    }

    /// Takes out the entries of a block collection that are not kept, and puts new ones in: `inserts[n]` behind `n`
    /// of the old entries. At least one is kept.
    pub(super) fn splice(&mut self, entries: &[Entry], keep: &[bool], inserts: &[Vec<String>]) {
        let Some(first_kept) = keep.iter().position(|kept| *kept) else { return };
        let indent = " ".repeat(column(self.text, entries[0].mark));
        let start = line_start(self.text, entries[0].mark);
        // The first entry may stand behind a dash: then the first that is kept takes its place.
        let is_inline =
            !self.text[start..entries[0].mark].trim_start_matches('\u{feff}').trim().is_empty();
        let cut_from = if is_inline { first_kept } else { 0 };
        if cut_from > 0 {
            self.replace(entries[0].mark..entries[cut_from].mark, String::new());
        }
        for i in (cut_from..entries.len()).filter(|i| !keep[*i]) {
            self.replace(self.lead(entries, i)..self.line_end_of(&entries[i]), String::new());
        }
        for (behind, lines) in inserts.iter().enumerate().filter(|(_, lines)| !lines.is_empty()) {
            let before = (behind == 0 && keep[0]) || (is_inline && behind <= first_kept);
            if before {
                let at = entries[first_kept].mark;
                let text = lines.iter().map(|line| format!("{line}\n{indent}")).collect();
                self.replace(at..at, text);
            } else {
                let at = self.line_end_of(&entries[behind.max(1) - 1]);
                self.insert_lines(at, &indent, lines);
            }
        }
    }

    fn insert_lines(&mut self, at: usize, indent: &str, lines: &[String]) {
        let ends_open = at == self.text.len() && !self.text.ends_with('\n');
        let (before, after) = if ends_open { ("\n", "") } else { ("", "\n") };
        let text = lines.iter().map(|line| format!("{before}{indent}{line}{after}")).collect();
        self.replace(at..at, text);
    }

    /// Where the lines of an entry begin: with the comments directly above it, unless it is the first, where they may
    /// be about the whole.
    fn lead(&self, entries: &[Entry], i: usize) -> usize {
        let mark = entries[i].mark;
        let mut lead = line_start(self.text, mark);
        let Some(previous) = i.checked_sub(1).map(|i| self.line_end_of(&entries[i])) else {
            return lead;
        };
        while lead > previous {
            let above = line_start(self.text, lead - 1);
            let comment = self.text[above..lead].trim_start_matches(' ');
            let is_own = comment.starts_with('#')
                && lead - above - comment.len() == mark - line_start(self.text, mark);
            if above < previous || !is_own {
                break;
            }
            lead = above;
        }
        lead
    }

    fn line_end_of(&self, entry: &Entry) -> usize {
        line_end(self.text, entry.value.end.max(entry.indicated))
    }

    /// The text with all replacements made; `None` when two of them are about the same bytes.
    pub(super) fn apply(mut self) -> Option<String> {
        // Insertions at one place stay in the order in which they came: the inner ones come first.
        self.replacements.sort_by_key(|(range, _)| range.start);
        let crlf = self.text.split_once('\n').is_some_and(|(line, _)| line.ends_with('\r'));
        let mut out = String::with_capacity(self.text.len());
        let mut at = 0;
        for (range, with) in &self.replacements {
            match self.text.get(at..range.start) {
                Some(between) => out.push_str(between),
                None if range.is_empty() => {}
                None => return None,
            }
            if crlf {
                out.push_str(&with.replace('\n', "\r\n"));
            } else {
                out.push_str(with);
            }
            at = at.max(range.end);
        }
        out.push_str(self.text.get(at..)?);
        Some(out)
    }
}

/// The column of a byte, from 0.
pub(super) fn column(text: &str, at: usize) -> usize {
    text[line_start(text, at)..at].trim_start_matches('\u{feff}').chars().count()
}
