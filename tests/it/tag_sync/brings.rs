//! What a run brings, and what that costs.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Scene, asked_since, digest_at};
use crate::support::layout::digest;
use crate::support::site::Site;
use crate::support::skopeo;

const ONE: &str = "- {name: app, source: SOURCE/org/app, to: TARGET/app, tags: ['v*']}";

#[test]
fn a_check_tells_what_a_run_would_do_and_writes_nothing() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_all("org/app", &["v1", "v2", "edge"]);
    scene.rules(ONE);
    let ran = scene.sync("check", &[]);
    assert_eq!(ran.code, Some(10), "{}", ran.stderr);
    let from = |tag: &str| format!("{}/org/app:{tag}", scene.from.address());
    let to = |tag: &str| format!("{}/app:{tag}", scene.to.address());
    let lines = ["v1", "v2"].map(|tag| format!("new      {} -> {}\n", from(tag), to(tag)));
    assert_eq!(ran.stdout, lines.concat());
    assert!(ran.stderr.contains("done: 2 changes, "), "{}", ran.stderr);
    let shown = scene.ok("run", &["--dry-run"]);
    assert_eq!(shown, lines.concat());
    assert!(scene.is_untouched());

    let told: Value = serde_json::from_str(&scene.sync("check", &["-o", "json"]).stdout).unwrap();
    assert_eq!((&told["inStep"], told["changes"].as_array().unwrap().len()), (&0.into(), 2));
    assert_eq!(told["changes"][0]["digest"], digest_at(&scene.source, "org/app:v1"));
    // Two images with a layer and a configuration each.
    assert!(told["bytes"].as_u64().unwrap() > 4000, "{told}");
}

#[test]
fn a_run_copies_just_what_is_selected_and_then_there_is_nothing_to_do() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_all("org/app", &["v1", "v2", "v3", "edge"]);
    scene.rules(ONE);
    let told = scene.ok("run", &[]);
    assert_eq!(told.lines().count(), 3, "{told}");
    scene.has("app", "v1 v2 v3");
    for tag in ["v1", "v2", "v3"] {
        let [from, to] = [format!("org/app:{tag}"), format!("app:{tag}")];
        assert_eq!(scene.target.fetch(&to), scene.source.fetch(&from));
        assert!(told.contains(&format!("{} {}/app:{tag}\n", scene.at(&to), scene.to.address())));
    }
    let (from, to) = (scene.from.seen().len(), scene.to.seen().len());
    let ran = scene.sync("run", &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("done: 0 copied (0 B), 3 in step"), "{}", ran.stderr);
    // One question for each tag, and one list of tags on each side.
    let heads = ["v1", "v2", "v3"].map(|tag| format!("HEAD /v2/org/app/manifests/{tag}"));
    let expected = [&["GET /v2/org/app/tags/list".to_owned()][..], &heads].concat();
    assert_eq!(asked_since(&scene.from, from), expected);
    assert_eq!(asked_since(&scene.to, to), ["GET /v2/app/tags/list"]);
    assert_eq!((scene.sync("check", &[]).code, scene.ok("check", &[])), (Some(0), String::new()));
}

#[test]
fn a_tag_that_has_moved_upstream_moves_at_the_target() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let first = scene.push("org/app:v1");
    scene.push("org/app:v2");
    scene.rules(ONE);
    scene.ok("run", &[]);
    let second = scene.push("org/app:v1");
    let ran = scene.sync("check", &[]);
    let line = format!(" -> {}/app:v1 (before: {first})\n", scene.to.address());
    assert!(ran.code == Some(10) && ran.stdout.ends_with(&line), "{}", ran.stdout);
    assert_eq!(scene.ok("run", &[]).lines().count(), 1);
    assert_eq!(scene.at("app:v1"), second);
}

#[test]
fn several_targets_get_an_image_that_is_read_once() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let other = Site::open();
    scene.push_all("org/app", &["v1", "v2"]);
    let to = format!("[TARGET/a, TARGET/deep/b, {}]", other.image("c"));
    scene.rules(&format!("- {{source: SOURCE/org/app, to: {to}}}"));
    assert_eq!(scene.ok("run", &[]).lines().count(), 6);
    for tag in ["v1", "v2"] {
        let wanted = scene.source.fetch(&format!("org/app:{tag}"));
        for (site, name) in [(&scene.target, "a"), (&scene.target, "deep/b"), (&other, "c")] {
            assert_eq!(site.fetch(&format!("{name}:{tag}")), wanted);
        }
    }
    // Two images, each with a layer and a configuration.
    assert_eq!(scene.from.count("GET", "/blobs/"), 4);
    assert_eq!(scene.from.count("GET", "/tags/list"), 1);
}

