//! Text to values.

use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_json::Value;
use serde_saphyr::{
    Location, UserMessageFormatter, alias_limits, budget, options,
    with_deserializer_from_str_with_options,
};

use super::told::told;
use super::tree::{Collection, Kind, Layout, Node, layouts};
use super::{Error, Path, Place, Step};

/// Nodes that a document may have.
const MAX_NODES: usize = 2_000_000;

/// Nodes that aliases may add to it.
const MAX_FROM_ALIASES: usize = 50_000;

/// The longest keys that are looked for on one line; the specification says 1024, `write` goes by the same.
pub(super) const MAX_KEY: usize = 1024;

/// One document of a text.
#[derive(Debug)]
pub struct Document {
    /// What it says.
    pub value: Value,
    layout: Layout,
}

impl Document {
    /// Where in `text`, which the document is of, the value at `path` stands, or the last value on the way to it.
    #[must_use]
    pub fn place(&self, text: &str, path: &Path) -> Place {
        Place::of(text, find(&self.layout.root, path).1.start)
    }

    /// Where in `text`, which the document is of, the key that ends `path` stands; without one, as [`Self::place`].
    #[must_use]
    pub fn place_of_key(&self, text: &str, path: &Path) -> Place {
        let Some((Step::Key(key), above)) = path.0.split_last() else {
            return self.place(text, path);
        };
        let parent = find(&self.layout.root, &Path(above.to_vec())).0;
        let entries = parent.and_then(|node| match &node.kind {
            Kind::Collection(collection) => Some(&collection.entries),
            _ => None,
        });
        let entry =
            entries.and_then(|entries| entries.iter().find(|e| e.key.as_ref() == Some(key)));
        entry.map_or_else(|| self.place(text, path), |entry| Place::of(text, entry.mark))
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// The node at `path`, and the last one on the way to it.
pub(super) fn find<'n>(root: &'n Node, path: &Path) -> (Option<&'n Node>, &'n Node) {
    let mut node = root;
    for step in &path.0 {
        let Kind::Collection(collection) = &node.kind else { return (None, node) };
        let Some(next) = next(collection, step) else { return (None, node) };
        node = next;
    }
    (Some(node), node)
}

fn next<'n>(collection: &'n Collection, step: &Step) -> Option<&'n Node> {
    let entry = match step {
        Step::Key(key) => collection.entries.iter().find(|entry| entry.key.as_ref() == Some(key)),
        Step::Index(index) => collection.entries.get(*index).filter(|entry| entry.key.is_none()),
    };
    entry.map(|entry| &entry.value)
}

/// Reads all documents of a text; the empty ones are `null`.
///
/// # Errors
/// When the text is neither YAML nor JSON.
pub fn documents(text: &str) -> Result<Vec<Document>, Error> {
    let layouts = layouts(text).map_err(|error| {
        let place = Place { line: error.marker().line(), column: error.marker().col() + 1 };
        Error::new(text, place, &error.info())
    })?;
    if let [_] = layouts.as_slice() {
        let value = value(text)?;
        return Ok(layouts
            .into_iter()
            .map(|layout| Document { value: value.clone(), layout })
            .collect());
    }
    let ends: Vec<usize> =
        layouts.iter().skip(1).map(|layout| layout.begin).chain([text.len()]).collect();
    layouts.into_iter().zip(ends).map(|(layout, end)| one(text, layout, end)).collect()
}

fn one(text: &str, layout: Layout, end: usize) -> Result<Document, Error> {
    let above = text[..layout.begin].bytes().filter(|byte| *byte == b'\n').count();
    let part = &text[layout.begin..end];
    let value = value(part)
        .map_err(|error| Error::new(text, error.place().below(above), &error.to_string()))?;
    Ok(Document { value, layout })
}

/// Reads a text that is one document; an empty one is `null`.
///
/// # Errors
/// When the text is neither YAML nor JSON, or is several documents.
pub fn read(text: &str) -> Result<Value, Error> {
    value(text)
}

/// Reads all documents of a text, without those that are empty.
///
/// # Errors
/// When the text is neither YAML nor JSON.
pub fn read_all(text: &str) -> Result<Vec<Value>, Error> {
    let values = documents(text)?.into_iter().map(|document| document.value);
    Ok(values.filter(|value| !value.is_null()).collect())
}

/// Reads a text that is one document as a `T`.
///
/// # Errors
/// When the text is neither YAML nor JSON, is several documents, or has a field of another type than a `T` has.
pub fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    typed(text, value(text)?)
}

/// What `text` says, `value`, as a `T`.
///
/// # Errors
/// When a field is of another type than a `T` has; its place in the text is told.
pub fn typed<T: DeserializeOwned>(text: &str, value: Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = way(error.path());
        let document = documents(text).unwrap_or_default().into_iter().next();
        let place = document.map_or(Place { line: 1, column: 1 }, |document| {
            // So serde says that it is the key that is wrong, not its value.
            match error.inner().to_string().starts_with("unknown field") {
                true => document.place_of_key(text, &path),
                false => document.place(text, &path),
            }
        });
        Error::new(text, place, &of(&path, &told(&error.inner().to_string())))
    })
}

