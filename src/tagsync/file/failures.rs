//! Rules for just what failed, in a form that is read again. Pure.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::RuleFile;
use crate::model::Endpoint;
use crate::yaml;

/// What such a file begins with, by which it is told from what someone else wrote.
const HEADING: &str = "# What failed, as longshore keeps it for tag-sync run\n";

/// What of a rule is not for a part of what it selects.
const OF_THE_WHOLE: [&str; 5] = ["tags", "repositories", "prune", "schedule", "digests"];

/// Whether a text is what [`rules_of_failures`] makes.
#[must_use]
pub fn is_list_of_failures(text: &str) -> bool {
    text.starts_with(HEADING)
}

/// The text of a file with the rules of `file` that failed, by their numbers: each for just the images or repositories that
/// are named; as it is where none is.
#[must_use]
pub fn rules_of_failures(file: &RuleFile, failed: &BTreeMap<usize, Vec<Endpoint>>) -> String {
    let mut rules = Vec::new();
    for (number, images) in failed {
        let written = &file.document["rules"][*number];
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for image in images {
            let names = places.entry(image.without_name().to_string()).or_default();
            names.extend(image.name().map(|name| name.to_string()));
        }
        if places.is_empty() || images.is_empty() {
            rules.push(written.clone());
            continue;
        }
        for (place, mut names) in places {
            names.sort();
            names.dedup();
            rules.push(part(file, *number, &place, &names));
        }
    }
    let mut document = file.document.clone();
    document["rules"] = Value::Array(rules);
    format!("{HEADING}{}", yaml::write(&document))
}

/// A rule for some tags of one repository; for all that it selects where none is named.
fn part(file: &RuleFile, number: usize, place: &str, names: &[String]) -> Value {
    let mut rule = file.document["rules"][number].as_object().cloned().unwrap_or_default();
    let all = rule.get("tags").cloned();
    for key in OF_THE_WHOLE {
        rule.shift_remove(key);
    }
    let name = format!("{} ({place})", file.rules[number].name);
    let name: String = name.chars().take(100).collect();
    let targets: Vec<String> = file.rules[number].places_of(place);
    let mut part = Map::new();
    part.insert("name".to_owned(), name.into());
    part.insert("source".to_owned(), place.into());
    part.insert("to".to_owned(), targets.into());
    rule.retain(|key, _| !part.contains_key(key));
    part.extend(rule);
    match (names, all) {
        ([], Some(all)) => part.insert("tags".to_owned(), all),
        ([], None) => None,
        (names, _) => part.insert("tags".to_owned(), json!({ "allow": names })),
    };
    Value::Object(part)
}
