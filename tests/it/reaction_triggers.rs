//! `--apply-triggers PATH…`: manifests follow streams, and nothing else in them changes.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use longshore::reaction::triggers::{self, Error, Options, Report, apply};
use rustix::fs::{CWD, FileType, Mode, OFlags, mkdirat, mknodat, openat};

use crate::support::streams::FakeStreams;

/// What `dev/app:v1` points to.
const APP: &str = "q.io/org/app@sha256:1";

fn streams() -> FakeStreams {
    FakeStreams::default()
        .with("dev/app", &[("v1", APP), ("v2", "q.io/org/app@sha256:2")])
        .with("prod/app", &[("v1", "q.io/org/app@sha256:3")])
        .with(
            "dev/odd",
            &[("evil", "x\n  evil: true"), ("bare", "22:30"), ("v6", "[::1]:5000/a@sha256:6")],
        )
}

async fn run(paths: &[&Path], mode: triggers::Mode) -> Report {
    let paths = paths.iter().map(|path| path.to_path_buf()).collect();
    let options = Options { paths, namespace: "dev".parse().unwrap(), mode };
    apply(&streams(), None, &options).await
}

/// What becomes of one file, and what is said against it.
async fn applied(name: &str, text: &str) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    let report = run(&[&path], triggers::Mode::Write).await;
    let after = fs::read_to_string(&path).unwrap();
    assert_eq!(report.files.is_empty(), after == text);
    let prefix = format!("{}/", folder.path().display());
    let errors = report.errors.iter().map(|error| error.to_string().replace(&prefix, ""));
    (after, errors.collect())
}

