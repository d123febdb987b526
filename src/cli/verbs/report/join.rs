//! Reports made one. Pure.

use std::collections::{BTreeMap, HashMap};

use longshore::shard::{Shard, ShardCount};
use serde_json::{Map, Value, json};

use super::read::{Kind, Report, ReportError};

/// Several reports as one.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) kind: Kind,
    pub(super) fields: Map<String, Value>,
    /// How many shards there should be, if any report tells.
    pub(super) count: Option<ShardCount>,
    /// The shards that no report is of.
    pub(super) missing: Vec<Shard>,
    /// What two reports tell of.
    pub(super) twice: Vec<Twice>,
}

/// Something that two reports tell of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Twice {
    /// An image, a problem, or a shard.
    pub(super) what: String,
    pub(super) files: [String; 2],
}

/// Makes one of `reports`, of which there is at least one.
///
/// Lists follow each other, numbers are summed up, and all else has to be the same. Entries of a list that have a name
/// are one for each name.
pub(super) fn join(reports: Vec<Report>) -> Result<Option<Joined>, ReportError> {
    let mut reports = reports.into_iter();
    let Some(Report { file: first, kind, shard, fields }) = reports.next() else { return Ok(None) };
    let mut seen = Seen::default();
    seen.take(&first, shard, &fields);
    let mut joined = fields;
    for Report { file, kind: other, shard, fields } in reports {
        if other != kind {
            let (kind, first_kind) = (other, kind);
            return Err(ReportError::Kinds { file, kind, first, first_kind });
        }
        if let (Some(shard), Some((known, known_in))) = (shard, seen.any_shard())
            && shard.count() != known.count()
        {
            let (first, count, first_count) = (known_in.to_owned(), shard.count(), known.count());
            return Err(ReportError::Counts { file, count, first, first_count });
        }
        seen.take(&file, shard, &fields);
        for (key, value) in fields {
            let unjoinable = |()| ReportError::Unjoinable {
                file: file.clone(),
                key: key.clone(),
                first: first.clone(),
            };
            match joined.get_mut(&key) {
                Some(known) => add_field(known, value).map_err(unjoinable)?,
                None => {
                    joined.insert(key, value);
                }
            }
        }
    }
    let count = seen.any_shard().map(|(shard, _)| shard.count());
    Ok(Some(Joined {
        kind,
        fields: joined,
        count,
        missing: count.map(|count| seen.missing(count)).unwrap_or_default(),
        twice: seen.twice,
    }))
}

/// Adds what another report has in the same field. A number of its own, as a version, is no sum.
fn add_field(known: &mut Value, value: Value) -> Result<(), ()> {
    match known {
        Value::Number(_) if *known != value => Err(()),
        Value::Number(_) => Ok(()),
        _ => add(known, value),
    }
}

fn add(known: &mut Value, value: Value) -> Result<(), ()> {
    match (known, value) {
        (Value::Array(known), Value::Array(more)) => {
            more.into_iter().try_for_each(|entry| add_entry(known, entry))
        }
        (Value::Object(known), Value::Object(more)) => {
            for (key, value) in more {
                match known.get_mut(&key) {
                    Some(known) => add(known, value)?,
                    None => {
                        known.insert(key, value);
                    }
                }
            }
            Ok(())
        }
        (Value::Number(known), Value::Number(more)) => {
            *known = match (known.as_u64(), more.as_u64()) {
                (Some(one), Some(other)) => one.saturating_add(other).into(),
                _ => {
                    let sum = known.as_f64().zip(more.as_f64()).map(|(one, other)| one + other);
                    sum.and_then(serde_json::Number::from_f64).ok_or(())?
                }
            };
            Ok(())
        }
        (known, more) if *known == more => Ok(()),
        _ => Err(()),
    }
}

/// Adds an entry to a list, or to the entry of the same name.
fn add_entry(list: &mut Vec<Value>, entry: Value) -> Result<(), ()> {
    let same = |name: &Value| list.iter().position(|known| known.get("name") == Some(name));
    match entry.get("name").and_then(same) {
        Some(at) => add(&mut list[at], entry),
        None => {
            list.push(entry);
            Ok(())
        }
    }
}

/// What was told, and in which file first.
#[derive(Default)]
struct Seen {
    shards: BTreeMap<usize, (Shard, String)>,
    entries: HashMap<String, String>,
    twice: Vec<Twice>,
}

impl Seen {
    fn take(&mut self, file: &str, shard: Option<Shard>, fields: &Map<String, Value>) {
        if let Some(shard) = shard {
            match self.shards.get(&shard.index()) {
                Some((_, first)) => {
                    let what = format!("shard {}", shard.in_words());
                    self.twice.push(Twice { what, files: [first.clone(), file.to_owned()] });
                }
                None => {
                    self.shards.insert(shard.index(), (shard, file.to_owned()));
                }
            }
        }
        for (list, entries) in fields {
            for what in
                entries.as_array().into_iter().flatten().filter_map(|entry| what(list, entry))
            {
                match self.entries.get(&what) {
                    Some(first) if first != file => {
                        let files = [first.clone(), file.to_owned()];
                        self.twice.push(Twice { what, files });
                    }
                    Some(_) => {}
                    None => {
                        self.entries.insert(what, file.to_owned());
                    }
                }
            }
        }
    }

