//! The verbs as a person runs them, against the embedded registry: results, errors, exit codes.

use std::fs;
use std::path::Path;

use longshore::server::{Htpasswd, Options, Tls};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::certificates::Authority;
use crate::support::embedded::Embedded;
use crate::support::program::{Ran, run, run_with_input};

const IMAGE: &str = concat!("oci-archive:", env!("CARGO_MANIFEST_DIR"), "/fixtures/demo.oci.tar");

/// A home folder, and a registry that has the demo's image as `demo/app:v1`.
fn stocked() -> (TempDir, Embedded, String) {
    let (home, registry) = (tempfile::tempdir().unwrap(), Embedded::new());
    let app = format!("{}/demo/app:v1", registry.address());
    let pushed = run(home.path(), &["push", "--plain-http", IMAGE, &app]);
    assert_eq!(pushed.code, Some(0), "{}", pushed.stderr);
    (home, registry, app)
}

/// An empty registry whose only user is `me` with the password `hunter2`.
fn locked() -> (TempDir, Embedded) {
    let folder = tempfile::tempdir().unwrap();
    let users = format!("me:{}\n", bcrypt::hash("hunter2", 4).unwrap());
    let users = Some(Htpasswd::parse(&users).unwrap());
    let registry = Embedded::with(Options { users, ..Options::new(folder.path().join("root")) });
    (folder, registry)
}

fn ok(ran: Ran) -> String {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.stdout
}

fn digest_in(line: &str) -> &str {
    line.split_once(' ').unwrap().0
}

#[test]
fn one_line_per_image_has_digest_and_place() {
    let (home, registry, app) = stocked();
    let copy = format!("{}/copy/app:v2", registry.address());
    let line = ok(run(
        home.path(),
        &["mirror", "--src-plain-http", "--dest-plain-http", &app, &copy, "oci:layout:v3"],
    ));
    let lines: Vec<&str> = line.lines().collect();
    let digest = digest_in(lines[0]);
    assert_eq!(lines, [format!("{digest} {copy}"), format!("{digest} oci:layout:v3")]);
    let raw = ok(run(home.path(), &["inspect", "--raw", "oci:layout:v3"]));
    assert_eq!(longshore::model::Digest::of(raw.as_bytes()).as_str(), digest);
}

#[test]
fn pull_has_a_place_of_its_own() {
    let (home, registry, app) = stocked();
    let line = ok(run(home.path(), &["pull", "--plain-http", &app]));
    let dir = registry.address().replace(':', "_");
    let layout = home.path().join(".local/share/longshore/layouts").join(dir).join("demo/app");
    assert_eq!(line.split_once(' ').unwrap().1, format!("oci:{}:v1\n", layout.display()));
    assert!(layout.join("index.json").is_file());
    assert_eq!(ok(run(home.path(), &["tags", &format!("oci:{}", layout.display())])), "v1\n");
}

#[test]
fn a_mapping_file_comes_from_standard_input_too() {
    let (home, registry, app) = stocked();
    let copy = format!("{}/copy/app", registry.address());
    let mappings = format!("# all\n{app} {copy}:a {copy}:b\n\n{app}={copy}:c # last\n");
    let arguments = ["mirror", "--src-plain-http", "--dest-plain-http", "-f", "-"];
    assert_eq!(ok(run_with_input(home.path(), &arguments, &mappings)).lines().count(), 3);
    assert_eq!(ok(run(home.path(), &["tags", "--plain-http", &copy])), "a\nb\nc\n");
}

