//! The JSON schema of files of rules says what the parser says.

use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use longshore::tagsync::{RuleFile, RuleFileError};
use longshore::yaml;
use serde_json::{Value, json};

use crate::support::shell::Shell;

/// What rules may say besides a source and a target.
const GOOD: &[&str] = &[
    "",
    "name: tools",
    "name: 'Ü — of 2'",
    "tags: ['v*', '!*-rc*', '/^v[0-9]+$/', latest]",
    "tags: {}",
    "tags: {allow: [v1, 'v?.*', '/a|b/', 'x/y'], deny: []}",
    "tags: {deny: ['*']}",
    "tags: {semver: '>=1.2 <2', prerelease: true, newest: 5}",
    "tags: {semver: '>= v1.2, <2 || 3.x || ~1.4.2 || 1.2 - 1.4', prerelease: ordered}",
    "tags: {semver: '^1.2.3-rc.1+5', prerelease: false}",
    "tags: {semver: '*'}",
    "tags: {newest: {count: 3, by: created}}",
    "tags: {newest: {count: 3}}",
    "tags: {newest: {count: 1, by: name}, older-than: 12h, newer-than: 30d}",
    "tags: {older-than: 1y 6mo}",
    "tags: {newer-than: P1D}",
    "digests: []",
    "digests: ['sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']",
    "rename: 'mirror-{tag}'",
    "rename: '{major}.{minor}'",
    "rename: stable",
    "rename: []",
    "rename: [{match: 'v(.*)-(?P<os>ubi9)', to: '$1_${os}-$0$os'}]",
    "platforms: [linux/amd64, linux/arm64/v8]",
    "platforms: []",
    "referrers: true",
    "prune: 'off'",
    "prune: false",
    "prune: tags",
    "prune: {mode: report}",
    "prune: {mode: tags, protect: ['stable', '/v.*/'], max-delete: 0}",
    "backup: '{tag}-before-{date}'",
    "backup: 'b-{digest}.{year}{month}{day}{hour}{minute}{second}{time}'",
    "immutable: ['v*']",
    "immutable: []",
    "on-change: make -C /srv",
    "on-change: {command: x, timeout: 5m}",
    "on-change: {url: 'https://x.io/hook', timeout: 1h 30m, secret-file: key}",
    "schedule: 15m",
    "schedule: '@every 2h'",
    "schedule: '*/5 0-7,22 * jan mon-fri'",
    "schedule: '@daily', time-zone: Europe/Berlin",
    "schedule: CRON_TZ=America/Argentina/Buenos_Aires 0 3 * * *",
    "time-zone: UTC",
    "window: []",
    "window: [{from: '22:00', to: '6:00'}, {from: '0:00', to: '24:00', days: [mon-fri, Sunday], limit-rate: 20M}]",
    "recheck: 2w",
];

/// What they may not say.
const BAD: &[&str] = &[
    "name: ''",
    "name: ' x'",
    "name: 'x '",
    "name: 1",
    "tag: [v1]",
    "tags: v1",
    "tags: []",
    "tags: [1.0]",
    "tags: ['!']",
    "tags: ['v1|v2']",
    "tags: ['.*']",
    "tags: ['/v1']",
    "tags: ['//']",
    "tags: {allow: v1}",
    "tags: {allow: []}",
    "tags: {allowed: [v1]}",
    "tags: {semver: ''}",
    "tags: {semver: '>=1 ||'}",
    "tags: {semver: latest}",
    "tags: {semver: '!=1'}",
    "tags: {semver: 1.2}",
    "tags: {prerelease: all}",
    "tags: {newest: 0}",
    "tags: {newest: '5'}",
    "tags: {newest: {by: name}}",
    "tags: {newest: {count: 1, by: age}}",
    "tags: {newest: {count: 1, of: name}}",
    "tags: {older-than: 30}",
    "tags: {older-than: '30'}",
    "tags: {older-than: 0d}",
    "tags: {newer-than: soon}",
    "repositories: ['*']",
    "repositories: {allow: ['*']}",
    "digests: [latest]",
    "digests: ['sha256:abc']",
    "rename: ''",
    "rename: 'a b'",
    "rename: '{day}'",
    "rename: {match: a, to: b}",
    "rename: [{match: a}]",
    "rename: [{match: a, to: 'b/c'}]",
    "platforms: linux/amd64",
    "platforms: [amd64]",
    "referrers: 'yes'",
    "prune: true",
    "prune: all",
    "prune: {protect: [a]}",
    "prune: {mode: tags, max-delete: -1}",
    "prune: {mode: tags, max: 1}",
    "backup: '{tag}'",
    "backup: old",
    "backup: '-{tag}'",
    "backup: '{tag}:{date}'",
    "immutable: 'v*'",
    "on-change: ''",
    "on-change: {}",
    "on-change: {timeout: 5m}",
    "on-change: {command: x, timeout: 5}",
    "on-change: {command: x, secret-file: key}",
    "on-change: {url: x.io}",
    "on-change: [x]",
    "schedule: 15",
    "schedule: ''",
    "schedule: soon",
    "schedule: '* * * *'",
    "schedule: '@often'",
    "time-zone: ''",
    "window: {from: '1:00', to: '2:00'}",
    "window: [{from: '1:00'}]",
    "window: [{from: '25:00', to: '2:00'}]",
    "window: [{from: '24:00', to: '2:00'}]",
    "window: [{from: '1:00', to: '2:00', days: []}]",
    "window: [{from: '1:00', to: '2:00', days: [someday]}]",
    "window: [{from: '1:00', to: '2:00', limit-rate: 20}]",
    "recheck: 1",
];

