//! A document changed in place: what did not change keeps its comments, order, quotes and line ends.
//!
//! Two values are compared node by node, and the spans of what differs are replaced in the text. Entries come and go
//! as whole lines. What is not understood well enough (explicit keys, brackets whose content comes or goes, tags) is
//! replaced as a whole. The result is read again: when it does not say what was asked for, the document is printed
//! anew below its head.

use serde::Serialize;
use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{ScalarStyle, StructureStyle};

use super::align::align;
use super::patch::{Patch, column};
use super::read::{is_json, value};
use super::scalar::restyled;
use super::tree::{Collection, Kind, Layout, Node, layouts, line_end, line_start};
use super::write::{Style, after_colon, after_dash, block, entry, flow, write};

/// Changes the document `text` so that it reads as `new`.
///
/// A removed entry takes the comment lines directly above it along. New keys stand where they belong when the keys of
/// a mapping are sorted, and else behind the key that they follow in `new`.
#[must_use]
pub fn rewrite(text: &str, new: &Value) -> String {
    let Ok(old) = value(text) else { return write(new) };
    if old == *new {
        return text.to_owned();
    }
    let ordered = in_order_of(&old, new);
    if is_json(text) {
        return json(text, &ordered);
    }
    let layouts = layouts(text).unwrap_or_default();
    let [layout] = layouts.as_slice() else { return write(&ordered) };
    let attempts = [|e: &Attempt| e.in_place(), |e: &Attempt| Some(e.below_its_head())];
    let attempt = Attempt { text, layout, old: &old, new: &ordered };
    attempts
        .iter()
        .filter_map(|make| make(&attempt))
        .find(|made| value(made).is_ok_and(|made| made == *new))
        .unwrap_or_else(|| write(&ordered))
}

struct Attempt<'a> {
    text: &'a str,
    layout: &'a Layout,
    old: &'a Value,
    new: &'a Value,
}

impl Attempt<'_> {
    fn in_place(&self) -> Option<String> {
        let root = &self.layout.root;
        let style = Style { sequence: sequence_indent(self.text, root).unwrap_or_default() };
        let mut editor = Editor { text: self.text, style, patch: Patch::new(self.text) };
        editor.node(root, Under::Root, self.old, self.new);
        editor.patch.apply()
    }

    /// Printed anew, below the comments and the `---` that the document begins with.
    fn below_its_head(&self) -> String {
        let head = &self.text[..line_start(self.text, self.layout.root.begin)];
        format!("{head}{}", write(self.new))
    }
}

/// What a node stands behind.
#[derive(Clone, Copy)]
enum Under {
    Root,
    Colon { column: usize, indicated: usize },
    Dash { column: usize, indicated: usize },
    Brackets,
}

struct Editor<'t> {
    text: &'t str,
    style: Style,
    patch: Patch<'t>,
}

