//! Columns that are aligned by tabs, as Go's `text/tabwriter` does with minwidth 0, tabwidth 8, padding 1 and tabs to
//! pad with.

const TAB: usize = 8;

/// Aligns the cells of `text`, which tabs end. A column is a run of lines that have a cell in it; it is as wide as its
/// widest cell, and at least one character more, up to the next tab stop. What stands after the last tab of a line is
/// in no column.
#[must_use]
pub fn align(text: &str) -> String {
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let mut out = String::with_capacity(text.len() * 2);
    write(&lines, &mut Vec::new(), &mut out);
    out
}

/// Writes lines whose first columns have these widths.
fn write(lines: &[Vec<&str>], widths: &mut Vec<usize>, out: &mut String) {
    let column = widths.len();
    let has_column = |line: &Vec<&str>| column + 1 < line.len();
    for run in lines.chunk_by(|one, other| has_column(one) == has_column(other)) {
        if run.first().is_some_and(has_column) {
            let widest = run.iter().map(|line| width(line[column])).max().unwrap_or_default();
            widths.push((widest + 1).next_multiple_of(TAB));
            write(run, widths, out);
            widths.pop();
        } else {
            for line in run {
                write_line(line, widths, out);
            }
        }
    }
}

fn write_line(line: &[&str], widths: &[usize], out: &mut String) {
    for (index, cell) in line.iter().enumerate() {
        out.push_str(cell);
        if let Some(space) = widths.get(index) {
            let tabs = (space - width(cell)).div_ceil(TAB);
            out.extend(std::iter::repeat_n('\t', tabs));
        }
    }
    out.push('\n');
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_below_each_other() {
        for (text, aligned) in [
            ("", ""),
            ("no tab\n", "no tab\n"),
            ("a:\tb\n", "a:\tb\n"),
            // Seven characters and one of padding fill a tab stop, eight do not.
            ("1234567:\tb\na:\tb\n", "1234567:\tb\na:\t\tb\n"),
            ("123456:\tb\na:\tb\n", "123456:\tb\na:\tb\n"),
            // A line without the column ends it.
            ("long enough:\tb\n\na:\tb\n", "long enough:\tb\n\na:\tb\n"),
            // An empty cell is a cell; inner columns are of their own lines alone.
            ("Layers:\t1kB\tx\n\t20.28kB\ty\nk:\tv\n", "Layers:\t1kB\tx\n\t20.28kB\ty\nk:\tv\n"),
            ("k:\t1\tx\n\t12345678\ty\n", "k:\t1\t\tx\n\t12345678\ty\n"),
            // Characters count, not bytes.
            ("äöüäöü:\tb\na:\tb\n", "äöüäöü:\tb\na:\tb\n"),
        ] {
            assert_eq!(align(text), aligned, "{text:?}");
        }
    }
}
