//! What follows when a tag moves.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::Scene;
use super::reaction_faults::is_gone;
use crate::support::program::longshore;
use crate::support::responder::{Reply, Responder};

impl Scene {
    /// A stream that follows an image on the registry, as that is now. Returns its digest.
    pub(super) fn follow(&self, tag: &str, seed: &str, name: &str) -> String {
        let (digest, from) = (self.push(seed, name), self.image(name));
        self.shell.ok(&["tag", "--scheduled", "--insecure", &from, tag]);
        digest
    }

    /// A manifest whose container follows a tag, and uses `image`.
    fn manifest(&self, file: &str, tag: &str, image: &str) {
        let trigger = format!(
            r#"[{{"from":{{"kind":"ImageStreamTag","name":"{tag}"}},"fieldPath":"spec.template.spec.containers[0].image"}}]"#
        );
        let text = format!(
            "kind: Deployment # mine\nmetadata:\n  name: web\n  annotations:\n    image.openshift.io/triggers: '{trigger}'\nspec:\n  template:\n    spec:\n      containers:\n      - image: {image} # here\n"
        );
        let path = self.shell.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What its container uses.
    fn used(&self, file: &str) -> String {
        let text = fs::read_to_string(self.shell.path(file)).unwrap();
        let line = text.lines().find_map(|line| line.trim().strip_prefix("- image: ")).unwrap();
        line.strip_suffix(" # here").unwrap().to_owned()
    }

    pub(super) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.shell.path(file)).unwrap_or_default()
    }
}

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
        &["import-image", "--all-streams", "--watch", "--github-output"],
        &["import-image", "app", "--on-change-timeout", "5m"],
        &["import-image", "app", "--on-change", "true", "--on-change-timeout", "0s"],
    ] {
        shell.fails(2, arguments);
    }
    let refused = shell.fails(2, &["import-image", "--all-streams", "--github-output"]);
    assert!(refused.contains("GITHUB_OUTPUT"), "{refused}");
}

#[test]
fn a_dry_run_shows_what_manifests_would_be() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.follow("app:v1", "one", "team/app:v1");
    let digest = scene.push("two", "team/app:v1");
    scene.manifest("web.yaml", "app:v1", "old");
    let before = scene.read("web.yaml");
    let arguments = ["--dry-run", "--apply-triggers", "web.yaml", "--on-change", "touch told"];
    let shown = scene.shell.ok(&[&["import-image", "app:v1"][..], &arguments].concat());
    let image = format!("{}@{digest}", scene.image("team/app"));
    let diff = format!(
        "--- web.yaml\n+++ web.yaml\n@@ -7,4 +7,4 @@\n   template:\n     spec:\n       containers:\n-      - image: old # here\n+      - image: {image} # here\n"
    );
    assert!(shown.contains(&diff), "{shown}");
    let moved = scene.shell.ok(&["import-image", "app:v1", "--dry-run", "-o", "env"]);
    assert!(moved.contains(&digest), "{moved}");
    assert_eq!(scene.read("web.yaml"), before);
    assert!(!scene.shell.path("told").exists());
    assert_ne!(scene.history("app:v1")[0], digest);
}

#[test]
fn what_follows_a_tag_that_is_not_there_is_told() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.follow("app:v1", "one", "team/app:v1");
    scene.manifest("web.yaml", "app:v2", "old");
    let run = scene.shell.run(&["import-image", "app:v1", "--apply-triggers", "web.yaml"]);
    assert_eq!(run.code, Some(0));
    let note = "note: web.yaml:10: Deployment/web follows default/app:v2, which has no image\n";
    assert!(run.stderr.contains(note), "{}", run.stderr);
    assert_eq!(scene.used("web.yaml"), "old");
}

#[test]
fn a_file_that_cannot_be_read_stops_no_other_stream() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.follow("app:v1", "one", "team/app:v1");
    let digest = scene.push("two", "team/app:v1");
    let store = scene.shell.home().join(".local/share/longshore/imagestreams/default");
    fs::write(store.join("bad.yaml"), "garbage: [").unwrap();
    let run = scene.shell.run(&["import-image", "--all-streams"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("bad.yaml:1:10"), "{}", run.stderr);
    assert!(run.stdout.contains(&digest), "{}", run.stdout);

    let run = scene.shell.run(&["stream", "get", "-o", "name"]);
    assert_eq!(run.stdout, "imagestream.image.openshift.io/app\n");
    assert_ne!(run.code, Some(0));
    let unknown = scene.shell.fails(4, &["stream", "get", "nope"]);
    assert!(!unknown.contains("there are no streams"), "{unknown}");
    scene.shell.fails(7, &["stream", "prune"]);
}

#[test]
fn what_moved_in_all_streams_is_told_to_a_shell() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.follow("app:v1", "one", "team/app:v1");
    let digest = scene.push("two", "team/app:v1");
    for view in ["yaml", "name", "describe"] {
        scene.shell.fails(2, &["import-image", "--all-streams", "-o", view]);
    }
    scene.shell.fails(2, &["import-image", "--all-streams", "--watch", "-o", "env"]);
    scene.shell.fails(2, &["import-image", "--all-streams", "--creds", "u:p"]);
    let told = scene.shell.ok(&["import-image", "--all-streams", "-o", "env"]);
    assert!(told.contains(&digest) && !told.contains("moved from"), "{told}");
}