/// The annotation's value: a container's field follows a tag.
fn trigger(tag: &str, path: &str) -> String {
    format!(r#"[{{"from":{{"kind":"ImageStreamTag","name":"{tag}"}},"fieldPath":"{path}"}}]"#)
}

const WEB: &str = r#"spec.template.spec.containers[?(@.name==\"web\")].image"#;

/// A deployment whose container `web` follows `app:v1`, and has `image`, as it is written, with what is around it.
fn deployment(image: &str) -> String {
    format!(
        "# of the web\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name:   web   # odd spaces\n  annotations:\n    \
         image.openshift.io/triggers: '{}'\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          \
         image: {image}\n          args: [\"-v\",   'x']\n",
        trigger("app:v1", WEB)
    )
}

#[tokio::test]
async fn only_the_value_changes_and_it_keeps_its_quotes() {
    for (before, after) in [
        ("q.io/org/app:old", APP.to_owned()),
        ("q.io/org/app:old   # pinned by a robot", format!("{APP}   # pinned by a robot")),
        ("'q.io/org/app:old' # c", format!("'{APP}' # c")),
        (r#""q.io/org/app:old""#, format!("\"{APP}\"")),
        ("' '", format!("'{APP}'")),
        (r#""""#, format!("\"{APP}\"")),
        (">-\n            q.io/org/app:old", APP.to_owned()),
        ("|\n            old", APP.to_owned()),
        ("# none yet", format!("{APP} # none yet")),
        ("!!str old", format!("!!str {APP}")),
    ] {
        let (text, errors) = applied("web.yaml", &deployment(before)).await;
        assert_eq!((text, errors), (deployment(&after), vec![]), "{before}");
    }
    let windows = deployment("old").replace('\n', "\r\n");
    let (text, errors) = applied("web.yaml", &windows).await;
    assert_eq!((text, errors), (deployment(APP).replace('\n', "\r\n"), vec![]));
    let (text, _) = applied("web.yaml", &format!("\u{feff}# ö\n{}", deployment("old"))).await;
    assert_eq!(text, format!("\u{feff}# ö\n{}", deployment(APP)));
}

/// What makes the `spec` of a workload from the image of its container.
type Wrap<'a> = Box<dyn Fn(&str) -> String + 'a>;

#[tokio::test]
async fn each_kind_of_workload_and_container_is_found() {
    let pod = |image: &str| {
        format!(
            "{{containers: [{{name: a, image: old}}, {{name: web, image: {image}}}], initContainers: [{{name: i, image: {image}}}]}}"
        )
    };
    for kind in ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"] {
        let (path, spec): (_, Wrap<'_>) = match kind {
            "CronJob" => (
                "spec.jobTemplate.spec.template.spec",
                Box::new(|image| {
                    format!("{{jobTemplate: {{spec: {{template: {{spec: {}}}}}}}}}", pod(image))
                }),
            ),
            "Pod" => ("spec", Box::new(pod)),
            _ => (
                "spec.template.spec",
                Box::new(|image| format!("{{template: {{spec: {}}}}}", pod(image))),
            ),
        };
        for container in [r#"[?(@.name==\"web\")]"#, "[1]", "[?(@.name=='web')]"] {
            let triggers = format!(
                r#"[{{"from":{{"kind":"ImageStreamTag","name":"app:v1"}},"fieldPath":"{path}.containers{container}.image"}},
                  {{"from":{{"kind":"ImageStreamTag","name":"app:v1","namespace":"dev"}},"fieldPath":"{path}.initContainers[0].image","paused":false}}]"#
            );
            let text = |image: &str| {
                format!(
                    "kind: {kind}\nmetadata:\n  name: x\n  annotations:\n    image.openshift.io/triggers: |-\n      {triggers}\nspec: {}\n",
                    spec(image)
                )
            };
            let (after, errors) = applied("x.yml", &text("before")).await;
            assert_eq!((after, errors), (text(APP), vec![]), "{kind} {container}");
        }
    }
}

#[tokio::test]
async fn lists_documents_and_json_are_read() {
    let both = format!("{}---\n# nothing\n---\n{}", deployment("a"), deployment("b"));
    let (text, errors) = applied("x.yaml", &both).await;
    let expected = format!("{}---\n# nothing\n---\n{}", deployment(APP), deployment(APP));
    assert_eq!((text, errors), (expected, vec![]));

    let triggers = serde_json::to_string(&trigger("app:v1", "spec.containers[0].image")).unwrap();
    let json = |image: &str| {
        format!(
            "{{\n\t\"kind\": \"List\",\n\t\"items\": [\n\t\t{{\"kind\":\"Pod\",\"metadata\":{{\"name\":\"p\",\"annotations\":{{\"image.openshift.io\\/triggers\":{triggers}}}}},\n\t\t \"spec\":{{\"containers\":[{{\"image\":\"{image}\"}}]}} }}\n\t]\n}}"
        )
    };
    let (text, errors) = applied("x.json", &json("old")).await;
    assert_eq!((text, errors), (json(APP), vec![]));
}

#[tokio::test]
async fn the_namespace_is_that_of_the_trigger_or_the_manifest_or_the_run() {
    for (in_trigger, in_manifest, expected) in [
        ("", "", "1"),
        ("", "prod", "3"),
        ("dev", "prod", "1"),
        ("prod", "", "3"),
        ("none", "", "old"),
    ] {
        let text = |image: &str| {
            let quoted = format!(r#""namespace":"{in_trigger}","#);
            let own = if in_trigger.is_empty() { "" } else { quoted.as_str() };
            let with = format!(r#"{{{own}"kind"#);
            let text = deployment(image).replace("{\"kind", &with);
            if in_manifest.is_empty() {
                text
            } else {
                text.replace(
                    "  annotations:",
                    &format!("  namespace: {in_manifest}\n  annotations:"),
                )
            }
        };
        let (after, errors) = applied("x.yaml", &text("q.io/org/app@sha256:old")).await;
        assert_eq!((after, errors), (text(&format!("q.io/org/app@sha256:{expected}")), vec![]));
    }
}

#[tokio::test]
async fn what_is_paused_or_current_or_unknown_is_left_alone() {
    let old = deployment("old");
    for text in [
        old.replace("\"fieldPath\"", "\"paused\":true,\"fieldPath\""),
        old.replace("\"fieldPath\"", "\"paused\":\"true\",\"fieldPath\""),
        old.replace("ImageStreamTag", "DockerImage"),
        old.replace("app:v1", "app:v9"),
        old.replace("app:v1", "other:v1"),
        old.replace("image.openshift.io/triggers", "example.org/triggers"),
        deployment(APP),
        "kind: Deployment\nmetadata:\n".to_owned(),
        "kind: List\nitems: [1, {}, []]\n".to_owned(),
        String::new(),
        "- a\n- b\n".to_owned(),
    ] {
        let (after, errors) = applied("x.yaml", &text).await;
        assert_eq!((after, errors), (text, vec![]));
    }
}

#[tokio::test]
async fn what_cannot_be_followed_is_told_with_its_place() {
    let old = deployment("old");
    for (text, told) in [
        ("a: b\nc: [\n".to_owned(), "x.yaml:2:4: "),
        (
            old.replace("[{", "[{,"),
            "x.yaml:7:34: Deployment/web has triggers that cannot be read: ",
        ),
        (
            old.replace("app:v1", "app"),
            "x.yaml:7:34: Deployment/web has a trigger that follows no tag: 'app' is not",
        ),
        (
            old.replace("containers[", "volumes["),
            "x.yaml:7:34: Deployment/web has a trigger for no container: ",
        ),
        (
            old.replace("- name: web", "- name: db"),
            "x.yaml:7:34: Deployment/web has no container spec.template",
        ),
        (
            old.replace("image: old", "imagePullPolicy: Always"),
            "x.yaml:7:34: Deployment/web has no text at spec.template",
        ),
        (
            old.replace("image: old", "image: &i old\n          x: *i"),
            "x.yaml:13:21: Deployment/web has at spec",
        ),
        (
            format!("x: &i old\n{}", old.replace("image: old", "image: *i")),
            "x.yaml:14:18: Deployment/web has at spec",
        ),
        (
            old.replace("app:v1", "odd:evil"),
            "x.yaml:13:18: Deployment/web follows dev/odd:evil, which is 'x evil: true'",
        ),
    ] {
        let (after, errors) = applied("x.yaml", &text).await;
        assert_eq!(after, text);
        assert!(errors.len() == 1 && errors[0].starts_with(told), "{told}\n{errors:?}");
    }
}

#[tokio::test]
async fn a_value_stays_text() {
    for (tag, expected) in [("odd:bare", "\"22:30\""), ("odd:v6", "'[::1]:5000/a@sha256:6'")] {
        let text = |image: &str| deployment(image).replace("app:v1", tag);
        let (after, errors) = applied("x.yaml", &text("old")).await;
        assert_eq!((after, errors), (text(expected), vec![]));
    }
}

fn state(path: &Path) -> (u64, i64, i64, u32) {
    let metadata = fs::metadata(path).unwrap();
    (metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), metadata.mode() & 0o777)
}

#[tokio::test]
async fn a_folder_is_looked_through_and_one_fault_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let at = |name: &str| -> PathBuf {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    };
    for name in ["a.yaml", "deep/er/b.yml", "c.JSON", "notes.txt", ".git/d.yaml"] {
        fs::write(at(name), deployment("old")).unwrap();
    }
    fs::write(at("broken.yaml"), deployment("old").replace("metadata:", "metadata: [")).unwrap();
    fs::write(at("chart.yaml"), "a: {{ .Values.x }}\n").unwrap();
    fs::write(at("current.yaml"), deployment(APP)).unwrap();
    fs::write(outside.path().join("e.yaml"), deployment("old")).unwrap();
    symlink(outside.path(), at("link")).unwrap();
    symlink(outside.path().join("e.yaml"), at("link.yaml")).unwrap();
    fs::set_permissions(at("a.yaml"), Permissions::from_mode(0o640)).unwrap();
    let current = state(&at("current.yaml"));

    let missing = folder.path().join("missing");
    let dry = run(&[folder.path(), &missing], triggers::Mode::DryRun).await;
    let written = run(&[folder.path(), &missing, &at("a.yaml")], triggers::Mode::Write).await;
    for report in [&dry, &written] {
        let names: Vec<_> = report.files.iter().map(|file| file.path.clone()).collect();
        assert_eq!(names, [at("a.yaml"), at("c.JSON"), at("deep/er/b.yml")]);
        assert!(
            matches!(
                report.errors.as_slice(),
                [Error::Read { path: missing, .. }, Error::Syntax { path: broken, .. }]
                    if missing.ends_with("missing") && broken.ends_with("broken.yaml")
            ),
            "{:?}",
            report.errors
        );
    }
    for name in ["a.yaml", "deep/er/b.yml", "c.JSON"] {
        assert_eq!(fs::read_to_string(at(name)).unwrap(), deployment(APP), "{name}");
    }
    for path in [at("notes.txt"), at(".git/d.yaml"), outside.path().join("e.yaml")] {
        assert_eq!(fs::read_to_string(&path).unwrap(), deployment("old"), "{}", path.display());
    }
    assert_eq!(state(&at("current.yaml")), current);
    assert_eq!(state(&at("a.yaml")).3, 0o640);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 10, "nothing is left beside");

    let before = state(&at("a.yaml"));
    assert!(run(&[folder.path()], triggers::Mode::Write).await.files.is_empty());
    assert_eq!(state(&at("a.yaml")), before);
}