#[test]
fn picked_platforms_make_an_image_that_is_known_again() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let push = |tag: &str, seed: u64| {
        let images = ["linux/amd64", "linux/arm64", "windows/amd64"].map(|platform| {
            let layers = [scene.layout.noise_layer(seed + platform.len() as u64, 1000)];
            scene.layout.image(platform, &layers)
        });
        scene.send(&scene.layout.index(&images), &[(&scene.source, &format!("org/app:{tag}"))]);
        images
    };
    let images = push("v1", 500);
    scene.rules("- {source: SOURCE/org/app, to: TARGET/one, platforms: [linux/arm64]}\n- {name: two, source: SOURCE/org/app, to: TARGET/two, platforms: [linux/amd64, linux/arm64]}");
    scene.ok("run", &[]);
    assert_eq!(scene.at("one:v1"), digest(&images[1]));
    let place = format!("docker://{}", scene.target.image("two:v1"));
    let index = skopeo::json(&["inspect", "--raw", "--tls-verify=false", &place]);
    let picked: Vec<&str> = index["manifests"].as_array().unwrap().iter().map(digest).collect();
    assert_eq!(picked, [digest(&images[0]), digest(&images[1])]);

    // What was picked once is remembered, so nothing is read again.
    let before = scene.from.seen().len();
    assert_eq!(scene.ok("run", &[]), "");
    assert_eq!(
        asked_since(&scene.from, before),
        [
            "GET /v2/org/app/tags/list",
            "GET /v2/org/app/tags/list",
            "HEAD /v2/org/app/manifests/v1",
            "HEAD /v2/org/app/manifests/v1"
        ]
    );
    assert_eq!(scene.ok("run", &["--fresh"]), "");
    let images = push("v1", 600);
    assert_eq!(scene.ok("run", &[]).lines().count(), 2);
    assert_eq!(scene.at("one:v1"), digest(&images[1]));
}

#[test]
fn tags_get_other_names_and_images_come_by_digest() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_all("org/app", &["v1.2.3", "v2.0.0"]);
    let kept = scene.push("org/app:old");
    scene.push("org/app:old");
    scene.rules(&format!(
        "- {{name: a, source: SOURCE/org/app, to: TARGET/app, tags: ['v*'], rename: 'up-{{major}}.{{minor}}', digests: ['{kept}']}}\n\
         - {{name: b, source: SOURCE/org/app, to: TARGET/b, rename: [{{match: 'v(.*)', to: '$1'}}, {{match: old, to: new}}]}}"
    ));
    scene.ok("run", &[]);
    scene.has("app", "up-1.2 up-2.0");
    scene.has("b", "1.2.3 2.0.0 new");
    assert_eq!(scene.at("app:up-1.2"), digest_at(&scene.source, "org/app:v1.2.3"));
    assert_eq!(scene.at("b:new"), digest_at(&scene.source, "org/app:old"));
    let by_digest = |site: &Site, repository: &str| site.fetch(&format!("{repository}@{kept}"));
    assert_eq!(by_digest(&scene.target, "app"), by_digest(&scene.source, "org/app"));
    assert_eq!(scene.ok("run", &[]), "");
    assert_eq!(scene.ok("check", &["--fresh"]), "");
}

#[test]
fn one_tag_that_a_rule_names_has_to_be_there() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_all("org/app", &["v1", "v2"]);
    scene.rules("- {source: 'SOURCE/org/app:v1', to: TARGET/app}");
    scene.ok("run", &[]);
    scene.has("app", "v1");
    assert_eq!(scene.from.count("GET", "/tags/list"), 0);
    scene.rules("- {source: 'SOURCE/org/app:v3', to: TARGET/app}");
    let said = scene.fails(4, "run", &[]);
    assert!(said.contains("org/app:v3"), "{said}");
}