#[test]
fn who_fails_to_react_is_told_and_the_import_stays() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.follow("app:v1", "one", "team/app:v1");
    let digest = scene.push("two", "team/app:v1");
    let host = Responder::new(|_| Some(Reply::new(410)));
    let url = format!("http://{}/hooks/geheim", host.address());
    fs::write(scene.shell.path("bad.yaml"), "a: [\n").unwrap();
    let said = scene.shell.fails(
        1,
        &[
            "import-image",
            "app:v1",
            "--on-change",
            "echo last words; exit 3",
            "--on-change-url",
            &url,
            "--apply-triggers",
            "bad.yaml",
            "-q",
        ],
    );
    for expected in [
        "default/app:v1 | last words\n",
        "error: command for default/app:v1 failed\n  cause: the command ended with exit status: 3\n",
        "error: webhook for default/app:v1 failed\n",
        "410 (gone)",
        "error: bad.yaml:1:4: neither YAML nor JSON\n",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert!(!said.contains("geheim"), "{said}");
    assert_eq!(scene.history("app:v1")[0], digest);
    assert_eq!(host.asked().len(), 1);
}

#[test]
fn tags_that_are_set_or_moved_back_are_followed() {
    need!("docker-registry");
    let scene = Scene::new();
    let first = scene.follow("app:v1", "one", "team/app:v1");
    let second = scene.push("two", "team/app:v1");
    scene.import("app:v1");
    let on_change = ["--on-change", r#"echo "$LONGSHORE_TAG $LONGSHORE_NEW_DIGEST" >> told"#];
    let react = |arguments: &[&str]| {
        let _ = fs::remove_file(scene.shell.path("told"));
        scene.shell.ok(&[arguments, &on_change, &["--apply-triggers", "web.yaml"]].concat());
        scene.read("told")
    };
    scene.manifest("web.yaml", "app:v1", "old");
    assert_eq!(react(&["stream", "rollback", "app:v1"]), format!("v1 {first}\n"));
    assert!(scene.used("web.yaml").ends_with(&first));
    assert_eq!(react(&["tag", "app:v1", "app:prod"]), format!("prod {first}\n"));
    assert_eq!(react(&["tag", "app:v1", "app:prod"]), "");
    let from = scene.image("team/app:v1");
    assert_eq!(react(&["tag", "--insecure", &from, "app:v1"]), format!("v1 {second}\n"));
    assert!(scene.used("web.yaml").ends_with(&second));
}

#[test]
fn all_streams_are_imported_and_one_that_fails_stops_none() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.follow("app:v1", "one", "team/app:v1");
    scene.follow("web:v1", "two", "team/web:v1");
    scene.shell.ok(&["tag", "-n", "other", "--insecure", &scene.image("team/web:v1"), "web:v1"]);
    scene.shell.run(&["tag", "--scheduled", "--insecure", &scene.image("team/none:v1"), "bad:v1"]);
    assert_eq!(scene.shell.run(&["import-image", "--all-streams"]).stdout, "");
    let (app, web) = (scene.push("three", "team/app:v1"), scene.push("four", "team/web:v1"));
    let ran = scene.shell.run(&["import-image", "--all-streams", "-o", "json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let changes = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut moved: Vec<String> = changes
        .map(|c| {
            format!(
                "{}/{} {}",
                c["namespace"].as_str().unwrap(),
                c["stream"].as_str().unwrap(),
                c["new"]["digest"].as_str().unwrap()
            )
        })
        .collect();
    moved.sort();
    assert_eq!(
        moved,
        [format!("default/app {app}"), format!("default/web {web}"), format!("other/web {web}")]
    );
    assert!(ran.stderr.contains("default/bad:v1: "), "{}", ran.stderr);

    // Only what is scheduled: the tag of the other namespace is not.
    scene.push("five", "team/web:v1");
    let ran = scene.shell.run(&["import-image", "--all-streams", "--scheduled", "-q"]);
    assert!(ran.stdout.starts_with("default/web:v1 moved from sha256:"), "{}", ran.stdout);
    assert_eq!(ran.stdout.lines().count(), 1);
}

#[test]
fn a_watch_that_ends_takes_its_commands_along() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.follow("app:v1", "one", "team/app:v1");
    scene.push("two", "team/app:v1");
    let mut child = longshore(scene.shell.home())
        .args(["import-image", "--all-streams", "--scheduled", "--watch"])
        .args(["--on-change", "sh -c 'echo $$ > pid; exec sleep 1000'"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    let process = loop {
        match scene.read("pid") {
            text if text.ends_with('\n') => break text.trim().to_owned(),
            _ => std::thread::sleep(std::time::Duration::from_millis(10)),
        }
    };
    kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("stopped before what follows default/app:v1 had ended"), "{said}");
    is_gone(&process);
}
