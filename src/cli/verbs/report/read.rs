//! Reports as they were written: which kind they are, and of which part of the work they tell. Pure.

use longshore::model::one_line;
use longshore::shard::{Shard, ShardCount};
use serde_json::{Map, Value};

/// Why files cannot be joined.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    /// Not JSON.
    #[error("{file}:{}:{}: this is not JSON", source.line(), source.column())]
    Syntax {
        file: String,
        #[source]
        source: serde_json::Error,
    },
    /// JSON, and something else than a report.
    #[error("{file} is no report of mirror, tag-sync or verify: {why}")]
    NoReport { file: String, why: String },
    /// Reports of different verbs.
    #[error(
        "{file} is a report of {kind}, and {first} is one of {first_kind}: each kind is joined by itself"
    )]
    Kinds { file: String, kind: Kind, first: String, first_kind: Kind },
    /// Shards of different numbers.
    #[error(
        "{file} is of {count} shards, and {first} of {first_count}: they are no parts of one run"
    )]
    Counts { file: String, count: ShardCount, first: String, first_count: ShardCount },
    /// A field that is another in each.
    #[error("{file}: '{key}' is not what it is in {first}, and cannot be joined")]
    Unjoinable { file: String, key: String, first: String },
}

/// Which verb told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Mirror,
    TagSync,
    Verify,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mirror => "mirror",
            Self::TagSync => "tag-sync",
            Self::Verify => "verify",
        })
    }
}

/// A report that was read.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) file: String,
    pub(super) kind: Kind,
    /// The part of the work that it tells of; all, when there is none.
    pub(super) shard: Option<Shard>,
    /// The rest.
    pub(super) fields: Map<String, Value>,
}

impl Report {
    /// Reads the text of `file`.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, ReportError> {
        let file = one_line(file, 300);
        let no_report =
            |why: &str| ReportError::NoReport { file: file.clone(), why: why.to_owned() };
        let value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(source) => return Err(ReportError::Syntax { file, source }),
        };
        let Value::Object(mut fields) = value else { return Err(no_report("it is no object")) };
        if fields.contains_key("shards") {
            return Err(no_report("it was joined already; give the reports of the shards"));
        }
        let is_list = |key: &str| fields.get(key).is_some_and(Value::is_array);
        let kind = match (is_list("problems"), is_list("images"), is_list("rules")) {
            (true, false, _) => Kind::Verify,
            (false, true, false) => Kind::Mirror,
            (false, true, true) => Kind::TagSync,
            _ => return Err(no_report("expected a list of 'images', or of 'problems'")),
        };
        let shard = match fields.shift_remove("shard") {
            None => None,
            Some(shard) => {
                Some(read_shard(&shard).ok_or_else(|| no_report("its 'shard' is none"))?)
            }
        };
        let is_strange = |(key, list): &(&String, &Value)| {
            list.as_array().is_some_and(|list| list.iter().any(|entry| !is_entry(key, entry)))
        };
        if let Some((key, _)) = fields.iter().find(is_strange) {
            return Err(no_report(&format!("'{}' has an entry that is none", one_line(key, 40))));
        }
        Ok(Self { file, kind, shard, fields })
    }
}

/// Whether a list of a report may have this entry: a plan has a list of images too.
fn is_entry(list: &str, entry: &Value) -> bool {
    let has = |key: &str| entry.get(key).is_some_and(|value| !value.is_null());
    match list {
        "images" => has("outcome") || has("error"),
        "problems" => has("kind") && has("place"),
        _ => entry.is_object(),
    }
}

/// `{"index": 1, "count": 8}`.
fn read_shard(value: &Value) -> Option<Shard> {
    let number = |key: &str| value.get(key)?.as_u64();
    Shard::new(number("index")?, ShardCount::new(number("count")?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_known_by_what_they_list() {
        for (text, kind, shard) in [
            (r#"{"images": []}"#, Kind::Mirror, None),
            (r#"{"images": [], "shard": {"index": 1, "count": 8}}"#, Kind::Mirror, Some("1/8")),
            (r#"{"images": [], "deleted": [], "rules": [], "counts": {}}"#, Kind::TagSync, None),
            (r#"{"problems": [], "repaired": [], "counts": {"tags": 1}}"#, Kind::Verify, None),
        ] {
            let report = Report::parse("r.json", text).unwrap();
            assert_eq!(report.kind, kind);
            assert_eq!(report.shard.map(|shard| shard.to_string()).as_deref(), shard);
            assert!(!report.fields.contains_key("shard"));
        }
    }

    #[test]
    fn what_is_no_report_says_why() {
        for (text, told) in [
            ("", "r.json:1:0: this is not JSON"),
            ("{\n \"images\": [}", "r.json:2:13: this is not JSON"),
            ("[]", "r.json is no report of mirror, tag-sync or verify: it is no object"),
            ("{}", "expected a list of 'images', or of 'problems'"),
            (r#"{"images": {}}"#, "expected a list of 'images', or of 'problems'"),
            (r#"{"images": [], "problems": []}"#, "expected a list of 'images', or of 'problems'"),
            (r#"{"images": [1]}"#, "'images' has an entry that is none"),
            (r#"{"images": [], "shard": {"index": 8, "count": 8}}"#, "its 'shard' is none"),
            (r#"{"images": [], "shard": 1}"#, "its 'shard' is none"),
            (r#"{"images": [], "shards": {}}"#, "it was joined already"),
            (
                r#"{"version": 1, "images": [{"source": "a", "destinations": []}]}"#,
                "an entry that is none",
            ),
        ] {
            let error = Report::parse("r.json", text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