fn way(path: &serde_path_to_error::Path) -> Path {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// Where in `text` the value at `path` stands, or the last value on the way to it.
#[must_use]
pub fn place_of(text: &str, path: &Path) -> Place {
    let documents = documents(text).unwrap_or_default();
    documents.first().map_or(Place { line: 1, column: 1 }, |document| document.place(text, path))
}

/// What is wrong with the value at `path` of `text`, where a reader of it finds that out.
#[must_use]
pub fn wrong(text: &str, path: &Path, message: &str) -> Error {
    Error::new(text, place_of(text, path), &of(path, message))
}

/// The same of the key that ends `path`.
#[must_use]
pub fn wrong_key(text: &str, path: &Path, message: &str) -> Error {
    let documents = documents(text).unwrap_or_default();
    let place = documents.first().map(|document| document.place_of_key(text, path));
    let place = place.unwrap_or(Place { line: 1, column: 1 });
    Error::new(text, place, &of(path, message))
}

/// A message about what is at `path`.
fn of(path: &Path, message: &str) -> String {
    match path.0.is_empty() {
        true => message.to_owned(),
        false => format!("{path}: {message}"),
    }
}

/// Whether a text is meant to be JSON.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
        && serde_json::from_str::<serde::de::IgnoredAny>(text.trim_start_matches('\u{feff}'))
            .is_ok()
}

pub(super) fn value(text: &str) -> Result<Value, Error> {
    parsed(text, PhantomData)
}

/// What `seed` makes of a text that is one document.
pub(super) fn parsed<T>(
    text: &str,
    seed: impl for<'de> DeserializeSeed<'de, Value = T>,
) -> Result<T, Error> {
    let options = options! {
        budget: budget! {
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            simple_key_max_lookahead: MAX_KEY,
        },
        alias_limits: alias_limits! { max_total_replayed_events: MAX_FROM_ALIASES },
    };
    let read = with_deserializer_from_str_with_options(text, options, |d| seed.deserialize(d));
    read.map_err(|error| {
        let place = error.location().map_or(Place { line: 1, column: 1 }, place);
        // The place is told apart from the message.
        let message = error.without_snippet().render_with_formatter(&UserMessageFormatter);
        let told = format!(" at line {}, column {}", place.line, place.column);
        Error::new(text, place, message.strip_suffix(&told).unwrap_or(&message))
    })
}

fn place(location: Location) -> Place {
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).max(1);
    Place { line: number(location.line()), column: number(location.column()) }
}

#[cfg(test)]
mod tests {
    use super::{from_text, read, read_all};
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(default, rename = "list")]
        _list: Vec<Inner>,
        #[serde(flatten)]
        _rest: serde_json::Map<String, serde_json::Value>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[serde(rename = "name")]
        _name: String,
    }

    #[test]
    fn a_fault_is_told_with_its_place() {
        let table = [
            ("a: 1\nb: {c: d: e}\n", "2:9", "b: {c: d: e}"),
            ("a: 1\na: 2\n", "2:1", "a: 2"),
            ("a: &x [*x]\n", "1:8", "a: &x [*x]"),
            ("list:\n# c\n- name: a\n- name: 4.10\n", "4:9", "- name: 4.10"),
            ("list:\n- nam: a\n", "2:3", "- nam: a"),
            ("list: 1\x1b\n", "1:7", "list: 1"),
            ("a: 1\n---\nb: 1\n", "3:1", "b: 1"),
            ("{\n  \"list\": [{\"name\": 1}]\n}", "2:21", "\"list\": [{\"name\": 1}]"),
        ];
        for (text, place, snippet) in table {
            let error = from_text::<Outer>(text).unwrap_err();
            assert_eq!(
                (error.place().to_string().as_str(), error.snippet()),
                (place, snippet),
                "{text} {error}"
            );
            assert!(!error.to_string().contains("line "), "{error}");
        }
        let error = from_text::<Outer>("list:\n- name: 4.10\n").unwrap_err().to_string();
        assert_eq!(
            error,
            "list[0].name: invalid type: floating point `4.1`, expected a string: put it in quotes"
        );
    }

    #[test]
    fn a_key_that_is_not_known_is_told_with_its_place() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Strict {
            #[serde(rename = "a")]
            _a: u8,
        }
        for (text, place) in
            [("a: 1\n\nbc: 2\n", "3:1"), ("{a: 1,  bc: 2}\n", "1:9"), ("{\"bc\": 2}", "1:2")]
        {
            assert_eq!(from_text::<Strict>(text).unwrap_err().place().to_string(), place, "{text}");
        }
    }

    #[test]
    fn documents_that_are_empty_are_left_out() {
        let text = "# head\n---\na: 1\n---\n# none\n---\n---\n[2]\n...\n";
        assert_eq!(read_all(text), Ok(vec![json!({"a": 1}), json!([2])]));
        assert_eq!(read_all("a: 1\n---\nb: [\n").unwrap_err().line(), 3);
        assert_eq!(read_all("a: 1\n---\nb: .nan\n").unwrap_err().place().to_string(), "3:4");
    }

    #[test]
    fn aliases_and_nesting_cannot_blow_a_small_text_up() {
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..9 {
            let below = format!("*a{},", level - 1).repeat(10);
            bomb += &format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(','));
        }
        let deep = "[".repeat(100_000);
        let block = (0..2000).map(|n| format!("{}-\n", " ".repeat(n))).collect::<String>();
        for text in [bomb, deep, block] {
            assert!(read(&text).is_err());
            assert!(read_all(&text).is_err());
        }
    }
}
