//! What is forgotten.

use serde_json::Value;

use super::Scene;

#[test]
fn what_is_old_is_forgotten_when_that_is_wanted() {
    need!("docker-registry");
    let scene = Scene::new();
    let from = scene.image("team/app:v1");
    let mut digests = Vec::new();
    for seed in ["one", "two", "three"] {
        digests.insert(0, scene.push(seed, "team/app:v1"));
        for namespace in ["default", "other"] {
            scene.import(&format!("app:v1 --from {from} --confirm --insecure -n {namespace}"));
        }
    }
    let prune = |line: &str| {
        let line = format!("stream prune -o json {line}");
        let text = scene.shell.ok(&line.split_whitespace().collect::<Vec<_>>());
        let plan: Value = serde_json::from_str(&text).unwrap();
        let images = plan["images"].as_array().unwrap().clone();
        let images: Vec<String> = images.iter().map(|i| i.as_str().unwrap().to_owned()).collect();
        (plan["entries"].as_array().unwrap().len(), images)
    };
    // All is young.
    assert_eq!(prune("--keep-tag-revisions 1"), (0, vec![]));
    // Only told.
    let old = "--keep-younger-than 0s --keep-tag-revisions 2";
    assert_eq!(prune(old), (2, vec![digests[2].clone()]));
    assert_eq!(scene.history("app:v1"), digests);
    // In one namespace: the other one still knows the image.
    assert_eq!(prune(&format!("{old} -n default --confirm")), (1, vec![]));
    assert_eq!(scene.history("app:v1"), digests[..2]);
    let text = scene
        .shell
        .ok(&format!("stream prune {old} --confirm").split_whitespace().collect::<Vec<_>>());
    assert_eq!(
        text,
        format!(
            "other/app:v1 {}@{}\nimage {}\npruned 1 history entry and 1 image\n",
            scene.image("team/app"),
            digests[2],
            &digests[2][..19]
        )
    );
    assert_eq!(prune(old), (0, vec![]));
    // An image that cannot be read is in nobody's way.
    let damaged = format!("sha256:{}", "a".repeat(64));
    let file = scene
        .shell
        .path(&format!(".local/share/longshore/imagestreams/images/sha256/{}.yaml", &damaged[7..]));
    std::fs::write(file, "kind: Im").unwrap();
    assert_eq!(prune(&format!("{old} --confirm")), (0, vec![damaged]));
    assert_eq!(prune(old), (0, vec![]));
    // What is left can still be described.
    scene.shell.ok(&["stream", "describe", "app:v1"]);
}
