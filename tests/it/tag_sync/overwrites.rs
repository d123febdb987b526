//! Tags that move: what is kept of them, who is told, and which never do.

use std::collections::BTreeSet;
use std::process::Command;

use super::Scene;
use crate::support::faults::{Canned, Fault};
use crate::support::responder::{Reply, Responder};

#[test]
fn an_image_that_is_overwritten_is_kept_first() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_all("org/app", &["v1", "v2"]);
    scene.rules(
        "- {source: SOURCE/org/app, to: TARGET/app, backup: 'before-{digest}-{tag}', prune: tags}",
    );
    scene.ok("run", &[]);
    let (first, whole) = (scene.at("app:v1"), scene.target.fetch("app:v1"));
    let second = scene.push("org/app:v1");
    let backup = format!("before-{}-v1", &first[7..19]);
    let ran = scene.sync("check", &[]);
    let told = format!("(before: {first}) (kept as {backup})\n");
    assert!(ran.stdout.ends_with(&told), "{}", ran.stdout);

    // What cannot be kept is not overwritten, and nothing is deleted then.
    scene.put("app:stray");
    let part = format!("/v2/app/manifests/{backup}");
    scene.to.fault(usize::MAX, "PUT", &part, Fault::Answer(Canned::status(403)));
    let said = scene.fails(1, "run", &[]);
    assert!(said.contains("is not overwritten, for it could not be kept as"), "{said}");
    assert_eq!(scene.at("app:v1"), first);
    scene.has("app", "v1 v2 stray");
    scene.to.heal();

    scene.ok("run", &["--report", "report.json"]);
    assert_eq!(scene.at("app:v1"), second);
    assert_eq!(scene.target.fetch(&format!("app:{backup}")), whole);
    let image = &scene.json("report.json")["images"][0];
    assert_eq!((&image["before"], &image["digest"]), (&first.into(), &second.into()));
    let kept = format!("{}/app:{backup}", scene.to.address());
    assert_eq!(image["backup"], kept.as_str());
    scene.has("app", &format!("v1 v2 {backup}"));
}

#[test]
fn no_backup_takes_the_place_of_another() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.rules(
        "- {source: SOURCE/org/app, to: TARGET/app, backup: '{tag}-before-{date}', prune: tags}",
    );
    let digests: Vec<String> = (0..4)
        .map(|_| {
            let digest = scene.push("org/app:v1");
            scene.ok("run", &[]);
            digest
        })
        .collect();
    let kept = scene.tags("app").into_iter().filter(|tag| tag != "v1");
    let kept: BTreeSet<String> = kept.map(|tag| scene.at(&format!("app:{tag}"))).collect();
    assert_eq!(kept, digests[..3].iter().cloned().collect());
    assert_eq!(scene.at("app:v1"), digests[3]);
    assert_eq!(scene.ok("run", &["--fresh"]), "");
}

#[test]
fn a_backup_does_not_take_the_name_of_a_tag_that_is_wanted() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let first = scene.push("org/app:v1");
    scene.rules("- {source: SOURCE/org/app, to: TARGET/app, backup: '{tag}-old'}");
    scene.ok("run", &[]);
    let (second, upstream) = (scene.push("org/app:v1"), scene.push("org/app:v1-old"));
    scene.ok("run", &[]);
    let beside = format!("v1-old-{}", &first["sha256:".len()..][..12]);
    scene.has("app", &format!("v1 v1-old {beside}"));
    assert_eq!(scene.at("app:v1"), second);
    assert_eq!(scene.at("app:v1-old"), upstream);
    assert_eq!(scene.at(&format!("app:{beside}")), first);
}

#[test]
fn an_immutable_tag_that_has_moved_upstream_is_an_error_and_stays() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let first = scene.push("org/app:v1");
    scene.push("org/app:edge");
    scene.rules("- {source: SOURCE/org/app, to: TARGET/app, immutable: ['v*']}");
    scene.ok("run", &[]);
    let (moved, edge) = (scene.push("org/app:v1"), scene.push("org/app:edge"));
    for (verb, more) in [("check", &[][..]), ("run", &[]), ("run", &["--fresh"])] {
        let said = scene.fails(1, verb, more);
        let told = format!("has {first}, upstream has {moved} now, and immutable 'v*' says");
        assert!(said.contains(&told), "{said}");
    }
    assert_eq!((scene.at("app:v1"), scene.at("app:edge")), (first, edge));
}

#[test]
fn the_rules_of_a_target_agree_on_a_tag_whatever_their_order() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let first = scene.push("org/app:v1");
    scene.push("two/app:v1");
    let one = "- {name: one, source: SOURCE/org/app, to: TARGET/app}";
    let two = "- {name: two, source: SOURCE/two/app, to: TARGET/app}";
    for rules in [[one, two], [two, one]] {
        scene.rules(&rules.join("\n"));
        let said = scene.fails(1, "run", &[]);
        assert!(said.contains("app:v1 would be two images"), "{said}");
        assert!(scene.is_untouched());
    }
    // One that is careful is careful for both.
    let plain = "- {name: plain, source: SOURCE/org/app, to: TARGET/app}";
    let careful = "- {name: careful, source: SOURCE/org/app, to: TARGET/app, immutable: [v1]}";
    scene.rules(plain);
    scene.ok("run", &[]);
    scene.push("org/app:v1");
    for rules in [[plain, careful], [careful, plain]] {
        scene.rules(&rules.join("\n"));
        scene.fails(1, "run", &[]);
        assert_eq!(scene.at("app:v1"), first);
    }
    let kept = "- {name: kept, source: SOURCE/org/app, to: TARGET/app, backup: '{tag}-{digest}'}";
    for rules in [[plain, kept], [kept, plain]] {
        let before = scene.at("app:v1");
        scene.rules(&rules.join("\n"));
        scene.push("org/app:v1");
        scene.ok("run", &[]);
        assert_eq!(scene.at(&format!("app:v1-{}", &before[7..19])), before);
    }
}

