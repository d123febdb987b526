//! Lock files: what is reviewed is what comes.

use super::{Scene, digest_at};

const RULES: &str = "- {name: app, source: SOURCE/org/app, to: TARGET/app, tags: ['v*']}\n\
                     - {name: all, source: SOURCE/more/, to: TARGET/all/}";

#[test]
fn a_locked_run_moves_just_what_the_lock_says() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let first = scene.push("org/app:v1");
    scene.push_all("org/app", &["v2", "edge"]);
    scene.push("more/deep/one:v1");
    scene.rules(RULES);
    let shown = scene.ok("update", &[]);
    let from = scene.from.address();
    assert_eq!(shown.lines().count(), 3, "{shown}");
    assert!(shown.contains(&format!("+ {from}/org/app:v1 {first}\n")), "{shown}");
    assert!(scene.read("tag-sync.lock").contains(&first));
    assert!(scene.is_untouched());
    assert_eq!(scene.ok("update", &[]), "");

    // Upstream goes on.
    let second = scene.push("org/app:v1");
    scene.push("org/app:v3");
    let before = scene.from.count("HEAD", "/manifests/v");
    let ran = scene.sync("check", &["--locked"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(10), 3), "{}", ran.stderr);
    scene.ok("run", &["--locked"]);
    scene.has("app", "v1 v2");
    scene.has("all/deep/one", "v1");
    assert_eq!(scene.at("app:v1"), first);
    // Nobody is asked what tags point to now, and when all is there, nobody at all.
    assert_eq!(scene.from.count("HEAD", "/manifests/v"), before);
    let before = scene.from.seen().len();
    assert_eq!(scene.ok("run", &["--locked"]), "");
    assert_eq!(scene.from.seen().len(), before);

    // A run without the lock follows upstream; one with it goes back.
    scene.ok("run", &[]);
    assert_eq!(scene.at("app:v1"), second);
    scene.ok("run", &["--locked"]);
    assert_eq!(scene.at("app:v1"), first);

    let shown = scene.ok("update", &["--rule", "app"]);
    let moved = format!("~ {from}/org/app:v1 {second} was {first}\n");
    let added = format!("+ {from}/org/app:v3 {}\n", digest_at(&scene.source, "org/app:v3"));
    assert_eq!(shown, moved + &added);
    assert!(scene.read("tag-sync.lock").contains("more/deep/one"));
    scene.ok("run", &["--locked"]);
    scene.has("app", "v1 v2 v3");
    assert_eq!(scene.at("app:v1"), second);
}

#[test]
fn a_lock_that_does_not_fit_is_an_error_and_deletes_nothing() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push("org/app:v1");
    scene.push("two/app:w1");
    let rules = "- {name: app, source: SOURCE/org/app, to: TARGET/app, prune: tags}\n";
    let two = "- {name: two, source: SOURCE/two/app, to: TARGET/app}";
    scene.rules(rules);
    let said = scene.fails(7, "run", &["--locked"]);
    assert!(said.contains("'tag-sync update' writes it"), "{said}");
    scene.ok("update", &[]);
    // A rule that is new.
    scene.rules(&format!("{rules}{two}"));
    scene.ok("run", &[]);
    let said = scene.fails(1, "run", &["--locked"]);
    assert!(said.contains("the lock file says nothing of rule two"), "{said}");
    scene.has("app", "v1 w1");
    // A rule that has another source now.
    scene.ok("update", &[]);
    scene.rules(&format!("{}{two}", rules.replace("org/app", "third/app")));
    scene.put("app:stray");
    let said = scene.fails(1, "run", &["--locked"]);
    assert!(said.contains("the lock file has "), "{said}");
    scene.has("app", "v1 w1 stray");
    // What is no lock file.
    scene.file("other.lock", "rules: {}");
    let said = scene.fails(2, "run", &["--locked", "--lock", "other.lock"]);
    assert!(said.contains("other.lock:1:1"), "{said}");
}

#[test]
fn a_lock_is_not_written_of_what_is_not_known_for_sure() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.push("org/app:v1");
    scene.rules("- {name: app, source: SOURCE/org/app, to: TARGET/app, tags: ['none*']}");
    scene.ok("update", &[]);
    scene.ok("update", &[]);
    assert_eq!(scene.ok("check", &["--locked"]), "");
    let before = scene.read("tag-sync.lock");
    scene.rules("- {name: app, source: SOURCE/org/app, to: TARGET/app}\n- {name: b, source: SOURCE/org/gone, to: TARGET/b}");
    let said = scene.fails(4, "update", &[]);
    assert!(said.contains("tag-sync.lock is not written"), "{said}");
    assert_eq!(scene.read("tag-sync.lock"), before);
}
