use std::io;
use std::path::PathBuf;

use super::*;
use crate::model::PlatformFilter;

/// Where no other file is.
struct Nowhere;

impl Files for Nowhere {
    fn read(&self, _: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn names(&self, _: &Path) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn identity(&self, _: &Path) -> io::Result<PathBuf> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn read(path: &str, text: &str) -> Result<MirrorFile, FileError> {
    MirrorFile::read(Path::new(path), text, &Nowhere)
}

fn lines(text: &str, root: Option<&str>) -> Result<Vec<String>, FileError> {
    let root = root.map(|root| root.parse().unwrap());
    let lines = read("m.yaml", text)?.lines(root.as_ref())?;
    Ok(lines.iter().map(shown).collect())
}

fn shown(line: &Line) -> String {
    let to: Vec<String> = line.destinations.iter().map(ToString::to_string).collect();
    let platforms: Vec<String> = line.platforms.iter().map(PlatformFilter::to_string).collect();
    format!("{} -> {} [{}]", line.source, to.join(" + "), platforms.join(" "))
}

/// An error with its causes.
fn refused(text: &str) -> String {
    match lines(text, None) {
        Ok(lines) => panic!("{text}\n{lines:?}"),
        Err(error) => crate::mirror::parsed::chain(&error),
    }
}

#[test]
fn images_go_where_they_are_told_to() {
    let digest = crate::model::Digest::of(b"");
    let text = format!(
        "version: 1
root: r.io/ns
defaults:
  platforms: [linux/amd64, linux/arm64]
images:
- q.io/org/app:v1
- q.io/org/app@{digest}
- q.io/org/all
- q.io/org/some:v1.*
- source: q.io/a
  tags: [v1, 'v2.*', '!*-rc', '!v2.0*']
  to: [r.io/b, 'bundle:usb']
  platforms: [windows/amd64]
- source: q.io/a
  tags: ['!*-rc']
  to: oci:dir
  platforms: []
- {{source: oci:images/app:v3, to: s.io/x:v4}}
- oci:images/other:v3
"
    );
    let pair = "[linux/amd64 linux/arm64]";
    assert_eq!(
        lines(&text, None).unwrap(),
        [
            format!("q.io/org/app:v1 -> r.io/ns/org/app:v1 {pair}"),
            format!(
                "q.io/org/app@{digest} -> r.io/ns/org/app:image-{} {pair}",
                digest.to_string().trim_start_matches("sha256:")
            ),
            format!("q.io/org/all:* -> r.io/ns/org/all {pair}"),
            format!("q.io/org/some:v1.* -> r.io/ns/org/some {pair}"),
            "q.io/a:v1 -> r.io/b + bundle:usb [windows/amd64]".to_owned(),
            "q.io/a:v2.* without *-rc, v2.0* -> r.io/b + bundle:usb [windows/amd64]".to_owned(),
            "q.io/a:* without *-rc -> oci:dir []".to_owned(),
            format!("oci:images/app:v3 -> s.io/x:v4 {pair}"),
            format!("oci:images/other:v3 -> r.io/ns/images/other:v3 {pair}"),
        ]
    );
    let elsewhere = lines(&text, Some("bundle:usb")).unwrap();
    assert!(elsewhere[0].contains(" -> bundle:usb:org/app:v1 "), "{elsewhere:?}");
    assert!(elsewhere[2].contains(" -> bundle:usb:org/all "), "{elsewhere:?}");
    assert!(elsewhere[7].contains(" -> s.io/x:v4 "), "{elsewhere:?}");
}

#[test]
fn images_have_whole_names_in_a_layout() {
    let text =
        "{version: 1, images: [q.io/org/one:v1, q.io/org/all, {source: q.io/a, to: 'oci:own'}]}";
    let file = read("m.yaml", text).unwrap();
    let lines = file.lines(Some(&"oci:dir".parse().unwrap())).unwrap();
    let destination =
        |line: &Line, image: &str| line.mapping(image.parse().unwrap()).destinations[0].to_string();
    assert_eq!(destination(&lines[0], "q.io/org/one:v1"), "oci:dir:org/one:v1");
    assert_eq!(destination(&lines[1], "q.io/org/all:v2"), "oci:dir:org/all:v2");
    assert_eq!(destination(&lines[2], "q.io/a:v2"), "oci:own");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let list = |items: &str| format!("version: 1\nroot: r.io\nimages:\n{items}\n");
    let of = |registry: &str| format!("version: 1\nregistries:\n  {registry}\n");
    let table: Vec<(String, &str)> = vec![
        ("".into(), "m.yaml:1:1: version is missing where 1 belongs"),
        ("images: []".into(), "m.yaml:1:1: version is missing where 1 belongs"),
        ("images: []\nversion: 2".into(), "m.yaml:2:10: version is 2 where 1 belongs"),
        ("version: '1'".into(), "m.yaml:1:10: version is \"1\" where 1 belongs"),
        ("version: 1\nversion: 1".into(), "m.yaml:2:1: not a mirror file that can be read: "),
        ("- a\n- b".into(), "invalid type: list, expected a mapping"),
        (
            "version: 1\ndefaults: []".into(),
            "m.yaml:2:11: not a mirror file that can be read: defaults: invalid type: list",
        ),
        (
            of("a/b: {}"),
            "m.yaml:3:3: a registry is named by its host, as in quay.io or localhost:5000: ",
        ),
        (
            of("docker.io: {}\n  index.docker.io: {}"),
            "m.yaml:4:3: 'index.docker.io' is docker.io, which is there already",
        ),
        (of("a.io:"), "m.yaml:3:3: registries.a.io has no value"),
        (
            of("a.io: []"),
            "m.yaml:3:9: not a mirror file that can be read: registries.a.io: invalid type: list, expected a mapping",
        ),
        (
            of("a.io: {plain_http: true}"),
            "m.yaml:3:10: not a mirror file that can be read: registries.a.io.plain_http: unknown field `plain_http`: `plain-http` may be meant, expected one of `plain-http`, `insecure`, `ca-file`, `cert-dir`, `authfile`, `limit-rate`, `max-per-host`, `listing`, `listing-url`",
        ),
        (
            of("a.io: {plain-http: 1}"),
            "m.yaml:3:22: not a mirror file that can be read: registries.a.io.plain-http: invalid type",
        ),
        (
            of("a.io: {limit-rate: 10MX}"),
            "m.yaml:3:22: not a mirror file that can be read: registries.a.io.limit-rate: '10MX' is not a rate",
        ),
        (
            of("a.io: {max-per-host: 0}"),
            "m.yaml:3:24: not a mirror file that can be read: registries.a.io.max-per-host: 0 is not from 1 to 256",
        ),
        (of("a.io: {max-per-host: 257}"), "257 is not from 1 to 256"),
        (
            of("a.io: {listing: hub}"),
            "m.yaml:3:19: not a mirror file that can be read: registries.a.io.listing: 'hub' is no way to list",
        ),
        (
            of("a.io: {listing: quay, listing-url: api.io}"),
            "m.yaml:3:38: not a mirror file that can be read: registries.a.io.listing-url: not an address that can be",
        ),
        (
            of("a.io: {listing-url: https://api.io}"),
            "m.yaml:3:23: listing-url is where the lists of 'listing: quay' or 'docker-hub' are",
        ),
        (
            of("a.io: {listing: distribution, listing-url: https://api.io}"),
            "m.yaml:3:46: listing-url is where the lists of",
        ),
        (
            of("a.io: {listing: quay, listing-url: http://api.io}"),
            "m.yaml:3:38: listing-url is plain HTTP: write https, or 'plain-http: true' for a.io if",
        ),
        (
            of("a.io: {max-per-host: -1}"),
            "m.yaml:3:24: not a mirror file that can be read: registries.a.io.max-per-host: ",
        ),
        (
            of("a.io: {ca-file: ''}"),
            "m.yaml:3:19: not a mirror file that can be read: registries.a.io.ca-file: a path is expected",
        ),
        (
            of("a.io:\n    plain-http: true\n    ca-file: ca.pem"),
            "m.yaml:5:14: ca-file is for TLS, and a.io has 'plain-http: true'",
        ),
        (of("a.io: {insecure: true, plain-http: true}"), "m.yaml:3:20: insecure is for TLS"),
        ("version: 1".into(), "m.yaml names no image"),
        (
            "version: 1\nimages: [".into(),
            "m.yaml:2:9: not a mirror file that can be read: unclosed bracket",
        ),
        (
            "version: 1\nimage: []".into(),
            "m.yaml:2:1: not a mirror file that can be read: image: unknown field `image`: `images` may be meant, expected one of",
        ),
        ("version: 1\nimages:\nroot: r.io".into(), "m.yaml:2:1: images has no value"),
        (
            "version: 1\nroot: mirror".into(),
            "m.yaml:2:7: not a mirror file that can be read: root: 'mirror' is no place for a set",
        ),
        (
            "version: 1\ndefaults:\n  platform: []".into(),
            "m.yaml:3:3: not a mirror file that can be read: defaults.platform: unknown field",
        ),
        (
            "version: 1\ndefaults:\n  platforms: [linux/amd64, arm64]".into(),
            "m.yaml:3:28: not a mirror file that can be read: defaults.platforms[1]: 'arm64' is not a platform",
        ),
        (
            "version: 1\ndefaults: {referrers: sure}".into(),
            "m.yaml:2:23: not a mirror file that can be read: defaults.referrers: invalid type",
        ),
        (
            list("- q.io/A"),
            "m.yaml:4:3: not a mirror file that can be read: images[0]: 'q.io/A' does not name an image: ",
        ),
        (
            list("- alpine:3"),
            "m.yaml:4:3: not a mirror file that can be read: images[0]: 'alpine' names no registry: write it as REGISTRY/alpine",
        ),
        (
            list("- 7"),
            "m.yaml:4:3: not a mirror file that can be read: images[0]: invalid type: integer `7`, expected an image as quay.io/org/app:v1, or a mapping with a source",
        ),
        (list("- q.io/a:v1\n-"), "m.yaml:5:2: images[1] has no value"),
        (
            list("- {to: r.io/a}"),
            "m.yaml:4:3: not a mirror file that can be read: images[0]: missing field `source`",
        ),
        (
            list("- source: q.io/a\n  tag: v1"),
            "m.yaml:5:3: not a mirror file that can be read: images[0].tag: unknown field `tag`: `tags` may be meant, expected one of `source`, `tags`, `to`, `platforms`",
        ),
        (
            list("- source: q.io/a:v1\n  tags: [v2]"),
            "m.yaml:5:3: tags are those of a repository, and the source is q.io/a:v1",
        ),
        (
            list("- source: q.io/a:v*\n  tags: [v2]"),
            "m.yaml:5:3: tags are those of a repository, and the source is q.io/a:v*",
        ),
        (
            list("- source: bundle:dir\n  tags: [V1]"),
            "m.yaml:5:10: tags are those of a repository, and the source is bundle:dir",
        ),
        (list("- source: q.io/a\n  tags: []"), "m.yaml:5:9: images[0].tags is empty"),
        (
            list("- source: q.io/a\n  tags: [v1, v 2]"),
            "m.yaml:5:14: not a mirror file that can be read: images[0].tags[1]: ",
        ),
        (
            list("- source: q.io/a\n  tags: [1.0]"),
            "m.yaml:5:10: not a mirror file that can be read: images[0].tags[0]: invalid type: floating point",
        ),
        (
            list("- source: q.io/a\n  tags: [v1, '!v*']"),
            "m.yaml:5:10: the tag 'v1' is wanted, and left out by '!v*'",
        ),
        (list("- source: q.io/a\n  to: []"), "m.yaml:5:7: images[0].to is empty"),
        (
            list("- source: q.io/a\n  to: R.io/B"),
            "m.yaml:5:7: not a mirror file that can be read: images[0].to: ",
        ),
        (
            list("- source: q.io/a\n  to: [r.io/a, b]"),
            "m.yaml:5:16: not a mirror file that can be read: images[0].to[1]: 'b' names no registry",
        ),
        (
            list("- source: q.io/a\n  to: [r.io/a, r.io/a:v1]"),
            "m.yaml:5:16: when source contains wildcards, the destination must be a repository: q.io/a:* goes to r.io/a:v1",
        ),
        (
            list("- source: q.io/a\n  tags: [v1, v2]\n  to: r.io/a:v1"),
            "m.yaml:6:7: when source contains wildcards",
        ),
        (
            list("- source: q.io/a\n  platforms: linux/amd64"),
            "m.yaml:5:14: not a mirror file that can be read: images[0].platforms: invalid type: string",
        ),
        (
            "version: 1\nimages:\n- source: q.io/a:v1".into(),
            "m.yaml:3:11: q.io/a:v1 goes nowhere: say 'to' of it, or 'root' for all, or give a ROOT",
        ),
        (
            list("- docker-archive:x.tar"),
            "m.yaml:4:3: docker-archive:x.tar has no name below a root: say by 'to'",
        ),
        (
            format!("version: 1\nroot: r.io/ns\nimages:\n- q.io/{}", "a".repeat(254)),
            "m.yaml:4:3: q.io/aaaaaaaa",
        ),
    ];
    let told_otherwise: Vec<String> = table
        .iter()
        .map(|(text, told)| (refused(text), told))
        .filter(|(error, told)| !error.contains(**told))
        .map(|(error, told)| format!("{error}\n    is not: {told}"))
        .collect();
    assert!(told_otherwise.is_empty(), "\n{}", told_otherwise.join("\n"));
    let to_digest = format!("- source: q.io/a:v1\n  to: r.io/a@{}", crate::model::Digest::of(b""));
    let error = refused(&list(&to_digest));
    assert!(error.starts_with("m.yaml:5:7: a destination has no digest"), "{error}");
}

#[test]
fn registries_have_settings() {
    let text = "version: 1
registries:
  localhost:5000: {plain-http: true, limit-rate: 10M, max-per-host: 4}
  r.io:
    ca-file: certs/ca.pem
    authfile: /run/auth.json
";
    let file = read("conf/m.yaml", text).unwrap();
    let of = |name: &str| &file.settings.registries[&name.parse().unwrap()];
    let plain = of("localhost:5000");
    assert_eq!(plain.position.to_string(), "conf/m.yaml:3:3");
    assert!(plain.value.plain_http.as_ref().unwrap().value);
    assert_eq!(plain.value.limit_rate.as_ref().unwrap().value.get(), 10 << 20);
    assert_eq!(plain.value.max_per_host.as_ref().unwrap().value.get(), 4);
    let paths: Vec<String> = file
        .settings
        .paths()
        .map(|said| format!("{} {}", said.position, said.value.display()))
        .collect();
    assert_eq!(paths, ["conf/m.yaml:5:14 conf/certs/ca.pem", "conf/m.yaml:6:15 /run/auth.json"]);
}

#[test]
fn an_address_of_lists_does_not_show_its_login() {
    let text =
        "version: 1\nregistries: {a.io: {listing: quay, listing-url: 'https://ann:geheim@a.io'}}";
    let error = crate::mirror::parsed::chain(&read("m.yaml", text).unwrap_err());
    assert!(error.contains("without login") && !error.contains("geheim"), "{error}");
}

#[test]
fn what_no_image_is_of_is_unused() {
    let text =
        "{version: 1, root: r.io, images: [q.io/a:v1], registries: {q.io: {}, r.io: {}, s.io: {}}}";
    let file = read("m.yaml", text).unwrap();
    let lines = file.lines(None).unwrap();
    let unused: Vec<String> =
        file.unused(&lines).iter().map(|(registry, at)| format!("{registry} {at}")).collect();
    assert_eq!(unused, ["s.io m.yaml:1:80"]);
}

#[test]
fn json_is_read_as_well() {
    let text = r#"{"version": 1, "root": "r.io", "images": ["q.io/a:v1"]}"#;
    assert_eq!(lines(text, None).unwrap(), ["q.io/a:v1 -> r.io/a:v1 []"]);
}
