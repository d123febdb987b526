//! Rules for just what failed, in a form that is read again. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::RuleFile;
use crate::model::Endpoint;
use crate::tagsync::Source;
use crate::yaml;

/// What such a file begins with, by which it is told from what someone else wrote.
const HEADING: &str = "# What failed, as longshore keeps it for tag-sync run\n";

/// The most characters of a rule's name.
const MAX_NAME: usize = 100;

/// What of a rule is not for a part of what it selects.
const OF_THE_WHOLE: [&str; 5] = ["tags", "repositories", "prune", "schedule", "digests"];

/// Whether a text is what [`rules_of_failures`] makes.
#[must_use]
pub fn is_list_of_failures(text: &str) -> bool {
    text.starts_with(HEADING)
}

/// The text of a file with the rules of `file` that failed, by their numbers: each for just the images or repositories that
/// are named; as it is where none is. It has no logins.
#[must_use]
pub fn rules_of_failures(file: &RuleFile, failed: &BTreeMap<usize, Vec<Endpoint>>) -> String {
    let mut rules = Vec::new();
    for (number, images) in failed {
        let is_one = matches!(file.rules[*number].source, Source::Image(..));
        if images.is_empty() || is_one {
            let mut whole = file.document["rules"][*number].clone();
            whole["prune"] = "off".into();
            rules.push(whole);
            continue;
        }
        let mut places: BTreeMap<String, Failed> = BTreeMap::new();
        for image in images {
            places.entry(image.without_name().to_string()).or_default().add(image);
        }
        for (count, (place, failed)) in places.iter().enumerate() {
            let name = name(&file.rules[*number].name, place, count + 1);
            rules.push(part(file, *number, name, place, failed));
        }
    }
    let mut document = file.document.clone();
    document["rules"] = Value::Array(rules);
    absolute(&mut document, &file.folder);
    format!("{HEADING}{}{}", remark(file), yaml::write(&document))
}

/// What has to be done before such a file is run.
fn remark(file: &RuleFile) -> String {
    let logins = file.reach.iter().filter(|(_, reach)| reach.login.is_some());
    let logins = logins.map(|(registry, _)| {
        format!("# The login for {registry} is not here: longshore login {registry}\n")
    });
    logins.collect()
}

/// What failed of one repository.
#[derive(Default)]
struct Failed {
    tags: BTreeSet<String>,
    digests: BTreeSet<String>,
    /// Whether it is not known what.
    is_all: bool,
}

impl Failed {
    fn add(&mut self, image: &Endpoint) {
        match (image.name(), image.digest()) {
            (Some(name), _) => drop(self.tags.insert(name.to_string())),
            (None, Some(digest)) => drop(self.digests.insert(digest.to_string())),
            (None, None) => self.is_all = true,
        }
    }
}

/// What such a rule is called: names have a bound, and are unique.
fn name(rule: &str, place: &str, count: usize) -> String {
    let name = format!("{rule} ({place})");
    if name.chars().count() <= MAX_NAME {
        return name;
    }
    let rule: String = rule.chars().take(MAX_NAME - 20).collect();
    format!("{} #{count}", rule.trim_end())
}

/// A rule for what failed of one repository.
fn part(file: &RuleFile, number: usize, name: String, place: &str, failed: &Failed) -> Value {
    let mut rule = file.document["rules"][number].as_object().cloned().unwrap_or_default();
    let all = ["tags", "digests"].map(|key| rule.get(key).cloned());
    for key in OF_THE_WHOLE {
        rule.shift_remove(key);
    }
    let targets: Vec<String> = file.rules[number].places_of(place);
    let mut part = Map::new();
    part.insert("name".to_owned(), name.into());
    part.insert("source".to_owned(), place.into());
    part.insert("to".to_owned(), targets.into());
    rule.retain(|key, _| !part.contains_key(key));
    part.extend(rule);
    // Without the other rules, and the other tags, nobody knows what is not wanted.
    part.insert("prune".to_owned(), "off".into());
    let Failed { tags, digests, is_all } = failed;
    let [tags, digests] = match (is_all, tags.is_empty()) {
        (true, _) => all,
        (false, true) => [Some(json!({ "deny": ["*"] })), Some(json!(digests))],
        (false, false) => [Some(json!({ "allow": tags })), Some(json!(digests))],
    };
    part.extend(tags.map(|tags| ("tags".to_owned(), tags)));
    part.extend(digests.filter(|list| *list != json!([])).map(|list| ("digests".to_owned(), list)));
    Value::Object(part)
}

