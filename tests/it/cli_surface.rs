//! What a person meets before any registry is asked: help, usage errors, completions.

use std::process::{Command, Stdio};

use crate::support::program::run;

const VERBS: &[&str] = &[
    "login",
    "logout",
    "pull",
    "push",
    "mirror",
    "report",
    "inventory",
    "verify",
    "delete",
    "inspect",
    "tags",
    "import-image",
    "tag",
    "stream",
    "serve",
    "demo",
    "schema",
    "completion",
];
const STREAM_VERBS: [&str; 7] =
    ["get", "describe", "history", "rollback", "delete", "export", "prune"];

#[test]
fn the_help_is_as_reviewed() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [&["--help"][..], &["-h"]] {
        let ran = run(home.path(), arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        insta::assert_snapshot!(format!("help{}", arguments[0].replace('-', "_")), ran.stdout);
    }
    for verb in VERBS {
        let ran = run(home.path(), &[verb, "--help"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{verb}");
        insta::assert_snapshot!(format!("help_{verb}"), ran.stdout);
    }
    for verb in STREAM_VERBS {
        let ran = run(home.path(), &["stream", verb, "--help"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{verb}");
        insta::assert_snapshot!(format!("help_stream_{verb}"), ran.stdout);
    }
}

#[test]
fn the_help_of_reports_is_as_reviewed() {
    let home = tempfile::tempdir().unwrap();
    let ran = run(home.path(), &["report", "merge", "--help"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!("help_report_merge", ran.stdout);
}

#[test]
fn what_cannot_be_meant_is_a_usage_error() {
    let home = tempfile::tempdir().unwrap();
    for line in [
        "",
        "fetch quay.io/org/app",
        "pull",
        "pull quay.io/Bad",
        "pull containers-storage:app",
        "pull --insecure --plain-http quay.io/org/app",
        "pull --plain-http --ca-file ca.pem quay.io/org/app",
        "pull --password-stdin quay.io/org/app",
        "pull --creds a --username b quay.io/org/app",
        "pull --platform linux quay.io/org/app",
        "pull --jobs 0 quay.io/org/app",
        "pull --fsync sometimes quay.io/org/app",
        "push --fsync off oci:a quay.io/org/app",
        "pull --max-per-host 0 quay.io/org/app",
        "pull --limit-rate 0 quay.io/org/app",
        "pull --limit-rate fast quay.io/org/app",
        "push --limit-rate a/b=20M oci:a quay.io/org/app",
        "mirror --max-per-registry many quay.io/org/a=b.io/a",
        "pull -q -v quay.io/org/app",
        "mirror --have receipt.json --from bundle:a b.io",
        "mirror --from oci:a b.io",
        "mirror --from bundle:a",
        "inventory",
        "inventory app",
        "mirror",
        "mirror quay.io/org/app",
        "mirror --dest-plain-http --dest-insecure a.io/a=b.io/b",
        "verify",
        "verify --repair quay.io/org/app",
        "delete quay.io/org/app:v1",
        "delete --generate list",
        "delete --execute list quay.io/org/app:v1",
        "delete --execute list --generate list quay.io/org/app:v1",
        "verify --plain-http --insecure quay.io/org/app",
        "login --get-login --username me quay.io",
        "login --token-stdin --username me quay.io",
        "logout",
        "logout --all quay.io",
        "inspect --raw --config quay.io/org/app",
        "serve --tls-cert cert.pem dir",
        "completion tcsh",
        "import-image",
        "import-image App",
        "import-image app:v1 --all",
        "import-image app@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "import-image app --import-mode preserve",
        "import-image app --reference-policy remote",
        "import-image app --insecure=perhaps",
        "import-image app --limit 0",
        "import-image app --cluster --limit 3",
        "import-image app --store dir --cluster",
        "import-image app -n Bad",
        "tag",
        "tag app:v1",
        "tag app:v1 app",
        "tag --alias -d app:v1",
        "tag --scheduled app:v1 app:v2",
        "tag --source istag quay.io/a/b:v1 app:v2",
        "stream",
        "stream get -o describe",
        "stream get -A -n dev",
        "stream export -o text app",
        "stream delete",
        "stream rollback app:v1 --to=",
        "stream prune --keep-younger-than soon",
        "-o yaml tags oci:layout",
    ] {
        let ran = run(home.path(), &line.split_whitespace().collect::<Vec<_>>());
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{line}: {}", ran.stderr);
        assert!(!ran.stderr.is_empty(), "{line}");
    }
}

#[test]
fn a_bad_name_says_what_is_wrong_with_it() {
    let home = tempfile::tempdir().unwrap();
    let ran = run(home.path(), &["pull", "quay.io/Bad"]);
    assert!(
        ran.stderr.contains("'Bad' is not a repository: expected lower-case"),
        "{}",
        ran.stderr
    );
}

#[test]
fn secrets_on_the_command_line_are_never_printed() {
    let home = tempfile::tempdir().unwrap();
    for line in [
        "pull --creds me:hunter2 --username me quay.io/org/app",
        "pull --username me --password hunter2 --password-stdin quay.io/org/app",
        "pull --username me --password hunter2 quay.io/Bad",
        "login -vvv --username me --password hunter2 --token-stdin quay.io",
    ] {
        let ran = run(home.path(), &line.split_whitespace().collect::<Vec<_>>());
        assert_eq!(ran.code, Some(2), "{line}");
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }
}

#[test]
fn completions_are_printed_for_each_shell() {
    let home = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let ran = run(home.path(), &["completion", shell]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        assert!(VERBS.iter().all(|verb| ran.stdout.contains(verb)), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_longshore"))
        .args(["completion", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