#[test]
fn json_is_for_programs() {
    let (home, registry, app) = stocked();
    let json = |arguments: &[&str]| -> Value {
        let ran = run(home.path(), &[arguments, &["-o", "json"]].concat());
        serde_json::from_str(&ok(ran)).unwrap()
    };
    let pulled = json(&["pull", "--plain-http", &app, "oci:layout:v1"]);
    assert_eq!(pulled["images"][0]["destination"], "oci:layout:v1");
    assert_eq!(pulled["images"][0]["outcome"], "copied");
    let again = json(&["pull", "--plain-http", &app, "oci:layout:v1"]);
    assert_eq!(again["images"][0]["outcome"], "present");
    assert_eq!(again["images"][0]["digest"], pulled["images"][0]["digest"]);
    let inspected = json(&["inspect", "oci:layout:v1"]);
    assert_eq!(inspected["digest"], pulled["images"][0]["digest"]);
    assert_eq!(inspected["platforms"][0]["platform"], "linux/amd64");
    let repository = format!("{}/demo/app", registry.address());
    assert_eq!(json(&["tags", "--plain-http", &repository])["tags"], serde_json::json!(["v1"]));
}

#[test]
fn what_fails_has_its_own_exit_code() {
    let (home, registry, app) = stocked();
    let (_folder, locked) = locked();
    let address = registry.address();
    let locked_app = format!("{}/demo/app:v1", locked.address());
    damage_a_blob(registry.root());
    fs::write(home.path().join("file"), "").unwrap();
    for (code, line) in [
        (2, format!("push {app} {app}")),
        (2, format!("pull {app} {address}/copy")),
        (2, format!("mirror {app} {app}")),
        (2, format!("mirror {app}=oci:a {app}")),
        (2, format!("tags --plain-http {app}")),
        (2, format!("mirror --dest-creds a:b {app}=127.0.0.1:1/a {app}=127.0.0.1:2/b")),
        (2, "mirror --src-creds a:b oci:a oci:b".to_owned()),
        (3, format!("pull --plain-http {locked_app} oci:x")),
        (3, format!("pull --plain-http --creds me:wrong {locked_app} oci:x")),
        (3, format!("push --plain-http {IMAGE} {locked_app}")),
        (4, format!("pull --plain-http {address}/demo/app:v9 oci:x")),
        (4, format!("pull --plain-http {address}/demo/none:v1 oci:x")),
        (4, format!("inspect --plain-http --platform linux/s390x {app}")),
        (5, "pull --plain-http --retries 0 127.0.0.1:1/demo/app oci:x".to_owned()),
        (5, format!("pull --retries 0 {app} oci:x")),
        (6, format!("pull --plain-http --retries 0 {app} oci:x")),
        (4, format!("push --plain-http oci-archive:missing.tar {app}")),
        (7, format!("pull --plain-http --authfile missing.json {locked_app} oci:x")),
        (7, format!("pull --plain-http {app} oci:file")),
        (7, "mirror -f missing.txt".to_owned()),
    ] {
        let ran = run(home.path(), &line.split(' ').collect::<Vec<_>>());
        assert_eq!(ran.code, Some(code), "longshore {line}\n{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("error: "), "{}", ran.stderr);
    }
}

/// Changes a byte of the largest blob that the registry has, behind its back.
fn damage_a_blob(root: &Path) {
    let blobs = root.join("demo/app/blobs/sha256");
    let largest = fs::read_dir(blobs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap();
    let mut bytes = fs::read(&largest).unwrap();
    bytes[0] ^= 1;
    fs::remove_file(&largest).unwrap();
    fs::write(&largest, bytes).unwrap();
}

#[test]
fn some_of_several_is_told_apart_from_all() {
    let (home, registry, app) = stocked();
    let address = registry.address();
    let mappings = format!("{app}=oci:a:v1 {address}/demo/app:v9=oci:b:v9");
    let arguments: Vec<&str> =
        ["mirror", "--src-plain-http"].into_iter().chain(mappings.split(' ')).collect();
    let ran = run(home.path(), &arguments);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stdout.lines().count(), 1);
    assert!(ran.stderr.contains("error: cannot copy"), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("hint: 'longshore tags {address}/demo/app' lists")));
    assert!(ran.stderr.contains(&format!("done: {app} -> oci:a:v1 (blobs: ")), "{}", ran.stderr);
    assert!(ran.stderr.contains("not there: "), "{}", ran.stderr);
}