#[test]
fn others_are_told_once_of_each_tag_that_has_moved() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let hook = Responder::new(|_| Some(Reply::new(204)));
    let first = scene.push("org/app:v1");
    scene.push("org/app:v2");
    scene.file("key", "geheim");
    scene.rules(&format!(
        "- source: SOURCE/org/app\n  to: [TARGET/one, TARGET/two]\n  on-change:\n\
         \x20   command: 'echo $LONGSHORE_STREAM:$LONGSHORE_TAG $LONGSHORE_OLD_DIGEST $LONGSHORE_NEW_DIGEST >>told'\n\
         \x20   url: http://{}/hook\n    secret-file: key",
        hook.address()
    ));
    scene.ok("run", &[]);
    let told = scene.read("told");
    assert_eq!((told.lines().count(), hook.asked().len()), (4, 4), "{told}");
    assert!(told.contains(&format!("one:v1 {first}\n")), "{told}");

    scene.ok("run", &[]);
    assert_eq!((scene.read("told"), hook.asked().len()), (told, 4));
    let second = scene.push("org/app:v1");
    std::fs::remove_file(scene.shell.path("told")).unwrap();
    scene.ok("run", &[]);
    let told = scene.read("told");
    let mut lines: Vec<&str> = told.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["one", "two"].map(|name| format!("{name}:v1 {first} {second}")));
    let posted = &hook.asked()[4..];
    assert_eq!(posted.len(), 2);
    let body: serde_json::Value = serde_json::from_str(&posted[0].body).unwrap();
    assert_eq!((&body["old"]["digest"], &body["new"]["digest"]), (&first.into(), &second.into()));
    let signature = crate::reaction_webhook::signature("geheim", &posted[0].body);
    let sent = posted[0].headers.get("x-longshore-signature-256").unwrap().to_str().unwrap();
    assert_eq!(sent, signature);

    // Nobody is told of what did not come, and a command that fails is an error.
    scene.push("org/app:v1");
    scene.to.fault(usize::MAX, "PUT", "/v2/two/manifests/v1", Fault::Answer(Canned::status(403)));
    scene.fails(1, "run", &[]);
    assert_eq!(hook.asked().len(), 7);
    scene.to.heal();
    scene.rules("- {source: SOURCE/org/app, to: TARGET/one, on-change: 'exit 3'}");
    scene.push("org/app:v2");
    let said = scene.fails(1, "run", &[]);
    assert!(said.contains("exit status: 3"), "{said}");
}

#[test]
fn a_rule_waits_for_its_window() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push("org/app:v1");
    let hour = |later: i64| {
        let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(later);
        time.strftime("%H:00").to_string()
    };
    let (from, to) = (hour(2), hour(3));
    scene.rules(&format!(
        "- {{name: app, source: SOURCE/org/app, to: TARGET/app, window: [{{from: '{from}', to: '{to}'}}]}}"
    ));
    let ran = scene.sync("run", &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("note: rule app waits: its window opens at "), "{}", ran.stderr);
    assert!(ran.stderr.contains("; --any-time runs it now\n"), "{}", ran.stderr);
    assert!(scene.is_untouched() && scene.from.seen().is_empty());
    // What a run would do is shown at any time.
    assert_eq!(scene.sync("check", &[]).code, Some(10));
    scene.ok("run", &["--any-time"]);
    scene.has("app", "v1");
    let (from, to) = (hour(-1), hour(2));
    scene.push("org/app:v2");
    scene.rules(&format!(
        "- {{source: SOURCE/org/app, to: TARGET/app, window: [{{from: '{from}', to: '{to}', limit-rate: 50M}}]}}"
    ));
    scene.ok("run", &[]);
    scene.has("app", "v1 v2");
}

#[test]
fn a_summary_goes_to_a_job_of_github() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_all("org/app", &["v1", "v2"]);
    scene.rules("- {name: 'a|b', source: SOURCE/org/app, to: TARGET/app}\n- {name: bad, source: SOURCE/org/gone, to: TARGET/gone}");
    let mut command: Command = crate::support::program::longshore(scene.shell.home());
    command.env("GITHUB_STEP_SUMMARY", "summary.md");
    let run = [&super::arguments("run", &[])[..], &["--github-summary"]].concat();
    let ran = crate::support::program::ended(command, &run, "");
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let summary = scene.read("summary.md");
    assert!(summary.contains("| a\\|b | 0 | 2 | 0 | 0 | "), "{summary}");
    assert!(summary.contains("| bad | 0 | 0 | 0 | 1 | "), "{summary}");
    assert!(summary.contains("org/gone"), "{summary}");
    let said = scene.fails(2, "run", &["--github-summary"]);
    assert!(said.contains("GITHUB_STEP_SUMMARY"), "{said}");
}
