//! What fails stops nothing else, is written down, and is run again.

use super::Scene;
use crate::support::faults::{Canned, Fault};

#[test]
fn what_failed_is_run_again_and_touches_nothing_else() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    for repository in ["org/good", "org/bad", "org/other"] {
        scene.push_all(repository, &["v1", "v2"]);
    }
    scene.push("two/app:w1");
    let kept = scene.push("org/bad:pinned");
    // The longest name of a rule that is allowed, so that parts of it have to be told apart.
    let name = "n".repeat(100);
    let text = format!(
        "version: 1\ndefaults: {{prune: tags}}\nrules:\n\
         - {{name: {name}, source: SOURCE/org/, to: TARGET/mirror/, repositories: [good, bad, other], tags: ['v*'], digests: []}}\n\
         - {{name: two, source: SOURCE/two/app, to: TARGET/mirror/bad}}\n\
         - {{name: pin, source: SOURCE/org/bad, to: TARGET/pinned, tags: [v1], digests: ['{kept}']}}\n"
    );
    scene.file("tag-sync.yaml", &text);
    let refused = || Fault::Answer(Canned::status(403));
    for part in ["/v2/mirror/bad/manifests/v", "/v2/mirror/other/manifests/v2"] {
        scene.to.fault(usize::MAX, "PUT", part, refused());
    }
    let by_digest = format!("/v2/pinned/manifests/{kept}");
    scene.to.fault(usize::MAX, "PUT", &by_digest, refused());
    let reports = ["--failed", "failed.yaml", "--report", "report.json", "--junit", "junit.xml"];
    let ran = scene.sync("run", &reports);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    scene.has("mirror/good", "v1 v2");
    scene.has("mirror/other", "v1");
    scene.has("mirror/bad", "w1");

    let report = scene.json("report.json");
    let images = report["images"].as_array().unwrap();
    let failed: Vec<&str> = images
        .iter()
        .filter(|image| image["error"].is_object() && image["source"].is_string())
        .map(|image| image["destination"].as_str().unwrap())
        .collect();
    assert_eq!(failed.len(), 4, "{failed:?}");
    assert_eq!(report["counts"]["copied"], 5, "{}", report["counts"]);
    let junit = scene.read("junit.xml");
    assert!(junit.contains("name=\"longshore tag-sync\""), "{junit}");
    assert!(junit.contains(&format!("name=\"{}/mirror/bad:v1\"", scene.to.address())), "{junit}");

    // While nothing is mended the same fails again, and what others have there stays.
    let ran = scene.sync("run", &["failed.yaml", "--failed", "again.yaml"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    scene.has("mirror/bad", "w1");
    scene.to.heal();
    scene.ok("run", &["failed.yaml", "--failed", "again.yaml"]);
    scene.has("mirror/good", "v1 v2");
    scene.has("mirror/other", "v1 v2");
    scene.has("mirror/bad", "v1 v2 w1");
    scene.target.fetch(&format!("pinned@{kept}"));
    assert!(!scene.shell.path("again.yaml").exists());
    assert_eq!(scene.ok("run", &["--failed", "failed.yaml"]), "");
    assert!(!scene.shell.path("failed.yaml").exists());

    scene.file("mine.yaml", "version: 1\n");
    let said = scene.fails(2, "run", &["--failed", "mine.yaml"]);
    assert!(said.contains("mine.yaml is there already"), "{said}");
    assert_eq!(scene.read("mine.yaml"), "version: 1\n");
}

#[test]
fn a_rule_that_fails_as_a_whole_is_run_again_without_deleting_what_others_take() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push("org/app:v1");
    scene.push("two/app:w1");
    let one = "- {name: one, source: SOURCE/org/, to: TARGET/, prune: tags}\n";
    scene.rules(&format!("{one}- {{name: two, source: SOURCE/two/app, to: TARGET/app}}"));
    scene.from.fault(usize::MAX, "GET", "/v2/_catalog", Fault::Answer(Canned::status(403)));
    scene.fails(1, "run", &["--failed", "failed.yaml"]);
    scene.has("app", "w1");
    scene.from.heal();
    scene.ok("run", &["failed.yaml"]);
    scene.has("app", "v1 w1");
}

#[test]
fn a_target_that_is_down_costs_only_what_goes_there() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_all("org/app", &["v1", "v2"]);
    scene.rules("- {source: SOURCE/org/app, to: ['127.0.0.1:1/app', TARGET/app]}");
    let ran = scene.sync("run", &["--retries", "0"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    scene.has("app", "v1 v2");
    // The place is told once, not each tag.
    assert_eq!(ran.stderr.matches("error: ").count(), 1, "{}", ran.stderr);
}

#[test]
fn shards_make_together_what_one_run_makes() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    for repository in ["a", "b", "c", "d"] {
        scene.push_all(&format!("org/{repository}"), &["v1", "v2"]);
    }
    scene.push("two/app:v1");
    scene.put("m/a:stray");
    scene.rules("- {source: SOURCE/org/, to: TARGET/m/, prune: tags}\n- {name: two, source: SOURCE/two/app, to: [TARGET/x, TARGET/y, TARGET/z]}");
    let runs = ["0/3", "1/3", "2/3"].map(|shard| scene.ok("run", &["--shard", shard]));
    let mut lines: Vec<&str> = runs.iter().flat_map(|run| run.lines()).collect();
    lines.sort_unstable();
    let all = lines.len();
    lines.dedup();
    assert_eq!((lines.len(), all), (12, 12));
    assert!(runs.iter().filter(|run| !run.is_empty()).count() > 1);
    for repository in ["m/a", "m/b", "m/c", "m/d"] {
        scene.has(repository, "v1 v2");
    }
    assert_eq!(scene.ok("run", &["--fresh"]), "");
}
