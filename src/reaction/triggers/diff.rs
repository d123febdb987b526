//! What has changed in a text, as people are used to read it (`diff -u`).

use std::fmt::Write;
use std::ops::Range;
use std::path::Path;

use super::edit::Edit;
use crate::model::one_line;

/// How many lines are shown around a change.
const CONTEXT: usize = 3;

/// Lines that became others.
struct Block {
    lines: Range<usize>,
    /// What they are now, with the ends of lines.
    new: String,
}

/// The changes of `text` by `edits`, which are in its order.
pub(super) fn unified(path: &Path, text: &str, edits: &[Edit]) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let blocks = blocks(&lines, edits);
    let name = one_line(&path.display().to_string(), 1000);
    let mut diff = format!("--- {name}\n+++ {name}\n");
    let mut grown = 0;
    for hunk in hunks(&blocks) {
        grown += show(&mut diff, &lines, hunk, grown);
    }
    diff
}

/// The lines that each edit touches; those of one line, or of lines that meet, together.
fn blocks(lines: &[&str], edits: &[Edit]) -> Vec<Block> {
    let mut starts = Vec::with_capacity(lines.len());
    let mut length = 0;
    for line in lines {
        starts.push(length);
        length += line.len();
    }
    let line_of = |byte: usize| starts.partition_point(|start| *start <= byte).saturating_sub(1);
    let mut groups: Vec<(Range<usize>, Vec<&Edit>)> = Vec::new();
    for edit in edits {
        let last = edit.span.end.saturating_sub(1).max(edit.span.start);
        let touched = line_of(edit.span.start)..line_of(last) + 1;
        match groups.last_mut() {
            Some((group, edits)) if touched.start < group.end => {
                group.end = group.end.max(touched.end);
                edits.push(edit);
            }
            _ => groups.push((touched, vec![edit])),
        }
    }
    let block = |(lines_of, edits): (Range<usize>, Vec<&Edit>)| {
        let mut new = lines[lines_of.clone()].concat();
        for edit in edits.iter().rev() {
            let start = edit.span.start - starts[lines_of.start];
            new.replace_range(start..start + edit.span.len(), &edit.written);
        }
        Block { lines: lines_of, new }
    };
    groups.into_iter().map(block).collect()
}

/// Blocks whose surroundings meet are shown together.
fn hunks(blocks: &[Block]) -> impl Iterator<Item = &[Block]> {
    blocks.chunk_by(|a, b| b.lines.start - a.lines.end <= 2 * CONTEXT)
}

/// Shows one hunk of a text that has grown by `grown` lines before it; returns by how many it grows here.
fn show(diff: &mut String, lines: &[&str], hunk: &[Block], grown: isize) -> isize {
    let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { return 0 };
    let start = first.lines.start.saturating_sub(CONTEXT);
    let end = (last.lines.end + CONTEXT).min(lines.len());
    let mut body = String::new();
    let (mut at, mut more) = (start, 0);
    for block in hunk {
        lines[at..block.lines.start].iter().for_each(|line| push(&mut body, ' ', line));
        lines[block.lines.clone()].iter().for_each(|line| push(&mut body, '-', line));
        block.new.split_inclusive('\n').for_each(|line| push(&mut body, '+', line));
        more += block.new.split_inclusive('\n').count().cast_signed();
        more -= block.lines.len().cast_signed();
        at = block.lines.end;
    }
    lines[at..end].iter().for_each(|line| push(&mut body, ' ', line));
    let (old_length, new_start) = (end - start, (start + 1).saturating_add_signed(grown));
    let new_length = old_length.saturating_add_signed(more);
    // Writing to a text cannot fail.
    let _ = writeln!(diff, "@@ -{},{old_length} +{new_start},{new_length} @@", start + 1);
    diff.push_str(&body);
    more
}

fn push(diff: &mut String, mark: char, line: &str) {
    diff.push(mark);
    diff.push_str(line);
    if !line.ends_with('\n') {
        diff.push_str("\n\\ No newline at end of file\n");
    }
}
