//! What becomes of tags of a target that no rule takes.

use std::fs;

use super::Scene;
use crate::support::faults::{Canned, Fault};
use crate::support::layout::digest;

/// A scene whose target has the tags `v1` and `v2` from upstream, and `old` and `older` by somebody else.
fn scene(rule: &str) -> Scene {
    let scene = Scene::new();
    scene.push_all("org/app", &["v1", "v2"]);
    scene.put("app:old");
    scene.put("app:older");
    scene.rules(&format!("- {{name: app, source: SOURCE/org/app, to: TARGET/app, {rule}}}"));
    scene
}

#[test]
fn tags_that_no_rule_takes_are_told_or_deleted_or_left_alone() {
    need!("docker-registry", "skopeo");
    let scene = scene("tags: ['v*']");
    scene.ok("run", &[]);
    scene.has("app", "v1 v2 old older");
    let rule = |prune: &str| {
        let rule = "- {name: app, source: SOURCE/org/app, to: TARGET/app, tags: ['v*'], prune: ";
        scene.rules(&format!("{rule}{prune}}}"));
    };
    rule("report");
    let stray = |tag: &str| format!("stray    {}/app:{tag}\n", scene.to.address());
    let strays = stray("old") + &stray("older");
    assert_eq!(scene.ok("run", &[]), strays);
    assert_eq!(scene.ok("check", &[]), strays);
    scene.has("app", "v1 v2 old older");
    rule("off");
    assert_eq!(scene.ok("run", &[]), "");

    rule("tags");
    let ran = scene.sync("check", &[]);
    assert_eq!((ran.code, ran.stdout), (Some(10), strays.replace("stray ", "delete")));
    scene.has("app", "v1 v2 old older");
    let ran = scene.sync("run", &[]);
    assert_eq!((ran.code, ran.stdout), (Some(0), strays.replace("stray  ", "deleted")));
    assert!(ran.stderr.contains("2 in step, 2 deleted"), "{}", ran.stderr);
    scene.has("app", "v1 v2");
    assert_eq!(scene.ok("run", &[]), "");
}

#[test]
fn what_was_deleted_is_put_back() {
    need!("docker-registry", "skopeo");
    let scene = scene("tags: ['v*'], prune: tags");
    let (old, older) = (scene.target.fetch("app:old"), scene.at("app:older"));
    let ran = scene.sync("run", &[]);
    let list = scene.undo_list();
    let told = format!("undo: longshore tag-sync undo {list} tag-sync.yaml\n");
    assert!(ran.stderr.contains(&told), "{}", ran.stderr);
    scene.has("app", "v1 v2");

    // What somebody has set since stays.
    let new = scene.put("app:older");
    let shown = scene.ok("undo", &[&list]);
    assert!(
        shown.contains(&format!("{new} {}/app:older (stays)\n", scene.to.address())),
        "{shown}"
    );
    assert_ne!(scene.at("app:older"), older);
    assert_eq!(scene.target.fetch("app:old"), old);
    scene.has("app", "v1 v2 old older");

    // A list that somebody has changed is not believed.
    let text = fs::read_to_string(&list).unwrap();
    fs::write(&list, text.replacen("\"data\": \"", "\"data\": \"ew", 1)).unwrap();
    let said = scene.fails(6, "undo", &[&list]);
    assert!(said.contains("is damaged"), "{said}");
    fs::write(&list, "{}").unwrap();
    scene.fails(2, "undo", &[&list]);
}

#[test]
fn two_runs_within_a_second_keep_two_lists() {
    need!("docker-registry", "skopeo");
    let scene = scene("tags: ['v*'], prune: tags");
    scene.ok("run", &[]);
    for _ in 0..2 {
        scene.put("app:more");
        scene.ok("run", &[]);
    }
    let folder = scene.shell.path(".local/state/longshore/tag-sync/undo");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 3);
}

#[test]
fn no_more_than_max_delete_go_and_what_is_protected_stays() {
    need!("docker-registry", "skopeo");
    let scene = scene("tags: ['v*'], prune: {mode: tags, max-delete: 1}");
    let said = scene.fails(1, "run", &[]);
    let told =
        format!("2 tags of {}/app would be deleted, and max-delete is 1", scene.to.address());
    assert!(said.contains(&told), "{said}");
    scene.has("app", "v1 v2 old older");
    scene.rules(
        "- {name: app, source: SOURCE/org/app, to: TARGET/app, tags: ['v*'], prune: {mode: tags, max-delete: 1, protect: ['old*r']}}\n\
         - {name: more, source: SOURCE/org/app, to: TARGET/app, tags: ['v*']}",
    );
    scene.ok("run", &[]);
    scene.has("app", "v1 v2 older");
}

#[test]
fn backups_and_what_refers_to_images_stay() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let image = scene.image("2025-01-01T00:00:00Z");
    scene.send(&image, &[(&scene.source, "org/app:v1"), (&scene.target, "app:v1")]);
    let hex = digest(&image).replace(':', "-");
    let signature = scene.layout.cosign_signature(&image, "signed");
    for suffix in ["", ".sig", ".att", ".sbom"] {
        scene.send(&signature, &[(&scene.target, &format!("app:{hex}{suffix}"))]);
    }
    for tag in ["v0-before-20200101", "stray", "sha256-abc", "v0-before-2020"] {
        scene.put(&format!("app:{tag}"));
    }
    let rule =
        "- {source: SOURCE/org/app, to: TARGET/app, prune: tags, backup: '{tag}-before-{date}'}";
    scene.rules(rule);
    scene.ok("run", &[]);
    scene.has("app", &format!("v1 v0-before-20200101 {hex} {hex}.sig {hex}.att {hex}.sbom"));
}