impl Editor<'_> {
    fn node(&mut self, node: &Node, under: Under, old: &Value, new: &Value) {
        if old == new {
            return;
        }
        let within = match &node.kind {
            Kind::Collection(collection) if !node.odd => match (old, new) {
                (Value::Object(old), Value::Object(new)) => self.mapping(collection, old, new),
                (Value::Array(old), Value::Array(new)) => self.sequence(collection, old, new),
                _ => false,
            },
            _ => false,
        };
        if !within {
            self.replace(node, under, new);
        }
    }

    /// Changes a mapping within, if that can be done.
    fn mapping(
        &mut self,
        mapping: &Collection,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
    ) -> bool {
        let entries = &mapping.entries;
        let keys: Vec<&str> = entries.iter().filter_map(|entry| entry.key.as_deref()).collect();
        // With merges there are more keys than entries.
        if keys.len() != old.len() || keys.iter().any(|key| !old.contains_key(*key)) {
            return false;
        }
        let keep: Vec<bool> = keys.iter().map(|key| new.contains_key(*key)).collect();
        if mapping.style == StructureStyle::Flow {
            let same = keep.iter().all(|kept| *kept) && new.len() == old.len();
            return same && self.brackets(mapping, |i| (&old[keys[i]], &new[keys[i]]));
        }
        if !keep.contains(&true) {
            return false;
        }
        let column = column(self.text, entries[0].mark);
        for (entry, key) in entries.iter().zip(&keys).filter(|(_, key)| new.contains_key(**key)) {
            let under = Under::Colon { column, indicated: entry.indicated };
            self.node(&entry.value, under, &old[*key], &new[*key]);
        }
        let mut inserts = vec![Vec::new(); entries.len() + 1];
        for (slot, key) in slots(&keys, new) {
            inserts[slot].push(entry(key, &new[key], column, self.style));
        }
        self.patch.splice(entries, &keep, &inserts);
        true
    }

    /// Changes a sequence within, if that can be done.
    fn sequence(&mut self, sequence: &Collection, old: &[Value], new: &[Value]) -> bool {
        let entries = &sequence.entries;
        if entries.len() != old.len() {
            return false;
        }
        if sequence.style == StructureStyle::Flow {
            return old.len() == new.len() && self.brackets(sequence, |i| (&old[i], &new[i]));
        }
        let pairs = align(old, new);
        let Some(first) = entries.first().filter(|_| pairs.iter().any(Option::is_some)) else {
            return false;
        };
        let column = column(self.text, first.mark);
        let mut keep = vec![false; entries.len()];
        let mut inserts = vec![Vec::new(); entries.len() + 1];
        let mut slot = 0;
        for (item, pair) in new.iter().zip(&pairs) {
            if let Some(i) = *pair {
                keep[i] = true;
                slot = i + 1;
                let under = Under::Dash { column, indicated: entries[i].indicated };
                self.node(&entries[i].value, under, &old[i], item);
            } else {
                inserts[slot].push(format!("-{}", after_dash(item, column, self.style)));
            }
        }
        self.patch.splice(entries, &keep, &inserts);
        true
    }

    /// Changes values in brackets, when all of them have a text that can be replaced.
    fn brackets<'v>(
        &mut self,
        collection: &Collection,
        values: impl Fn(usize) -> (&'v Value, &'v Value),
    ) -> bool {
        let entries = collection.entries.iter().enumerate();
        let changed: Vec<_> = entries.filter(|(i, _)| values(*i).0 != values(*i).1).collect();
        let sound = |node: &Node| !node.odd && !matches!(node.kind, Kind::Nothing);
        if !changed.iter().all(|(_, entry)| sound(&entry.value)) {
            return false;
        }
        for (i, entry) in changed {
            let (old, new) = values(i);
            self.node(&entry.value, Under::Brackets, old, new);
        }
        true
    }

    fn replace(&mut self, node: &Node, under: Under, new: &Value) {
        let in_brackets = matches!(under, Under::Brackets);
        let simple = match (&node.kind, new) {
            (Kind::Scalar(_), Value::String(text)) if !text.contains('\n') || in_brackets => {
                Some(restyled(self.text, node, text, in_brackets))
            }
            _ if in_brackets => Some(flow(new)),
            (Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded), _) => None,
            (Kind::Scalar(_), Value::Null | Value::Bool(_) | Value::Number(_)) => Some(flow(new)),
            _ => None,
        };
        if let Some(text) = simple {
            return self.patch.replace(node.begin..node.end, text);
        }
        let (from, printed) = match under {
            Under::Colon { column, indicated } => (indicated, after_colon(new, column, self.style)),
            Under::Dash { column, indicated } => (indicated, after_dash(new, column, self.style)),
            Under::Root | Under::Brackets => (node.begin, block(new, 0, self.style)),
        };
        self.replace_value(from, node, &printed);
    }

    /// Replaces all that stands behind an indicator. A comment on its line stays on its line.
    fn replace_value(&mut self, from: usize, node: &Node, printed: &str) {
        let head = self.text[from..node.begin.max(from)].lines().next().unwrap_or_default().trim();
        let line = &self.text[node.end..line_end(self.text, node.end)];
        let line = line.trim_end_matches(['\n', '\r']);
        let end = match line.trim_start().starts_with('#') {
            true => node.end + line.len(),
            false => node.end,
        };
        // Behind a collection stands the comment of its last item, which goes with it.
        let has_lines =
            matches!(&node.kind, Kind::Collection(c) if c.style == StructureStyle::Block);
        let comment = match head.starts_with('#') {
            true => head,
            false if has_lines => "",
            false => self.text[node.end..end].trim(),
        };
        let (first, rest) = printed.split_at(printed.find('\n').unwrap_or(printed.len()));
        let space = if comment.is_empty() { "" } else { " " };
        let newline = if self.text[from..end].ends_with('\n') { "\n" } else { "" };
        self.patch.replace(from..end, format!("{first}{space}{comment}{rest}{newline}"));
    }
}

