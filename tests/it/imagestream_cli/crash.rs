//! An import may be killed at any moment: the stream is the one before or the one after, and never loses its history.

use std::time::Duration;

use super::Scene;

const ROUNDS: u64 = 25;

#[test]
fn a_killed_import_leaves_a_stream_that_can_be_read() {
    need!("docker-registry");
    let scene = Scene::new();
    let from = scene.image("team/app");
    let tags: Vec<String> = (0..12).map(|number| format!("v{number}")).collect();
    let mut last = String::new();
    for tag in &tags {
        last = scene.push(&format!("first-{tag}"), &format!("team/app:{tag}"));
    }
    scene.import(&format!("app --from {from} --all --confirm --insecure"));
    let mut known = vec![last.clone()];
    let mut random = fastrand::Rng::with_seed(7);
    let mut killed = 0;
    for round in 0..ROUNDS {
        let new = scene.push(&format!("round-{round}"), "team/app:v11");
        let mut child = scene.shell.start(&["import-image", "app", "--all"]);
        std::thread::sleep(Duration::from_micros(random.u64(0..120_000)));
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();

        let history = scene.history("app:v11");
        if history.first() == Some(&new) {
            known.insert(0, new.clone());
        }
        last = new;
        assert_eq!(history, known, "round {round}");
        assert_eq!(scene.stream("app")["status"]["tags"].as_array().unwrap().len(), tags.len());
    }
    assert!(killed > 5, "it was nearly always done before it could be killed");
    scene.import("app --all");
    known.retain(|digest| *digest != last);
    known.insert(0, last);
    assert_eq!(scene.history("app:v11"), known);
}