#[test]
fn errors_tell_what_to_do() {
    let (home, registry) = locked();
    let app = format!("{}/demo/app:v1", registry.address());
    let text = run(home.path(), &["inspect", "--plain-http", &app]);
    let hint = format!("hint: log in first: longshore login {}", registry.address());
    assert!(text.stderr.contains(&hint), "{}", text.stderr);
    let json = run(home.path(), &["inspect", "--plain-http", &app, "-o", "json"]);
    assert_eq!((json.code, json.stdout.as_str()), (Some(3), ""));
    let error: Value = serde_json::from_str(&json.stderr).unwrap();
    assert_eq!((&error["error"]["kind"], &error["error"]["exit"]), (&"denied".into(), &3.into()));
    for unread in [&["pull", "quay.io/Bad", "-o", "json"][..], &["--output=json", "pull"]] {
        let usage = run(home.path(), unread);
        assert_eq!((usage.code, usage.stdout.as_str()), (Some(2), ""));
        let error: Value = serde_json::from_str(&usage.stderr).unwrap();
        assert_eq!(error["error"]["kind"], "usage");
    }
}

#[test]
fn quiet_says_nothing_but_errors() {
    let (home, _registry, app) = stocked();
    let ran = run(home.path(), &["pull", "-q", "--plain-http", "--creds", "a:b", &app, "oci:x"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_login_is_never_shown() {
    let (home, registry) = locked();
    let app = format!("{}/demo/app:v1", registry.address());
    let arguments = ["push", "-vvv", "--plain-http", "--creds", "me:hunter2", IMAGE, &app];
    let ran = run(home.path(), &arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("warning: "), "{}", ran.stderr);
    for secret in ["hunter2", "bWU6aHVudGVyMg"] {
        assert!(!ran.stderr.contains(secret) && !ran.stdout.contains(secret));
    }
    let piped = ["inspect", "--plain-http", "--username", "me", "--password-stdin", &app];
    let ran = run_with_input(home.path(), &piped, "hunter2\n");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn a_certificate_is_trusted_only_if_asked() {
    let authority = Authority::new();
    let home = tempfile::tempdir().unwrap();
    let tls = Some(Tls::read(&authority.certificate(), &authority.key()).unwrap());
    let registry = Embedded::with(Options { tls, ..Options::new(home.path().join("root")) });
    let app = format!("{}/demo/app:v1", registry.address());
    let ca_file = authority.certs().join("ca.crt");

    let refused = run(home.path(), &["push", IMAGE, &app]);
    assert_eq!(refused.code, Some(5), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("hint: trust its authority by --ca-file"),
        "{}",
        refused.stderr
    );
    ok(run(home.path(), &["push", "--ca-file", ca_file.to_str().unwrap(), IMAGE, &app]));
    ok(run(home.path(), &["pull", "--insecure", &app, "oci:layout:v1"]));
    let missing = run(home.path(), &["tags", "--ca-file", "missing.crt", &app.replace(":v1", "")]);
    assert_eq!(missing.code, Some(7), "{}", missing.stderr);
}

#[test]
fn a_long_input_is_read_to_its_end_or_refused() {
    let home = tempfile::tempdir().unwrap();
    let line = format!("sha256:{} localhost:1/a/b:v", "0".repeat(64));
    let lines: Vec<String> = (0..15_000).map(|number| format!("{line}{number}")).collect();
    let text = lines.join("\n") + "\nno digest";
    assert!(text.len() > 1 << 20);
    let ran = run_with_input(home.path(), &["verify", "--against", "-"], &text);
    assert!(ran.code == Some(2) && ran.stderr.contains("-:15001:1: "), "{}", ran.stderr);

    let password = "p".repeat((1 << 20) + 1);
    let login = ["login", "--username", "me", "--password-stdin", "localhost:1"];
    let ran = run_with_input(home.path(), &login, &password);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("standard input has more than 1 MiB"), "{}", ran.stderr);
}
