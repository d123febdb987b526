//! How streams are written.

use serde_json::Value;

use super::Scene;

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

#[test]
fn an_import_is_written_as_it_is_wanted() {
    need!("docker-registry");
    let scene = Scene::new();
    let digest = scene.push("one", "team/app:v1");
    let from = scene.image("team/app:v1");
    let line = format!("app:v1 --from {from} --confirm --insecure");
    assert_eq!(scene.import(&format!("{line} -o name")), "imagestream.image.openshift.io/app\n");

    // The stream as it is afterwards.
    let json: Value = serde_json::from_str(&scene.import("app:v1 -o json")).unwrap();
    assert_eq!(json["kind"], "ImageStream");
    assert_eq!(json["status"]["tags"][0]["items"][0]["image"], digest.as_str());
    let yaml: Value = serde_saphyr::from_str(&scene.import("app:v1 -o yaml")).unwrap();
    assert_eq!(yaml["status"], json["status"]);

    let text = scene.import("app:v1 -o describe");
    for part in [
        "imagestream.image.openshift.io/app imported\n\nName:\t\t\tapp\nNamespace:\t\tdefault\n",
        &format!(
            "\nv1\n  tagged from {from}\n    will use insecure HTTPS or HTTP connections\n\n  * "
        ),
        &format!("\nImage Name:\tapp:v1\nDocker Image:\t{}@{digest}\n", scene.image("team/app")),
        "\nCommand:\t/bin/sh\n",
    ] {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }

    // Errors are JSON too.
    let said = scene.shell.fails(4, &words("import-image -o json app:none"));
    let error: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(error["error"]["kind"], "not-found");
    assert_eq!(error["error"]["hint"], "its tags are v1");
    // Wherever the flag stands.
    assert_eq!(
        scene.shell.ok(&words("-o name stream get app")),
        "imagestream.image.openshift.io/app\n"
    );
    let said = scene.shell.fails(2, &words("-o yaml tags oci:images"));
    assert!(said.contains("-o yaml is not for this: use text, json"), "{said}");
}

#[test]
fn streams_are_listed_by_namespace() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.push("one", "team/app:v1");
    let from = scene.image("team/app:v1");
    for (namespace, stream) in [("dev", "app:v1"), ("dev", "base"), ("prod", "app:v1")] {
        scene.import(&format!("{stream} --from {from} --confirm --insecure -n {namespace}"));
    }
    let list = |line: &str| scene.shell.ok(&words(line));
    let columns = |text: &str, n: usize| -> Vec<String> {
        text.lines()
            .map(|line| line.split_whitespace().take(n).collect::<Vec<_>>().join(" "))
            .collect()
    };
    assert_eq!(columns(&list("stream get -n dev"), 1), ["NAME", "app", "base"]);
    assert_eq!(
        columns(&list("stream get -A"), 2),
        ["NAMESPACE NAME", "dev app", "dev base", "prod app"]
    );
    assert_eq!(list("stream get"), "");
    let all: Value = serde_json::from_str(&list("stream get -A -o json")).unwrap();
    assert_eq!((all["kind"].as_str(), all["items"].as_array().unwrap().len()), (Some("List"), 3));
    let one: Value = serde_saphyr::from_str(&list("stream get -n dev app -o yaml")).unwrap();
    assert_eq!(one["kind"], "ImageStream");

    let text = list("stream history -n dev app:v1");
    assert!(text.starts_with("#   SINCE "), "{text}");
    assert!(text.lines().nth(1).unwrap().starts_with("0   20"), "{text}");

    // A tag of another namespace is copied.
    list("tag -n prod dev/app:v1 app:copied");
    let copied: Value = serde_json::from_str(&list("stream get -n prod app -o json")).unwrap();
    let tags = copied["spec"]["tags"].as_array().unwrap();
    let copied = tags.iter().find(|tag| tag["name"] == "copied").unwrap();
    assert_eq!(copied["from"]["namespace"], "dev");

    let exported = list("stream export -n dev app");
    let value: Value = serde_saphyr::from_str(&exported).unwrap();
    assert_eq!(value["spec"]["tags"][0]["from"]["name"], from.as_str());
    assert!(
        value.get("status").is_none() && value["metadata"].get("namespace").is_none(),
        "{exported}"
    );
    assert!(
        exported.starts_with("apiVersion: image.openshift.io/v1\nkind: ImageStream\n"),
        "{exported}"
    );
}

#[test]
fn the_folder_is_the_one_that_is_named_or_near() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.push("one", "team/app:v1");
    let from = scene.image("team/app:v1");
    let new = |store: &str, name: &str| {
        scene.import(&format!("{name} --from {from} --confirm --insecure {store}"))
    };
    new("", "home");
    assert!(scene.shell.path(".local/share/longshore/imagestreams/default").is_dir());
    std::fs::create_dir(scene.shell.path("imagestreams")).unwrap();
    new("", "near");
    assert!(scene.shell.path("imagestreams/default").is_dir());
    new("--store elsewhere", "named");
    assert!(scene.shell.path("elsewhere/default").is_dir());
    assert_eq!(
        scene.shell.ok(&words("stream get -o name --store elsewhere")),
        "imagestream.image.openshift.io/named\n"
    );
    assert_eq!(
        scene.shell.ok(&words("stream get -o name")),
        "imagestream.image.openshift.io/near\n"
    );
}
