//! Why a tag is taken, or left.

use serde_json::Value;

use super::Scene;

#[test]
fn a_tag_is_explained_at_its_source_and_at_its_target() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let digest = scene.push("org/app:v1");
    scene.push_all("org/app", &["v2-rc1", "v3"]);
    scene.push("org/hidden-test:v1");
    scene.rules(
        "- {name: all, source: SOURCE/org/, to: TARGET/all/, repositories: ['!*-test'], tags: ['!*-rc*']}\n\
         - {name: app, source: SOURCE/org/app, to: [TARGET/one, TARGET/two], tags: {semver: '<2'}, rename: 'up-{tag}'}\n\
         - {name: third, source: 'SOURCE/org/app:v3', to: TARGET/third}",
    );
    let explain = |name: &str| scene.ok("explain", &[&scene.placed(name)]);
    let (from, to) = (scene.from.address(), scene.to.address());
    assert_eq!(
        explain("SOURCE/org/app:v1"),
        format!(
            "{from}/org/app:v1: rule all (tag-sync.yaml:3:3) takes it: {digest} goes to {to}/all/app:v1\n\
             {from}/org/app:v1: rule app (tag-sync.yaml:4:3) takes it: {digest} goes to {to}/one:up-v1, {to}/two:up-v1\n"
        )
    );
    let told = explain("SOURCE/org/app:v2-rc1");
    assert!(told.contains("rule all (tag-sync.yaml:3:3) leaves it: deny '*-rc*' fits\n"), "{told}");
    assert!(told.contains("leaves it: version 2.0.0-rc1 is not in <2\n"), "{told}");
    assert_eq!(told.lines().count(), 2, "{told}");
    let told = explain("SOURCE/org/hidden-test:v1");
    assert!(told.ends_with("leaves it: it leaves out the repository\n"), "{told}");
    let told = explain("SOURCE/org/app:v9");
    assert!(told.contains("rule all (tag-sync.yaml:3:3) does not know it: there is no such tag"));

    // At a target it is the tag that is called so there.
    let told = explain("TARGET/two:up-v1");
    assert!(told.starts_with(&format!("{from}/org/app:v1: rule app ")), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    let told = explain("TARGET/all/app:v2-rc1");
    assert!(told.starts_with(&format!("{from}/org/app:v2-rc1: rule all ")), "{told}");
    let told = explain("TARGET/third:v3");
    assert!(told.starts_with(&format!("{from}/org/app:v3: rule third ")), "{told}");

    let shown = scene.ok("explain", &["-o", "json", &scene.placed("TARGET/one:up-v1")]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["rules"][0]["verdict"], "taken");
    assert_eq!(shown["rules"][0]["digest"], digest.as_str());
    let said = scene.fails(1, "explain", &["q.io/other:v1"]);
    assert!(said.contains("no rule has to do with q.io/other"), "{said}");
    assert!(scene.is_untouched());
}

#[test]
fn a_tag_is_left_once_when_its_time_is_not_known() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_made("org/app:v1", "1970-01-01T00:00:00Z");
    scene.rules("- {name: app, source: SOURCE/org/app, to: TARGET/app, tags: {older-than: 1d}}");
    let told = scene.ok("explain", &[&scene.placed("SOURCE/org/app:v1")]);
    assert!(told.contains("its time is not known: 1970-01-01T00:00:00Z stands for none"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}
