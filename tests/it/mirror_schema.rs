//! The JSON schema of mirror files says what the parser says.

use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use longshore::mirror::file::{FileError, MirrorFile};
use longshore::ops::FilesOnDisk;
use longshore::yaml;
use serde_json::{Value, json};

use crate::support::shell::Shell;

/// Documents that are mirror files.
const GOOD: &[&str] = &[
    "version: 1",
    "{version: 1, images: []}",
    "{version: 1, root: r.io}",
    "{version: 1, root: 'localhost:5000/a/b/'}",
    "{version: 1, root: 'bundle:/media/usb'}",
    "{version: 1, defaults: {}}",
    "{version: 1, defaults: {platforms: [linux/arm64/v8], referrers: false}}",
    "{version: 1, images: [q.io/a/b:v1, 'q.io/a:v1.*', q.io/a, 'docker://q.io:5000/a']}",
    "{version: 1, images: ['oci:dir:v1', 'docker-archive:a.tar', 'file://a/b:v1', '[::1]:5000/a:v1']}",
    "{version: 1, images: ['q.io/a@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']}",
    "{version: 1, images: [{source: q.io/a, tags: [v1, 'v2*', '!*-rc', latest], to: r.io/a}]}",
    "{version: 1, images: [{source: 'oci:dir', tags: ['*']}, {source: 'q.io:5000/a/b', tags: [v1]}]}",
    "{version: 1, images: [{source: 'q.io/a:v1', to: [r.io/a, 'oci:dir', 'bundle:usb'], platforms: []}]}",
    "{version: 1, registries: {}}",
    "{version: 1, registries: {'localhost:5000': {plain-http: true, insecure: false}, '[::1]:5000': {}}}",
    "{version: 1, registries: {q.io: {insecure: true, ca-file: ca.pem, cert-dir: certs, authfile: a.json}}}",
    "{version: 1, registries: {q.io: {limit-rate: 10MiB}, r.io: {limit-rate: 20kB}, s.io: {limit-rate: 5B}}}",
    "{version: 1, registries: {q.io: {limit-rate: 10M, max-per-host: 256, plain-http: false, ca-file: a}}}",
    "{version: 1, registries: {q.io: {listing: quay}, r.io: {listing: docker-hub}, s.io: {listing: distribution}}}",
    "{version: 1, registries: {q.io: {listing: quay, listing-url: 'https://Q.io:8443/a/b-c/'}}}",
    "{version: 1, registries: {q.io: {listing: docker-hub, listing-url: 'http://localhost:80'}}}",
    "{version: 1, registries: {q.io: {listing: quay, listing-url: 'http://[::1]/a', authfile: a}}}",
    "{version: 1, registries: {q.io: {listing: quay, listing-url: 'http://api.q.io', plain-http: true}}}",
];