#[test]
fn what_refers_to_an_image_comes_along_as_a_rule_says() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let image = scene.image("2025-01-01T00:00:00Z");
    scene.send(&image, &[(&scene.source, "org/app:v1")]);
    let sign = |text: &str| {
        let signature = scene.layout.cosign_signature(&image, text);
        let tag = format!("org/app:{}.sig", digest(&image).replace(':', "-"));
        scene.send(&signature, &[(&scene.source, &tag)])
    };
    let first = sign("once");
    let rule = |to: &str, referrers: &str| {
        format!(
            "- {{name: {to}, source: SOURCE/org/app, to: TARGET/{to}, tags: ['v*'], on-change: 'echo {to} >>told', {referrers}}}\n"
        )
    };
    let rules =
        rule("none", "referrers: false") + &rule("new", "") + &rule("all", "referrers: true");
    scene.rules(&rules);
    scene.ok("run", &[]);
    let signature = format!("{}.sig", digest(&image).replace(':', "-"));
    scene.has("none", "v1");
    scene.has("new", &format!("v1 {signature}"));
    scene.has("all", &format!("v1 {signature}"));
    assert_eq!(scene.at(&format!("all:{signature}")), first);

    // Signatures that come later come where they are looked for each time.
    assert_eq!(scene.sync("check", &[]).code, Some(0));
    let second = sign("twice");
    let ran = scene.sync("check", &[]);
    assert_eq!(ran.code, Some(10), "{}{}", ran.stdout, ran.stderr);
    scene.ok("run", &[]);
    assert_eq!(scene.at(&format!("new:{signature}")), first);
    assert_eq!(scene.at(&format!("all:{signature}")), second);
    // What is in step is not told.
    let ran = scene.sync("run", &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("done: 0 copied (0 B), 3 in step"), "{}", ran.stderr);
    // Nor is anybody told of it.
    assert_eq!(scene.read("told").lines().count(), 3);
}

#[test]
fn repositories_below_a_place_are_taken_as_the_rule_says() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    for repository in ["org/a", "org/b", "org/deep/c", "org/a-test", "organ/x", "other/y"] {
        scene.push_all(repository, &["v1", "latest"]);
    }
    scene.rules(
        "- {source: SOURCE/org/, to: TARGET/mirror/, repositories: ['*', '!*-test'], tags: ['!latest']}",
    );
    scene.ok("run", &[]);
    let repositories = |below: &str| -> BTreeSet<String> {
        let root = scene.target.registry.storage().join("repositories").join(below);
        let names = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    };
    assert_eq!(repositories(""), BTreeSet::from(["mirror".to_owned()]));
    let names = ["a", "b", "deep"].map(str::to_owned);
    assert_eq!(repositories("mirror"), BTreeSet::from(names));
    for repository in ["mirror/a", "mirror/b", "mirror/deep/c"] {
        scene.has(repository, "v1");
    }
    assert_eq!(scene.from.count("GET", "/_catalog"), 1);

    // A repository that comes up later is found, and one that goes takes nothing away.
    scene.push("org/new:v1");
    assert_eq!(scene.ok("run", &[]).lines().count(), 1);
    scene.has("mirror/new", "v1");
    scene.rules("- {source: SOURCE/nobody/, to: TARGET/mirror/}");
    let said = scene.fails(4, "run", &[]);
    assert!(said.contains("no repository below"), "{said}");
}

#[test]
fn nothing_goes_below_its_own_source() {
    let scene = Scene::new();
    scene.rules("- {source: SOURCE/org/, to: SOURCE/org/backup/}");
    let said = scene.fails(2, "run", &[]);
    assert!(said.contains("each run would find there what the one before has brought"), "{said}");
}

#[test]
fn layouts_are_targets_too() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_all("org/app", &["v1", "v2"]);
    scene.rules("- {source: SOURCE/org/app, to: 'oci:copy', prune: tags}");
    scene.ok("run", &[]);
    let copied = skopeo::fetch(&scene.shell.full("oci:copy:v2"), &[]);
    assert_eq!(copied, scene.source.fetch("org/app:v2"));
    assert_eq!(scene.ok("run", &[]), "");
}

#[test]
fn rules_come_from_standard_input_and_say_how_registries_are_reached() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_all("org/app", &["v1", "v2"]);
    let rules = scene.placed(
        "version: 1\nregistries: {SOURCE: {plain-http: true}, TARGET: {plain-http: true}}\nrules:\n\
         - {name: one, source: SOURCE/org/app, to: TARGET/one, tags: [v1]}\n\
         - {name: two, source: SOURCE/org/app, to: TARGET/two}",
    );
    let run = ["tag-sync", "run", "-", "-o", "json"];
    let told = scene.shell.ok_with(&rules, &[&run[..], &["--rule", "two"]].concat());
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["counts"]["copied"], &told["rules"][0]["name"]), (&2.into(), &"two".into()));
    scene.has("two", "v1 v2");
    let ran = scene.shell.feed(&rules, &[&run[..], &["--rule", "three"]].concat());
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("no rule is called 'three'; there are one, two"), "{}", ran.stderr);
    let ran = scene.shell.feed("version: 1\nrules: [{source: x}]", &run[..3]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.starts_with("error: -:2:18: not a file of rules"), "{}", ran.stderr);
    scene.shell.fails(7, &["tag-sync", "run", "nowhere.yaml"]);
}
