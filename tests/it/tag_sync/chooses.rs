//! Which tags a rule takes.

use super::{Scene, asked_since};

#[test]
fn versions_are_chosen_by_range_and_number() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let tags = ["v1.0.0", "v1.9.0", "v1.10.0", "v1.11.0-rc.1", "v2.0.0", "v0.9.0", "latest"];
    scene.push_all("org/app", &tags);
    let rule = |to: &str, tags: &str| {
        format!("- {{name: {to}, source: SOURCE/org/app, to: TARGET/{to}, tags: {{{tags}}}}}\n")
    };
    scene.rules(
        &[
            rule("range", "semver: '>=1.2 <2'"),
            rule("newest", "newest: 2"),
            rule("both", "semver: '^1', newest: 2, deny: ['v1.9*']"),
            rule("rc", "semver: '>=1.10, <2', prerelease: true"),
            rule("names", "newest: {count: 2, by: name}, allow: ['/v.*/']"),
        ]
        .concat(),
    );
    scene.ok("run", &[]);
    scene.has("range", "v1.9.0 v1.10.0");
    scene.has("newest", "v1.10.0 v2.0.0");
    scene.has("both", "v1.0.0 v1.10.0");
    scene.has("rc", "v1.10.0 v1.11.0-rc.1");
    scene.has("names", "v1.11.0-rc.1 v2.0.0");
}

#[test]
fn images_are_chosen_by_when_they_were_made_which_is_asked_once() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    for (tag, year) in [("a", 2015), ("b", 2025), ("c", 2020), ("d", 2018)] {
        scene.push_made(&format!("org/app:{tag}"), &format!("{year}-06-01T00:00:00Z"));
    }
    // A time that stands for none.
    scene.push_made("org/app:zero", "1970-01-01T00:00:00Z");
    let now = jiff::Timestamp::now().to_string();
    scene.push_made("org/app:now", &now);
    let rule = |to: &str, tags: &str| {
        format!("- {{name: {to}, source: SOURCE/org/app, to: TARGET/{to}, tags: {{{tags}}}}}\n")
    };
    let years = |year: i64| {
        format!("{}d", (jiff::Timestamp::now().as_second() / 86400) - 365 * (year - 1970))
    };
    scene.rules(
        &[
            rule("newest", "newest: {count: 3, by: created}"),
            rule("older", &format!("older-than: {}", years(2019))),
            rule("newer", &format!("newer-than: {}, older-than: 1h", years(2019))),
        ]
        .concat(),
    );
    scene.ok("run", &[]);
    scene.has("newest", "b c now");
    scene.has("older", "a d");
    scene.has("newer", "b c");
    let before = scene.from.seen().len();
    assert_eq!(scene.ok("run", &[]), "");
    let asked = asked_since(&scene.from, before);
    assert!(asked.iter().all(|line| !line.contains("/blobs/")), "{asked:#?}");
    assert!(asked.iter().all(|line| !line.contains("GET /v2/org/app/manifests")), "{asked:#?}");
}
