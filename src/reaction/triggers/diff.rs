//! What has changed in a text, as people are used to read it (`diff -u`).

use std::path::Path;

use similar::TextDiff;

use crate::model::one_line;

/// How many lines are shown around a change.
const CONTEXT: usize = 3;

/// The lines in which `new` differs from `old`, both of the file `path`.
pub(super) fn unified(path: &Path, old: &str, new: &str) -> String {
    let name = one_line(&path.display().to_string(), 1000);
    let diff = TextDiff::from_lines(old, new);
    diff.unified_diff().context_radius(CONTEXT).header(&name, &name).to_string()
}