    fn any_shard(&self) -> Option<(Shard, &str)> {
        self.shards.values().next().map(|(shard, file)| (*shard, file.as_str()))
    }

    fn missing(&self, count: ShardCount) -> Vec<Shard> {
        let gaps = (0..count.get()).filter(|index| !self.shards.contains_key(index));
        gaps.filter_map(|index| Shard::new(index as u64, count).ok()).collect()
    }
}

/// What an entry is about, if that is something that one shard alone sees to.
fn what(list: &str, entry: &Value) -> Option<String> {
    let text = |key: &str| entry.get(key)?.as_str().map(str::to_owned);
    match list {
        "images" => text("destination"),
        "deleted" => text("image"),
        "problems" => {
            let (place, kind, subject) = (text("place")?, text("kind")?, text("subject")?);
            let tag = entry.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default();
            Some(format!("{kind} {place}:{tag} {subject}"))
        }
        _ => None,
    }
}

impl Joined {
    /// The whole as one document.
    pub(super) fn value(&self) -> Value {
        let mut report = self.fields.clone();
        if let Some(count) = self.count {
            let missing: Vec<usize> = self.missing.iter().map(|shard| shard.index()).collect();
            report.insert("shards".to_owned(), json!({ "count": count, "missing": missing }));
        }
        if !self.twice.is_empty() {
            let twice = |Twice { what, files }: &Twice| json!({ "what": what, "files": files });
            let twice: Vec<Value> = self.twice.iter().map(twice).collect();
            report.insert("twice".to_owned(), twice.into());
        }
        report.into()
    }

    /// The entries of one of its lists.
    pub(super) fn entries(&self, list: &str) -> impl Iterator<Item = &Value> {
        self.fields.get(list).and_then(Value::as_array).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(reports: &[Value]) -> Result<Joined, String> {
        let read = |(number, report): (usize, &Value)| {
            Report::parse(&format!("{number}.json"), &report.to_string()).unwrap()
        };
        let reports = reports.iter().enumerate().map(read).collect();
        join(reports).map(Option::unwrap).map_err(|error| error.to_string())
    }

    fn image(name: &str) -> Value {
        json!({"destination": name, "outcome": "copied"})
    }

    fn shard(index: usize, mut report: Value) -> Value {
        report["shard"] = json!({ "index": index, "count": 3 });
        report
    }

    #[test]
    fn lists_follow_each_other_and_counts_are_sums() {
        let one = json!({"images": [image("a")], "deleted": [{"image": "x"}],
            "rules": [{"name": "r", "copied": 1}, {"name": "s", "copied": 5}], "counts": {"bytes": 3}});
        let two = json!({"images": [image("b")], "deleted": [],
            "rules": [{"name": "r", "copied": 2}], "counts": {"bytes": 4, "failed": 1}});
        let whole = joined(&[shard(0, one), shard(2, two)]).unwrap();
        assert_eq!(
            whole.value(),
            json!({
                "images": [image("a"), image("b")],
                "deleted": [{"image": "x"}],
                "rules": [{"name": "r", "copied": 3}, {"name": "s", "copied": 5}],
                "counts": {"bytes": 7, "failed": 1},
                "shards": {"count": 3, "missing": [1]},
            })
        );
        assert_eq!(whole.missing[0].to_string(), "1/3");
    }

    #[test]
    fn what_two_tell_of_is_noted() {
        let report = |names: [&str; 2]| json!({"images": names.map(image)});
        let whole = joined(&[
            shard(0, report(["a", "b"])),
            shard(0, report(["c", "c"])),
            shard(1, report(["b", "d"])),
            shard(2, report(["e", "f"])),
        ])
        .unwrap();
        let twice: Vec<(&str, [&str; 2])> = whole
            .twice
            .iter()
            .map(|Twice { what, files }| (what.as_str(), files.each_ref().map(String::as_str)))
            .collect();
        assert_eq!(
            twice,
            [("shard 1 of 3 (index 0)", ["0.json", "1.json"]), ("b", ["0.json", "2.json"])]
        );
        assert_eq!((whole.missing.len(), whole.entries("images").count()), (0, 8));
        assert_eq!(whole.value()["twice"][1]["what"], "b");
    }

    #[test]
    fn what_belongs_to_no_one_run_is_refused() {
        let mirror = || json!({"images": []});
        let verify = json!({"problems": [], "counts": {}});
        let told = joined(&[mirror(), verify]).unwrap_err();
        assert_eq!(
            told,
            "1.json is a report of verify, and 0.json is one of mirror: each kind is joined by itself"
        );
        let mut other = mirror();
        other["shard"] = json!({"index": 0, "count": 4});
        let told = joined(&[shard(0, mirror()), other]).unwrap_err();
        assert_eq!(told, "1.json is of 4 shards, and 0.json of 3: they are no parts of one run");
        let version = |version: u64| json!({"images": [], "version": version});
        let told = joined(&[version(1), version(2)]).unwrap_err();
        assert_eq!(told, "1.json: 'version' is not what it is in 0.json, and cannot be joined");
        assert_eq!(joined(&[version(1), version(1)]).unwrap().value()["version"], 1);
    }

    #[test]
    fn reports_without_shards_are_joined_as_they_are() {
        let whole = joined(&[json!({"images": [image("a")]}), json!({"images": []})]);
        assert_eq!(whole.unwrap().value(), json!({"images": [image("a")]}));
    }
}