/// Makes paths lead to the same files wherever the document is.
fn absolute(document: &mut Value, folder: &Path) {
    const PATHS: [&str; 4] = ["ca-file", "cert-dir", "authfile", "secret-file"];
    match document {
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                match value.as_str().filter(|_| PATHS.contains(&key.as_str())) {
                    Some(path) => *value = folder.join(path).display().to_string().into(),
                    None => absolute(value, folder),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| absolute(item, folder)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0000000000000000000000000000000011111111111111111111111111111111";

    const RULES: &str = "\
version: 1
registries: {q.io: {max-per-host: 2}}
rules:
- {source: q.io/org/, to: r.io/org/, repositories: ['*'], tags: ['v*'], prune: tags, schedule: 1h, backup: 'b-{tag}'}
- {source: 'q.io/a:v1', to: r.io/a, rename: stable}
- source: q.io/b
  to: [r.io/b, s.io/b]
  digests: ['sha256:0000000000000000000000000000000011111111111111111111111111111111']
";

    fn failed(file: &RuleFile, failed: &[(usize, &[&str])]) -> Value {
        let endpoints =
            |images: &[&str]| images.iter().map(|image| image.parse().unwrap()).collect();
        let failed = failed.iter().map(|(number, images)| (*number, endpoints(images))).collect();
        let text = rules_of_failures(file, &failed);
        assert!(is_list_of_failures(&text) && !is_list_of_failures(&text[1..]));
        let read = RuleFile::read(Path::new("failed.yaml"), &text);
        let read = read.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!(read.document["registries"], file.document["registries"]);
        read.document["rules"].clone()
    }

    fn off(file: &RuleFile, number: usize) -> Value {
        let mut rule = file.document["rules"][number].clone();
        rule["prune"] = "off".into();
        rule
    }

    #[test]
    fn what_failed_is_a_file_of_rules() {
        let file = RuleFile::read(Path::new("r.yaml"), RULES).unwrap();
        let at = format!("q.io/b@{DIGEST}");
        let tagged = format!("q.io/b:v3@{DIGEST}");
        for (given, expected) in [
            (
                (0, &["q.io/org/x:v1", "q.io/org/x:v2", "q.io/org/y:v1"][..]),
                json!([
                    {"name": "q.io/org/ (q.io/org/x)", "source": "q.io/org/x", "to": ["r.io/org/x"], "backup": "b-{tag}", "prune": "off", "tags": {"allow": ["v1", "v2"]}},
                    {"name": "q.io/org/ (q.io/org/y)", "source": "q.io/org/y", "to": ["r.io/org/y"], "backup": "b-{tag}", "prune": "off", "tags": {"allow": ["v1"]}},
                ]),
            ),
            ((0, &[]), json!([off(&file, 0)])),
            (
                (0, &["q.io/org/x"]),
                json!([{"name": "q.io/org/ (q.io/org/x)", "source": "q.io/org/x", "to": ["r.io/org/x"], "backup": "b-{tag}", "prune": "off", "tags": ["v*"]}]),
            ),
            ((1, &["q.io/a:v1"]), json!([off(&file, 1)])),
            (
                (2, &[at.as_str()]),
                json!([{"name": "q.io/b (q.io/b)", "source": "q.io/b", "to": ["r.io/b", "s.io/b"], "prune": "off", "tags": {"deny": ["*"]}, "digests": [DIGEST]}]),
            ),
            (
                (2, &[at.as_str(), tagged.as_str()]),
                json!([{"name": "q.io/b (q.io/b)", "source": "q.io/b", "to": ["r.io/b", "s.io/b"], "prune": "off", "tags": {"allow": ["v3"]}, "digests": [DIGEST]}]),
            ),
            (
                (2, &["q.io/b"]),
                json!([{"name": "q.io/b (q.io/b)", "source": "q.io/b", "to": ["r.io/b", "s.io/b"], "prune": "off", "digests": [DIGEST]}]),
            ),
        ] {
            assert_eq!(failed(&file, &[given]), expected, "{given:?}");
        }
    }

    #[test]
    fn logins_of_files_of_other_tools_are_not_written() {
        struct Nothing;
        impl crate::tagsync::Surroundings for Nothing {
            fn variable(&self, _: &str) -> Option<String> {
                None
            }
            fn file(&self, _: &Path) -> std::io::Result<String> {
                Err(std::io::ErrorKind::NotFound.into())
            }
        }
        let text = "creds: [{registry: q.io, tls: insecure, user: me, pass: hunter2}]\nsync:\n- {source: q.io/a, target: r.io/a, type: repository, interval: 1h, tags: {semverRange: ['^1.2']}}\n- {source: 'q.io/b:v1', target: 'r.io/b:v2', type: image, interval: 1h}\n";
        let file = RuleFile::regsync(Path::new("regsync.yml"), text, &Nothing).unwrap();
        let whole = failed(&file, &[(0, &[]), (1, &["q.io/b:v1"])]);
        assert_eq!(whole, json!([off(&file, 0), off(&file, 1)]));
        assert_eq!(
            failed(&file, &[(0, &["q.io/a:1.2.3"])])[0]["tags"],
            json!({"allow": ["1.2.3"]})
        );
        let text = rules_of_failures(&file, &[(0, Vec::new())].into());
        assert!(
            text.contains("# The login for q.io is not here: longshore login q.io\n"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
}
