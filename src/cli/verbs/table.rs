//! Tables, as `kubectl get` prints them.

/// What is between two columns.
const GAP: usize = 3;

/// Rows of cells below a heading, each column as wide as its widest cell. The last one is not padded.
pub(super) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let heading = heading.map(str::to_owned);
    let rows: Vec<&[String; N]> = std::iter::once(&heading).chain(rows).collect();
    let widths: Vec<usize> = (0..N)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect();
    let line = |row: &&[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<0$}", width + GAP));
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let rows = [["a".to_owned(), "long".to_owned()], ["äöü".to_owned(), String::new()]];
        assert_eq!(table(["N", "M"], &rows), "N     M\na     long\näöü\n");
    }
}
