//! Fields with a label, one to a line, before they are aligned.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use super::columns::align;
use crate::imagestream::api::Time;
use crate::model::one_line;

/// What stands where there is nothing.
pub(super) const NONE: &str = "<none>";

/// The most characters of one line of a value.
const WIDTH: usize = 4096;

/// A line of foreign text made fit for a terminal.
pub(super) fn clean(text: &str) -> String {
    one_line(text, WIDTH)
}

/// Fields, and lines between them; tabs stand between cells.
#[derive(Default)]
pub(super) struct Fields(String);

impl Fields {
    /// A field; what a value holds after the end of a line stands below.
    pub(super) fn field(&mut self, label: &str, value: &str) {
        let value = if value.is_empty() { NONE } else { value };
        self.column(label, value.split('\n').map(clean));
    }

    /// A field with one value to a line; none without values.
    pub(super) fn column(&mut self, label: &str, values: impl IntoIterator<Item = impl Display>) {
        let mut label = format!("{label}:");
        for value in values {
            let _ = writeln!(self.0, "{label}\t{value}");
            label.clear();
        }
    }

    /// A field with `KEY=VALUE` to a line.
    pub(super) fn map<'a>(
        &mut self,
        label: &str,
        map: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) {
        let pairs: BTreeMap<&String, &String> = map.into_iter().collect();
        if pairs.is_empty() {
            self.field(label, "");
        }
        self.column(label, pairs.iter().map(|(key, value)| clean(&format!("{key}={value}"))));
    }

    /// The annotations of an object; that which describes it is a field of its own.
    pub(super) fn annotations(&mut self, annotations: &BTreeMap<String, String>) {
        const DESCRIPTION: &str = "description";
        if let Some(text) = annotations.get(DESCRIPTION).filter(|text| !text.is_empty()) {
            self.field("Description", text);
        }
        self.map("Annotations", annotations.iter().filter(|(key, _)| *key != DESCRIPTION));
    }

    /// A moment, as how long ago it was.
    pub(super) fn ago(&mut self, label: &str, then: Time, now: Time) {
        self.line(format_args!("{label}:\t{} ago", super::ago(then, now)));
    }

    /// A line as it is.
    pub(super) fn line(&mut self, line: impl Display) {
        let _ = writeln!(self.0, "{line}");
    }

    /// The text, aligned.
    pub(super) fn align(&self) -> String {
        align(&self.0)
    }
}