/// What a schema cannot judge.
const BEYOND: &[&str] = &[
    "tags: ['/(/']",
    "tags: {semver: '99999999999999999999'}",
    "tags: {older-than: 30d, newer-than: 1d}",
    "rename: [{match: '(', to: a}]",
    "rename: [{match: a, to: $1}]",
    "schedule: 1s",
    "schedule: '61 * * * *'",
    "schedule: '0 0 30 2 *'",
    "schedule: 'CRON_TZ=Mars 0 3 * * *'",
    "time-zone: Europe/Atlantis",
    "window: [{from: '1:00', to: '1:00'}]",
];

/// Whole rules that are good.
const GOOD_RULES: &[&str] = &[
    "{source: q.io/org/app, to: [r.io/app, 's.io:5000/app', 'oci:dir', 'file://a/b']}",
    "{source: 'docker://q.io/app', to: 'docker://r.io/app'}",
    "{source: 'q.io/app:v1', to: r.io/app, rename: stable, referrers: false}",
    "{source: 'oci:dir/sub:v1', to: r.io/app}",
    "{source: 'file://team/app', to: 'localhost/app'}",
    "{source: q.io/app, to: r.io/mirror/}",
    "{source: q.io/app, to: r.io}",
    "{source: q.io/org/, to: r.io/org/}",
    "{source: 'q.io/org/*', to: r.io/org}",
    "{source: q.io, to: 'localhost:5000/', repositories: ['app*', '!*-test']}",
    "{source: '[::1]:5000/', to: ['r.io/', 's.io/x/'], repositories: {allow: ['/a.*/'], deny: [b]}, tags: [v1]}",
];

/// Whole rules that are not.
const BAD_RULES: &[&str] = &[
    "{}",
    "[]",
    "q.io/app",
    "{source: q.io/app}",
    "{to: r.io/app}",
    "{source: q.io/app, to: []}",
    "{source: q.io/app, to: {}}",
    "{source: q.io/app, to: [r.io/a, r.io/a]}",
    "{source: app, to: r.io/app}",
    "{source: q.io/App, to: r.io/app}",
    "{source: 'q.io/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', to: r.io/app}",
    "{source: 'dir:x', to: r.io/app}",
    "{source: 'bundle:x', to: r.io/app}",
    "{source: 'oci-archive:x.tar', to: r.io/app}",
    "{source: 'q.io/a*', to: r.io/app}",
    "{source: q.io/app, to: 'r.io/app:v1'}",
    "{source: q.io/app, to: 'oci:dir:v1'}",
    "{source: q.io/app, to: app}",
    "{source: q.io/app, to: 'dir:x'}",
    "{source: 'q.io/app:v1', to: r.io/app, tags: [v1]}",
    "{source: 'oci:dir:v1', to: r.io/app, tags: [v1]}",
    "{source: 'q.io/app:v1', to: r.io/app, repositories: ['*']}",
    "{source: q.io/org/, to: 'oci:dir'}",
    "{source: q.io/org/, to: [r.io/a/, 'oci:dir']}",
    "{source: q.io/org/, to: r.io/org/, repositories: []}",
    "{source: q.io/org/, to: r.io/org/, repositories: {allow: []}}",
    "{source: q.io/org/, to: r.io/org/, repositories: {only: [a]}}",
    "{source: q.io/org/, to: r.io/org/, digests: ['sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']}",
];