/// Makes a folder whose path is longer than the system can be asked for.
fn make_too_long(root: &Path) {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let mut folder = openat(CWD, root, flags, Mode::empty()).unwrap();
    for _ in 0..17 {
        let name = "x".repeat(250);
        mkdirat(&folder, &name, Mode::RWXU).unwrap();
        folder = openat(&folder, &name, flags, Mode::empty()).unwrap();
    }
}

#[tokio::test]
async fn what_a_folder_holds_besides_manifests_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("a.yaml"), deployment("old")).unwrap();
    fs::write(at("data.json"), format!("[\"{}\"]", "x".repeat(5 << 20))).unwrap();
    fs::write(at("latin.yaml"), [deployment("old").as_bytes(), b"# \xe4\n"].concat()).unwrap();
    fs::write(at("keda.yaml"), "triggers:\n{{- range .Values.triggers }}\n").unwrap();
    fs::create_dir(at("charts")).unwrap();
    make_too_long(&at("charts"));
    mknodat(CWD, at("pipe.yaml"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    let report = run(&[folder.path()], triggers::Mode::Write).await;
    let files: Vec<_> = report.files.iter().map(|file| &file.path).collect();
    assert_eq!(files, [&at("a.yaml")]);
    assert!(
        matches!(report.errors.as_slice(), [Error::Read { path, .. }] if path.starts_with(at("charts")))
    );

    for (name, told) in [
        ("data.json", "is larger than 4194304 bytes"),
        ("latin.yaml", "is no text"),
        ("pipe.yaml", "is neither a file nor a folder"),
    ] {
        let report = run(&[&at(name)], triggers::Mode::Write).await;
        assert!(report.errors[0].to_string().ends_with(told), "{:?}", report.errors);
    }
}

#[tokio::test]
async fn a_file_keeps_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    fs::write(&path, deployment("old")).unwrap();
    // Only root may give files away; for others it is the same owner in any case.
    let _ = std::os::unix::fs::chown(&path, Some(4711), Some(4712));
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let of = |path: &Path| {
        let metadata = fs::metadata(path).unwrap();
        (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777)
    };
    let before = of(&path);
    assert_eq!(run(&[&path], triggers::Mode::Write).await.files.len(), 1);
    assert_eq!(of(&path), before);
}