/// The keys of `new` that are not among `keys`, each with the number of entries that it comes behind.
fn slots<'v>(keys: &[&str], new: &'v Map<String, Value>) -> Vec<(usize, &'v str)> {
    let sorted = keys.is_sorted();
    let mut last = 0;
    let mut slots = Vec::new();
    for key in new.keys() {
        match keys.iter().position(|known| known == key) {
            Some(at) => last = at + 1,
            None if sorted => {
                slots.push((keys.partition_point(|known| *known < key.as_str()), key.as_str()));
            }
            None => slots.push((last, key.as_str())),
        }
    }
    if sorted {
        slots.sort_unstable();
    }
    slots
}

/// How far the document moves sequences in from their keys, by the first that it has.
fn sequence_indent(text: &str, node: &Node) -> Option<usize> {
    let Kind::Collection(collection) = &node.kind else { return None };
    collection.entries.iter().find_map(|entry| {
        let below = match &entry.value.kind {
            Kind::Collection(inner) if inner.style == StructureStyle::Block => {
                inner.entries.first()
            }
            _ => None,
        };
        match (&entry.key, below) {
            (Some(_), Some(first)) if first.key.is_none() => {
                Some(if column(text, first.mark) > column(text, entry.mark) { 2 } else { 0 })
            }
            _ => sequence_indent(text, &entry.value),
        }
    })
}

/// `new` with its keys in the order of `old`; those that `old` does not have come last.
fn in_order_of(old: &Value, new: &Value) -> Value {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let known = old.iter().filter_map(|(key, old)| Some((key, Some(old), new.get(key)?)));
            let more = new.iter().filter(|(key, _)| !old.contains_key(*key));
            let all = known.chain(more.map(|(key, new)| (key, None, new)));
            Value::Object(
                all.map(|(key, old, new)| {
                    (key.clone(), old.map_or_else(|| new.clone(), |old| in_order_of(old, new)))
                })
                .collect(),
            )
        }
        (Value::Array(old), Value::Array(new)) => {
            let pairs = align(old, new);
            let items = new.iter().zip(pairs).map(|(new, pair)| match pair {
                Some(i) => in_order_of(&old[i], new),
                None => new.clone(),
            });
            Value::Array(items.collect())
        }
        _ => new.clone(),
    }
}

/// JSON, indented as it was.
fn json(old: &str, new: &Value) -> String {
    let end = if old.ends_with('\n') { "\n" } else { "" };
    let Some((_, below)) = old.trim().split_once('\n') else { return format!("{new}{end}") };
    let indent = &below[..below.len() - below.trim_start_matches([' ', '\t']).len()];
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    let done = new.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter));
    match (done, String::from_utf8(out)) {
        (Ok(()), Ok(text)) => text + end,
        _ => format!("{new}{end}"),
    }
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