/// Whole files that are good.
const GOOD_FILES: &[&str] = &[
    "{version: 1, rules: [{source: q.io/a, to: r.io/a}]}",
    "{version: 1, defaults: {}, registries: {}, rules: [{source: q.io/a, to: r.io/a}]}",
    "{version: 1, defaults: {platforms: [linux/amd64], referrers: true, prune: report, backup: 'b-{tag}', immutable: [v1], on-change: x, schedule: 1h, time-zone: UTC, window: [], recheck: 1h}, rules: [{source: q.io/a, to: r.io/a}]}",
    "{version: 1, registries: {'localhost:5000': {plain-http: true, max-per-host: 2}, q.io: {listing: quay, listing-url: 'https://api.q.io', ca-file: a, cert-dir: b, authfile: c, insecure: true, limit-rate: 10M}}, rules: [{source: q.io/a, to: r.io/a}]}",
];

/// Whole files that are not.
const BAD_FILES: &[&str] = &[
    "[]",
    "{}",
    "{version: 1}",
    "{version: 1, rules: []}",
    "{version: 1, rules: {}}",
    "{version: 2, rules: [{source: q.io/a, to: r.io/a}]}",
    "{version: '1', rules: [{source: q.io/a, to: r.io/a}]}",
    "{rules: [{source: q.io/a, to: r.io/a}]}",
    "{version: 1, rule: [], rules: [{source: q.io/a, to: r.io/a}]}",
    "{version: 1, rules: [null]}",
    "{version: 1, defaults: {tags: [v1]}, rules: [{source: q.io/a, to: r.io/a}]}",
    "{version: 1, defaults: [], rules: [{source: q.io/a, to: r.io/a}]}",
    "{version: 1, defaults: {schedule: soon}, rules: [{source: q.io/a, to: r.io/a}]}",
    "{version: 1, defaults: {on-change: {}}, rules: [{source: q.io/a, to: r.io/a}]}",
    "{version: 1, registries: {a/b: {}}, rules: [{source: q.io/a, to: r.io/a}]}",
    "{version: 1, registries: {q.io: {plain-http: true, insecure: true}}, rules: [{source: q.io/a, to: r.io/a}]}",
    "{version: 1, registries: {q.io: {listing-url: 'https://api.q.io'}}, rules: [{source: q.io/a, to: r.io/a}]}",
];

fn read(text: &str) -> Result<RuleFile, RuleFileError> {
    RuleFile::read(Path::new("tag-sync.yaml"), text)
}

/// The schema as it is printed.
fn printed() -> Value {
    serde_json::from_str(&Shell::new().ok(&["schema", "tag-sync"])).unwrap()
}

/// A validator that we did not write.
fn compiled(schema: Value) -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("schema.json", schema).unwrap();
    let index = compiler.compile("schema.json", &mut schemas).unwrap();
    (schemas, index)
}

fn with_rule(rule: &str) -> String {
    format!("{{version: 1, rules: [{rule}]}}")
}

/// A file with one rule that says this besides.
fn with(fields: &str) -> String {
    with_rule(&format!("{{source: q.io/a, to: r.io/a, {fields}}}"))
}

/// All files, and whether schema and parser take them.
fn documents() -> Vec<(String, (bool, bool))> {
    let fields = |list: &[&str], taken| {
        list.iter().map(move |fields| (with(fields), taken)).collect::<Vec<_>>()
    };
    let rules = |list: &[&str], taken| {
        list.iter().map(move |rule| (with_rule(rule), taken)).collect::<Vec<_>>()
    };
    let files = |list: &[&str], taken| {
        list.iter().map(move |text| ((*text).to_owned(), taken)).collect::<Vec<_>>()
    };
    [
        fields(GOOD, (true, true)),
        fields(BAD, (false, false)),
        fields(BEYOND, (true, false)),
        rules(GOOD_RULES, (true, true)),
        rules(BAD_RULES, (false, false)),
        rules(&["{source: q.io/a, to: q.io/a}", "{source: q.io/a/, to: q.io/a}"], (true, false)),
        files(GOOD_FILES, (true, true)),
        files(BAD_FILES, (false, false)),
    ]
    .concat()
}

#[test]
fn schema_and_parser_agree() {
    let (schemas, index) = compiled(printed());
    let mut otherwise = Vec::new();
    for (text, expected) in documents() {
        let document = yaml::read(&text).unwrap();
        let valid = schemas.validate(&document, index).map_err(|error| error.to_string());
        let parsed = read(&text).map_err(|error| error.to_string());
        if (valid.is_ok(), parsed.is_ok()) != expected {
            otherwise.push(format!("{text}\n  schema: {valid:?}\n  parser: {:?}", parsed.err()));
        }
    }
    assert!(otherwise.is_empty(), "\n{}", otherwise.join("\n"));
}

