//! YAML, and JSON with it, with the place of each value in its text.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use crate::model::one_line;

/// Where something is in a text, for people: both count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}

impl From<Location> for Position {
    fn from(location: Location) -> Self {
        Self { line: location.line(), column: location.column() }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node(Spanned<Kind>);

/// What a value is.
#[derive(Debug)]
enum Kind {
    Map(Vec<(String, Node)>),
    List(Vec<Node>),
    Scalar(Value),
}

/// Reads all documents of a text. The error is what is wrong, and where if that is known.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, (Option<Position>, String)> {
    serde_saphyr::from_multiple(text).map_err(|error| {
        let said = error.without_snippet().to_string();
        (error.location().map(Position::from), one_line(&said, 200))
    })
}

impl Node {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match &self.0.value {
            Kind::Map(entries) => entries.iter().find(|(known, _)| known == key).map(|(_, v)| v),
            Kind::List(_) | Kind::Scalar(_) => None,
        }
    }

    /// The value of a key of a key of a key.
    pub(super) fn at(&self, keys: &[impl AsRef<str>]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key.as_ref()))
    }

    /// The values of a list.
    pub(super) fn items(&self) -> &[Self] {
        match &self.0.value {
            Kind::List(items) => items,
            Kind::Map(_) | Kind::Scalar(_) => &[],
        }
    }

    /// The value as text.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.0.value {
            Kind::Scalar(value) => value.as_str(),
            Kind::Map(_) | Kind::List(_) => None,
        }
    }

    /// Where it begins.
    pub(super) fn position(&self) -> Position {
        self.0.referenced.into()
    }

    /// The bytes of its text. `None` where it stands for a value that is written elsewhere (`*alias`).
    pub(super) fn span(&self) -> Option<Range<usize>> {
        if self.0.referenced != self.0.defined {
            return None;
        }
        let span = self.0.referenced.span();
        let start = usize::try_from(span.byte_offset()?).ok()?;
        Some(start..start + usize::try_from(span.byte_len()?).ok()?)
    }

    /// Whether both say the same, wherever it is written; but `image` of this one is `text` in the other one.
    pub(super) fn says_the_same_but(&self, other: &Self, images: &[(*const Self, &str)]) -> bool {
        if let Some((_, text)) = images.iter().find(|(image, _)| std::ptr::eq(*image, self)) {
            return other.text() == Some(text);
        }
        match (&self.0.value, &other.0.value) {
            (Kind::Scalar(a), Kind::Scalar(b)) => a == b,
            (Kind::List(a), Kind::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.says_the_same_but(b, images))
            }
            (Kind::Map(a), Kind::Map(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|((k, a), (l, b))| k == l && a.says_the_same_but(b, images))
            }
            _ => false,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Kind, E> {
        Ok(Kind::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kind, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Kind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Kind::Map(entries))
    }
}
