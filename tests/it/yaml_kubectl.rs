//! What is printed is what `kubectl` prints, and reads: `fixtures/kubectl/words.yaml` is what came of
//! `kubectl annotate --local --overwrite -f words.yaml a=1 -o yaml` with this object.

use serde_json::{Map, Value, json};

const WORDS: [&str; 52] = [
    "",
    "~",
    "null",
    "yes",
    "y",
    "on",
    "True",
    "1",
    "1.0",
    "1.2.3",
    "0x1f",
    "0o17",
    "017",
    "1_000",
    "12:30:45",
    "2026-11-24",
    "2026-11-24T10:00:00Z",
    "2001-1-1",
    "a: b",
    "a #b",
    "#a",
    "it's",
    "\"q\"",
    "-",
    "- a",
    "-a",
    "?a",
    ":a",
    "a:",
    "@a",
    "%a",
    "{a",
    "a]",
    "*a",
    "&a",
    "!a",
    "|",
    " a",
    "a ",
    "a\nb",
    "a\nb\n",
    "a\n\n",
    "a\tb",
    "a\r\nb",
    "a\n  b\n",
    "é",
    "--- a",
    "1e3",
    ".5",
    "+1",
    ".inf",
    "q.io/team/app:v1",
];

#[test]
fn strings_are_quoted_as_kubectl_does() {
    let data: Map<String, Value> = WORDS
        .iter()
        .enumerate()
        .map(|(i, word)| (format!("k{i:02}"), Value::from(*word)))
        .collect();
    let object = json!({
        "apiVersion": "v1", "data": data, "kind": "ConfigMap",
        "metadata": {"annotations": {"a": "1"}, "finalizers": ["b", "c"], "name": "words"},
    });
    let recorded = include_str!("../../fixtures/kubectl/words.yaml");
    assert_eq!(longshore::yaml::write(&object), recorded);
    assert_eq!(longshore::yaml::read(recorded), Ok(object));
}