/// Documents that are none.
const BAD: &[&str] = &[
    "[]",
    "{}",
    "{version: 2}",
    "{version: '1'}",
    "{version: 1, image: []}",
    "{version: 1, images: {}}",
    "{version: 1, images: null}",
    "{version: 1, images: [null]}",
    "{version: 1, images: [1]}",
    "{version: 1, images: [[q.io/a]]}",
    "{version: 1, images: [alpine]}",
    "{version: 1, images: ['alpine:3']}",
    "{version: 1, images: [q.io/A]}",
    "{version: 1, images: ['q.io/a*:v1']}",
    "{version: 1, images: [/tmp/x]}",
    "{version: 1, images: [{to: r.io/a}]}",
    "{version: 1, images: [{source: q.io/a, tag: v1}]}",
    "{version: 1, images: [{source: q.io/a, tags: []}]}",
    "{version: 1, images: [{source: q.io/a, tags: v1}]}",
    "{version: 1, images: [{source: q.io/a, tags: ['v 1']}]}",
    "{version: 1, images: [{source: q.io/a, tags: ['!']}]}",
    "{version: 1, images: [{source: q.io/a, tags: [1.0]}]}",
    "{version: 1, images: [{source: 'q.io/a:v1', tags: [v2]}]}",
    "{version: 1, images: [{source: 'oci:dir:v1', tags: [v2]}]}",
    "{version: 1, images: [{source: 'dir:a/b', tags: [v2]}]}",
    "{version: 1, images: [{source: q.io/a, to: []}]}",
    "{version: 1, images: [{source: q.io/a, to: b}]}",
    "{version: 1, images: [{source: q.io/a, to: {}}]}",
    "{version: 1, images: [{source: q.io/a, to: 'r.io/a:v*'}]}",
    "{version: 1, images: [{source: q.io/a, platforms: linux/amd64}]}",
    "{version: 1, images: [{source: q.io/a, platforms: [amd64]}]}",
    "{version: 1, root: mirror}",
    "{version: 1, root: 'dir:x'}",
    "{version: 1, root: 'r.io/a:v1'}",
    "{version: 1, root: [r.io]}",
    "{version: 1, defaults: []}",
    "{version: 1, defaults: {platform: []}}",
    "{version: 1, defaults: {platforms: linux/amd64}}",
    "{version: 1, defaults: {referrers: 'yes'}}",
    "{version: 1, include: common.yaml}",
    "{version: 1, include: ['*/x.yaml']}",
    "{version: 1, include: [teams/]}",
    "{version: 1, registries: []}",
    "{version: 1, registries: {a/b: {}}}",
    "{version: 1, registries: {q.io: null}}",
    "{version: 1, registries: {q.io: []}}",
    "{version: 1, registries: {q.io: {plain_http: true}}}",
    "{version: 1, registries: {q.io: {plain-http: 1}}}",
    "{version: 1, registries: {q.io: {plain-http: true, ca-file: ca.pem}}}",
    "{version: 1, registries: {q.io: {plain-http: true, insecure: true}}}",
    "{version: 1, registries: {q.io: {ca-file: ''}}}",
    "{version: 1, registries: {q.io: {limit-rate: 10iB}}}",
    "{version: 1, registries: {q.io: {limit-rate: 10mb}}}",
    "{version: 1, registries: {q.io: {limit-rate: 0k}}}",
    "{version: 1, registries: {q.io: {limit-rate: 100}}}",
    "{version: 1, registries: {q.io: {max-per-host: 0}}}",
    "{version: 1, registries: {q.io: {max-per-host: 257}}}",
    "{version: 1, registries: {q.io: {max-per-host: 1.5}}}",
    "{version: 1, registries: {q.io: {listing: hub}}}",
    "{version: 1, registries: {q.io: {listing: [quay]}}}",
    "{version: 1, registries: {q.io: {listing-url: 'https://api.q.io'}}}",
    "{version: 1, registries: {q.io: {listing: distribution, listing-url: 'https://api.q.io'}}}",
    "{version: 1, registries: {q.io: {listing: quay, listing-url: api.q.io}}}",
    "{version: 1, registries: {q.io: {listing: quay, listing-url: 'ftp://api.q.io'}}}",
    "{version: 1, registries: {q.io: {listing: quay, listing-url: 'https://ann:pw@api.q.io'}}}",
    "{version: 1, registries: {q.io: {listing: quay, listing-url: 'https://api.q.io/?a=b'}}}",
    "{version: 1, registries: {q.io: {listing: quay, listing-url: 'https://api.q.io/a/../b'}}}",
    "{version: 1, registries: {q.io: {listing: quay, listing-url: 'http://api.q.io'}}}",
    "{version: 1, registries: {q.io: {listing: quay, listing-url: 'http://localhost.evil.com', plain-http: false}}}",
];

fn read(text: &str) -> Result<MirrorFile, FileError> {
    MirrorFile::read(Path::new("m.yaml"), text, &FilesOnDisk)
}

/// The schema as it is printed.
fn printed() -> Value {
    serde_json::from_str(&Shell::new().ok(&["schema", "mirror"])).unwrap()
}

/// A validator that we did not write.
fn compiled(schema: Value) -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("schema.json", schema).unwrap();
    let index = compiler.compile("schema.json", &mut schemas).unwrap();
    (schemas, index)
}

#[test]
fn schema_and_parser_agree() {
    let (schemas, index) = compiled(printed());
    let documents =
        GOOD.iter().map(|text| (text, true)).chain(BAD.iter().map(|text| (text, false)));
    let mut otherwise = Vec::new();
    for (text, is_good) in documents {
        let document = yaml::read(text).unwrap();
        let valid = schemas.validate(&document, index).map_err(|error| error.to_string());
        let parsed = read(text).map_err(|error| error.to_string());
        if (valid.is_ok(), parsed.is_ok()) != (is_good, is_good) {
            otherwise.push(format!("{text}\n  schema: {valid:?}\n  parser: {:?}", parsed.err()));
        }
    }
    assert!(otherwise.is_empty(), "\n{}", otherwise.join("\n"));
}

#[test]
fn schema_and_parser_know_the_same_fields() {
    let schema = printed();
    for (pointer, document) in [
        ("/properties", json!({"version": 1, "zzz": 1})),
        ("/properties/defaults/properties", json!({"version": 1, "defaults": {"zzz": 1}})),
        ("/$defs/registry/properties", json!({"version": 1, "registries": {"q.io": {"zzz": 1}}})),
        ("/$defs/image/properties", json!({"version": 1, "images": [{"zzz": 1}]})),
    ] {
        let error = read(&document.to_string()).unwrap_err();
        let message = std::error::Error::source(&error).unwrap().to_string();
        let (_, expected) = message.split_once("expected ").unwrap();
        let mut known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        known.sort_unstable();
        let properties = schema.pointer(pointer).unwrap().as_object().unwrap();
        let mut described: Vec<&str> = properties.keys().map(String::as_str).collect();
        described.sort_unstable();
        assert_eq!(described, known, "{pointer}");
        for (name, property) in properties {
            let text = property.get("description").or(property.get("$ref"));
            assert!(text.is_some(), "{pointer}/{name} has no description");
        }
    }
}

#[test]
fn the_file_of_the_readme_is_one() {
    let (schemas, index) = compiled(printed());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/mirror/longshore.yaml");
    let document = yaml::read(&std::fs::read_to_string(path).unwrap()).unwrap();
    schemas.validate(&document, index).unwrap();
}
