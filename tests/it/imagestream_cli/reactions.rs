//! What follows when a tag moves.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::Scene;
use crate::support::program::longshore;

/// A deployment whose image follows `app:v1`.
const DEPLOYMENT: &str = r#"# by hand
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    image.openshift.io/triggers: '[{"from":{"kind":"ImageStreamTag","name":"app:v1"},"fieldPath":"spec.template.spec.containers[?(@.name==\"web\")].image"}]'
spec:
  template:
    spec:
      containers:
      - name: web
        image: ' ' # set by longshore
"#;

#[test]
fn whoever_wants_to_know_is_told_of_a_tag_that_moves() {
    need!("docker-registry");
    let scene = Scene::new();
    let (shell, from) = (&scene.shell, scene.image("team/app:v1"));
    let first = scene.push("one", "team/app:v1");
    let manifest = shell.path("web.yaml");
    fs::write(&manifest, DEPLOYMENT).unwrap();
    scene.import(&format!("app:v1 --from {from} --insecure --confirm --scheduled"));

    // Nothing has moved: nobody is told, but the manifest is behind.
    let quiet = scene.import("app:v1 --on-change false --apply-triggers web.yaml -o env");
    assert_eq!(quiet, "");
    let image = |digest: &str| {
        DEPLOYMENT.replace("' '", &format!("'{}@{digest}'", scene.image("team/app")))
    };
    assert_eq!(fs::read_to_string(&manifest).unwrap(), image(&first));

    let second = scene.push("two", "team/app:v1");
    let command = "echo $LONGSHORE_STREAM:$LONGSHORE_TAG $LONGSHORE_OLD_DIGEST $LONGSHORE_NEW_DIGEST >told; cat >told.json";
    let output = longshore(shell.home())
        .args(["import-image", "--all-streams", "--scheduled", "--on-change", command])
        .args(["--apply-triggers", "web.yaml", "--github-output"])
        .env("GITHUB_OUTPUT", shell.path("outputs"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = format!("default/app:v1 moved from {first} to {second}\n");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), said);
    let told = fs::read_to_string(shell.path("told")).unwrap();
    assert_eq!(told, format!("app:v1 {first} {second}\n"));
    let json: Value = serde_json::from_slice(&fs::read(shell.path("told.json")).unwrap()).unwrap();
    assert_eq!(json["new"]["digest"], *second);
    assert!(fs::read_to_string(shell.path("outputs")).unwrap().starts_with("changed=true\n"));
    assert_eq!(fs::read_to_string(&manifest).unwrap(), image(&second));

    // A command that fails is told, and what it would have followed is there.
    let third = scene.push("three", "team/app:v1");
    let failed = shell.run(&["import-image", "app:v1", "--on-change", "echo no; exit 7"]);
    assert_ne!(failed.code, Some(0));
    assert!(failed.stderr.contains("command for default/app:v1 failed"), "{}", failed.stderr);
    assert_eq!(scene.history("app:v1")[0], third);
}

#[test]
fn a_watch_tells_what_moves_and_ends_well() {
    need!("docker-registry");
    let scene = Scene::new();
    let (shell, from) = (&scene.shell, scene.image("team/app:v1"));
    let first = scene.push("one", "team/app:v1");
    scene.import(&format!("app:v1 --from {from} --insecure --confirm --scheduled"));
    let second = scene.push("two", "team/app:v1");
    let mut child = longshore(shell.home())
        .args(["import-image", "--all-streams", "--scheduled", "--watch", "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let change: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&change["old"]["digest"], &change["new"]["digest"]),
        (&first.into(), &second.into())
    );
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let shell = crate::support::shell::Shell::new();
    for arguments in [
        &["import-image", "app", "--all-streams"][..],
        &["import-image", "app", "--watch"],
        &["import-image"],
        &["import-image", "--all-streams", "--from", "quay.io/a/b"],
        &["import-image", "--all-streams", "--watch=1s"],
        &["import-image", "app", "--on-change-timeout", "5m"],
    ] {
        shell.fails(2, arguments);
    }
    let refused = shell.fails(2, &["import-image", "--all-streams", "--github-output"]);
    assert!(refused.contains("GITHUB_OUTPUT"), "{refused}");
}