#[test]
fn what_another_rule_takes_stays_whichever_of_them_runs() {
    need!("docker-registry", "skopeo");
    let scene = scene("tags: ['v*'], prune: tags");
    scene.push("two/app:w1");
    scene.push("three/app:x1");
    let rules = "- {name: app, source: SOURCE/org/app, to: TARGET/app, tags: ['v*'], prune: tags}\n\
                 - {name: two, source: SOURCE/two/app, to: TARGET/app}\n\
                 - {name: three, source: SOURCE/three/, to: TARGET/}";
    scene.rules(rules);
    scene.ok("run", &[]);
    scene.has("app", "v1 v2 w1 x1");
    for more in [&["--rule", "app"][..], &["--rule", "app", "--fresh"], &["--rule", "two"], &[]] {
        scene.ok("run", more);
        scene.has("app", "v1 v2 w1 x1");
    }
}

#[test]
fn nothing_is_deleted_where_a_rule_that_writes_there_does_not_know_what_it_takes() {
    need!("docker-registry", "skopeo");
    let scene = scene("tags: ['v*'], prune: tags");
    scene.push("two/app:w1");
    scene.push("three/app:x1");
    let rules = "- {name: app, source: SOURCE/org/app, to: TARGET/app, tags: ['v*']}\n\
                 - {name: two, source: SOURCE/two/app, to: TARGET/app}\n\
                 - {name: three, source: SOURCE/three/, to: TARGET/}";
    scene.rules(rules);
    scene.ok("run", &[]);
    let all = "v1 v2 w1 x1 old older";
    scene.has("app", all);
    scene.rules(&rules.replace("tags: ['v*']}", "tags: ['v*'], prune: tags}"));
    let broken = Fault::Answer(Canned::status(403));
    for (method, part) in [
        ("GET", "/v2/two/app/tags/list"),
        ("HEAD", "/v2/two/app/manifests/w1"),
        ("GET", "/v2/_catalog"),
        ("GET", "/v2/three/app/tags/list"),
        ("HEAD", "/v2/three/app/manifests/x1"),
        ("HEAD", "/v2/org/app/manifests/v2"),
    ] {
        scene.from.fault(usize::MAX, method, part, broken.clone());
        for more in [&[][..], &["--fresh"], &["--rule", "app"]] {
            let ran = scene.sync("run", more);
            assert_eq!(ran.code, Some(1), "{part}: {}", ran.stderr);
            scene.has("app", all);
            let told = format!("no tag of {}/app is deleted", scene.to.address());
            assert!(ran.stderr.contains(&told), "{part}: {}", ran.stderr);
        }
        scene.from.heal();
    }
    // A rule of another target does not matter.
    scene.rules(
        "- {name: app, source: SOURCE/org/app, to: TARGET/app, tags: ['v*'], prune: {mode: tags, protect: ['w*', 'x*', older]}}\n\
         - {name: gone, source: SOURCE/gone/app, to: TARGET/gone}",
    );
    scene.ok("run", &["--rule", "app"]);
    scene.has("app", "v1 v2 w1 x1 older");
    assert_eq!(scene.from.count("GET", "/v2/gone/app"), 0);
}

#[test]
fn nothing_is_deleted_where_a_copy_has_failed_or_no_tag_is_selected() {
    need!("docker-registry", "skopeo");
    let scene = scene("tags: ['v*'], prune: tags");
    scene.to.fault(usize::MAX, "PUT", "/v2/app/manifests/v2", Fault::Answer(Canned::status(403)));
    scene.fails(1, "run", &[]);
    scene.has("app", "v1 old older");
    scene.to.heal();
    // Some registries give no list to who may read and write.
    scene.to.fault(usize::MAX, "GET", "/v2/app/tags/list", Fault::Answer(Canned::status(403)));
    let said = scene.fails(1, "run", &[]);
    assert!(said.contains("it does not tell which tags it has"), "{said}");
    scene.has("app", "v1 v2 old older");
    scene.to.heal();
    scene.rules("- {name: app, source: SOURCE/org/app, to: TARGET/app, tags: ['w*'], prune: tags}");
    let said = scene.fails(1, "run", &[]);
    assert!(said.contains("the rule selects none: that may be a mistake"), "{said}");
    scene.has("app", "v1 v2 old older");
}

#[test]
fn an_image_that_is_wanted_by_digest_stays_when_a_tag_of_it_goes() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push("org/app:v1");
    let wanted = scene.push("org/app:pinned");
    scene.rules("- {source: SOURCE/org/app, to: TARGET/app, tags: ['v*', pinned]}");
    scene.ok("run", &[]);
    scene.has("app", "v1 pinned");
    let rule = "- {name: app, source: SOURCE/org/app, to: TARGET/app, tags: ['v*'], prune: tags";
    scene.rules(&format!("{rule}, digests: ['{wanted}']}}"));
    // This registry cannot take the tag away alone.
    let ran = scene.sync("run", &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("stays "), "{}", ran.stdout);
    scene.target.fetch(&format!("app@{wanted}"));
    // Another rule may want it as well.
    let other = format!(
        "- {{name: b, source: SOURCE/org/app, to: TARGET/app, tags: [v1], digests: ['{wanted}']}}"
    );
    scene.rules(&format!("{rule}}}\n{other}"));
    for more in [&[][..], &["--rule", "app"]] {
        scene.ok("run", more);
        scene.target.fetch(&format!("app@{wanted}"));
    }
    scene.rules(&format!("{rule}}}"));
    scene.ok("run", &[]);
    scene.has("app", "v1");
}
