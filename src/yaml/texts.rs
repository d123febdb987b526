//! What a document says, with every scalar as the text that it is written as: `3.10` is not `3.1`.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value};

use super::Error;
use super::read::{parsed, value};

/// Reads a text that is one document, for those who take any scalar for a text, as decoders of Go do: numbers and truth
/// values are strings here, `null` is `null`.
///
/// # Errors
/// When the text is neither YAML nor JSON, or is several documents.
pub fn texts(text: &str) -> Result<Value, Error> {
    let shape = value(text)?;
    parsed(text, Written(&shape))
}

/// What is of this shape, as texts: who knows that a scalar comes can ask for its text.
#[derive(Clone, Copy)]
struct Written<'v>(&'v Value);

impl<'de> DeserializeSeed<'de> for Written<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.0 {
            Value::Object(_) => deserializer.deserialize_map(self),
            Value::Array(_) => deserializer.deserialize_seq(self),
            Value::Null => IgnoredAny::deserialize(deserializer).map(|_| Value::Null),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                String::deserialize(deserializer).map(Value::String)
            }
        }
    }
}

impl<'de> Visitor<'de> for Written<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what was read before")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let field = map.next_value_seed(Self(&self.0[&key]))?;
            fields.insert(key, field);
        }
        Ok(Value::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self(&self.0[list.len()]))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_are_as_they_are_written() {
        for (text, expected) in [
            (
                "a: 3.10\nb: [1, 0x10, 1e3, 007, '5', \"6\"]\n",
                json!({"a": "3.10", "b": ["1", "0x10", "1e3", "007", "5", "6"]}),
            ),
            (
                "a: true\nb: yes\nc: ~\nd:\ne: {}\nf: []\n",
                json!({"a": "true", "b": "yes", "c": null, "d": null, "e": {}, "f": []}),
            ),
            ("x: &x 1.20\ny: *x\nz: [*x]\n", json!({"x": "1.20", "y": "1.20", "z": ["1.20"]})),
            (
                "x: &x {a: 1.0, b: 2.0}\ny:\n  <<: *x\n  b: 3.0\n",
                json!({"x": {"a": "1.0", "b": "2.0"}, "y": {"b": "3.0", "a": "1.0"}}),
            ),
            (
                "x: &x {a: 1.0}\ny: &y {b: 2.0}\nz: {<<: [*x, *y], c: 3.0}\n",
                json!({"x": {"a": "1.0"}, "y": {"b": "2.0"}, "z": {"a": "1.0", "b": "2.0", "c": "3.0"}}),
            ),
            ("{\"a\": 1.50, \"b\": null}", json!({"a": "1.50", "b": null})),
            ("1.0: 2.0\ntrue: x\n", json!({"1.0": "2.0", "true": "x"})),
            ("a: |\n  line\n  line\n", json!({"a": "line\nline\n"})),
            ("", json!(null)),
        ] {
            assert_eq!(texts(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_document_is_told_with_its_place() {
        for (text, place) in
            [("a: [", "1:4"), ("a: 1\na: 2\n", "2:1"), ("a: 1\n---\nb: 1\n", "3:1")]
        {
            assert_eq!(texts(text).unwrap_err().place().to_string(), place, "{text}");
        }
    }
}