#[tokio::test]
async fn a_link_that_is_named_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file.txt"), folder.path().join("link"));
    fs::write(&file, deployment("old")).unwrap();
    symlink("file.txt", &link).unwrap();
    assert_eq!(run(&[&link, &file], triggers::Mode::Write).await.files.len(), 1);
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(&file).unwrap(), deployment(APP));
}

#[tokio::test]
async fn what_is_too_large_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.yaml");
    fs::write(&path, "#".repeat((4 << 20) + 1)).unwrap();
    let report = run(&[&path], triggers::Mode::Write).await;
    assert!(matches!(report.errors.as_slice(), [Error::TooLarge { .. }]), "{:?}", report.errors);
}

#[tokio::test]
async fn a_dry_run_shows_a_diff_that_patch_takes() {
    need!("patch");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.yaml");
    let second = deployment("second")
        .replace("kind:", "# so\n# far\n# away\n# that\n# it is\n# another\n# hunk\nkind:");
    let text = format!("{}---\n{}", deployment("first"), second.trim_end_matches('\n'));
    fs::write(&path, &text).unwrap();
    let before = state(&path);
    let report = run(&[&path], triggers::Mode::DryRun).await;
    assert_eq!((state(&path), fs::read_to_string(&path).unwrap()), (before, text.clone()));
    let [file] = report.files.as_slice() else { panic!("{report:?}") };
    let edits: Vec<_> =
        file.edits.iter().map(|edit| (edit.old.as_str(), edit.place.line)).collect();
    assert_eq!(edits, [("first", 13), ("second", 35)]);
    let lines: Vec<_> = file.diff.lines().collect();
    let name = path.display();
    assert_eq!(
        lines[..9],
        [
            format!("--- {name}").as_str(),
            &format!("+++ {name}"),
            "@@ -10,7 +10,7 @@",
            "     spec:",
            "       containers:",
            "         - name: web",
            "-          image: first",
            "+          image: q.io/org/app@sha256:1",
            "           args: [\"-v\",   'x']",
        ]
    );
    assert_eq!(lines.last().unwrap(), &"\\ No newline at end of file");
    assert_eq!(file.diff.matches("@@ -").count(), 2);

    run(&[&path], triggers::Mode::Write).await;
    let written = fs::read_to_string(&path).unwrap();
    assert_eq!(
        written,
        text.replace("image: first", &format!("image: {APP}"))
            .replace("image: second", &format!("image: {APP}"))
    );
    let diff = folder.path().join("diff");
    fs::write(&diff, &file.diff).unwrap();
    fs::write(&path, &text).unwrap();
    let mut patch = std::process::Command::new("patch");
    let status = patch.arg("-s").arg(&path).stdin(fs::File::open(&diff).unwrap()).status();
    assert!(status.unwrap().success());
    assert_eq!(fs::read_to_string(&path).unwrap(), written);
}