#[test]
fn schema_and_parser_know_the_same_fields() {
    let schema = printed();
    let rule = |rule: Value| json!({"version": 1, "rules": [rule]});
    let base =
        |key: &str, value: Value| rule(json!({"source": "q.io/a", "to": "r.io/a", key: value}));
    let zzz = || json!({"zzz": 1});
    for (pointer, document) in [
        ("/properties", json!({"version": 1, "zzz": 1})),
        ("/properties/defaults/properties", json!({"version": 1, "defaults": {"zzz": 1}})),
        ("/$defs/registry/properties", json!({"version": 1, "registries": {"q.io": {"zzz": 1}}})),
        ("/$defs/rule/properties", rule(zzz())),
        ("/$defs/rule/properties/repositories/anyOf/1/properties", base("repositories", zzz())),
        ("/$defs/tags/properties", base("tags", zzz())),
        (
            "/$defs/tags/properties/newest/anyOf/1/properties",
            base("tags", json!({"newest": zzz()})),
        ),
        ("/$defs/rule/properties/rename/anyOf/1/items/properties", base("rename", json!([zzz()]))),
        ("/$defs/prune/anyOf/1/properties", base("prune", zzz())),
        ("/$defs/on-change/anyOf/1/properties", base("on-change", zzz())),
        ("/$defs/window/items/properties", base("window", json!([zzz()]))),
    ] {
        let error = read(&document.to_string()).unwrap_err();
        let message = std::error::Error::source(&error).unwrap().to_string();
        let properties = schema.pointer(pointer).unwrap().as_object().unwrap();
        let mut described: Vec<&str> = properties.keys().map(String::as_str).collect();
        // What is long is cut off.
        let (_, expected) = message.split_once("expected ").unwrap();
        let is_cut = expected.ends_with('…');
        let mut known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        if is_cut {
            known.pop();
            assert!(known.iter().all(|key| described.contains(key)), "{pointer}: {known:?}");
        } else {
            known.sort_unstable();
            described.sort_unstable();
            assert_eq!(described, known, "{pointer}");
        }
    }
}

#[test]
fn all_that_can_be_said_is_described() {
    fn look(path: &str, value: &Value, without: &mut Vec<String>) {
        for (key, child) in value.as_object().into_iter().flatten() {
            let at = format!("{path}/{key}");
            let is_condition =
                ["if", "then", "else", "dependentSchemas", "allOf"].contains(&key.as_str());
            if key == "properties" && !is_condition {
                for (name, property) in child.as_object().unwrap() {
                    let text = property.get("description").or(property.get("$ref"));
                    if text.is_none() {
                        without.push(format!("{at}/{name}"));
                    }
                }
            }
            if !is_condition {
                look(&at, child, without);
            }
        }
        for (index, child) in value.as_array().into_iter().flatten().enumerate() {
            look(&format!("{path}/{index}"), child, without);
        }
    }
    let mut without = Vec::new();
    look("", &printed(), &mut without);
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn all_that_can_be_said_is_in_a_document_here() {
    fn names(value: &Value, found: &mut Vec<String>) {
        for (key, child) in value.as_object().into_iter().flatten() {
            if key == "properties" {
                found.extend(child.as_object().unwrap().keys().cloned());
            }
            names(child, found);
        }
        value.as_array().into_iter().flatten().for_each(|child| names(child, found));
    }
    let mut found = Vec::new();
    names(&printed(), &mut found);
    let good: String = documents()
        .into_iter()
        .filter(|(_, taken)| *taken == (true, true))
        .map(|(text, _)| text)
        .collect();
    let missing: Vec<&String> =
        found.iter().filter(|name| !good.contains(&format!("{name}: "))).collect();
    assert!(missing.is_empty() && found.len() > 50, "{missing:?}");
}

#[test]
fn registries_are_described_as_in_mirror_files() {
    let of_mirrors: Value = serde_json::from_str(&Shell::new().ok(&["schema", "mirror"])).unwrap();
    for pointer in ["/properties/registries", "/$defs/registry"] {
        assert_eq!(printed().pointer(pointer), of_mirrors.pointer(pointer));
    }
}

#[test]
fn the_file_of_the_readme_is_one() {
    let (schemas, index) = compiled(printed());
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, rest) = readme.split_once("# tag-sync.yaml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    schemas.validate(&yaml::read(text).unwrap(), index).unwrap();
    assert_eq!(read(text).unwrap().rules.len(), 2);
}
