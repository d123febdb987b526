//! The life of a stream, from its first import to its end.

use super::Scene;
use crate::support::registry::Registry;

#[test]
fn a_stream_from_its_first_import_to_its_end() {
    need!("docker-registry");
    let scene = Scene::new();
    let (shell, from) = (&scene.shell, scene.image("team/app:v1"));
    let first = scene.push("one", "team/app:v1");

    // A new stream is made when that is allowed.
    let refused = shell.fails(4, &["import-image", "app:v1", "--from", &from, "--insecure"]);
    assert!(refused.contains("no image stream named \"app\" exists, pass --confirm"), "{refused}");
    assert!(refused.contains("--confirm\n"), "{refused}");
    let made = scene.import(&format!("app:v1 --from {from} --insecure --confirm"));
    assert!(made.starts_with("imagestream.image.openshift.io/app imported\n"), "{made}");
    assert!(
        made.contains(&format!("v1    imported   {}@{first}", scene.image("team/app"))),
        "{made}"
    );

    // It is imported again by its name alone.
    let again = scene.import("app:v1");
    assert!(again.contains("unchanged"), "{again}");
    let second = scene.push("two", "team/app:v1");
    let moved = scene.import("app:v1");
    assert!(moved.contains("moved") && moved.contains(&second), "{moved}");
    assert!(moved.contains(&format!("(before: {})", &first[..19])), "{moved}");
    assert_eq!(scene.history("app:v1"), [second.clone(), first.clone()]);

    // A tag that was copied stays when the other moves on, one that follows it does not.
    shell.ok(&["tag", "app:v1", "app:prod"]);
    shell.ok(&["tag", "--alias", "app:v1", "app:stable"]);
    let third = scene.push("three", "team/app:v1");
    scene.import("app:v1");
    assert_eq!(scene.history("app:prod"), std::slice::from_ref(&second));
    assert_eq!(scene.history("app:stable")[0], third);

    // Back, and on again.
    let back = shell.ok(&["stream", "rollback", "app:v1"]);
    assert_eq!(
        back,
        format!("Tag app:v1 moved back from {} to {}.\n", &third[..19], &second[..19])
    );
    assert_eq!(scene.history("app:v1")[0], second);
    let ran = shell.run(&["stream", "rollback", "app:stable"]);
    assert!(
        ran.stderr.contains("until: longshore tag --alias app:v1 app:stable\n"),
        "{}",
        ran.stderr
    );
    let refused = shell.fails(2, &["import-image", "app:v1"]);
    assert!(refused.contains("it cannot be re-imported"), "{refused}");
    let followed = shell.ok(&["tag", "--insecure", &from, "app:v1"]);
    assert_eq!(followed, format!("Tag app:v1 set to {from}.\n"));
    assert_eq!(scene.history("app:v1")[0], third);
    shell.ok(&["stream", "rollback", "app:v1", "--to", &first[7..19]]);
    assert_eq!(scene.history("app:v1")[0], first);

    // What is not there is told, with what is.
    let unknown = shell.fails(4, &["stream", "history", "app:prd"]);
    assert!(unknown.contains("hint: its tags are prod, "), "{unknown}");
    let unknown = shell.fails(4, &["stream", "describe", "ap"]);
    assert!(unknown.contains("streams in namespace default are app"), "{unknown}");

    assert_eq!(shell.ok(&["tag", "-d", "app:prod"]), "Deleted tag default/app:prod.\n");
    shell.fails(4, &["tag", "-d", "app:prod"]);
    assert_eq!(
        shell.ok(&["stream", "delete", "app"]),
        "imagestream.image.openshift.io \"app\" deleted\n"
    );
    assert_eq!(shell.ok(&["stream", "get"]), "");
    shell.fails(4, &["stream", "delete", "app"]);
}

#[test]
fn a_whole_repository_is_followed() {
    need!("docker-registry");
    let scene = Scene::new();
    let from = scene.image("team/many");
    let digest = scene.push("one", "team/many:latest");
    let base = scene.image("team/many:latest");
    let copies = (0..59).map(|number| format!("{base} {from}:1.{number}\n"));
    let mirror = ["mirror", "-q", "--src-plain-http", "--dest-plain-http", "-f", "-"];
    let mirrored = scene.shell.feed(&copies.collect::<String>(), &mirror);
    assert_eq!(mirrored.code, Some(0), "{}", mirrored.stderr);
    let text = scene.import(&format!("many --from {from} --all --confirm --insecure"));
    assert!(text.contains("info: The remote repository contained 10 additional tags which were not imported: 1.9, 1.8,"), "{text}");
    let stream = scene.stream("many");
    assert_eq!(stream["spec"]["dockerImageRepository"], from.as_str());
    assert_eq!(stream["status"]["tags"].as_array().unwrap().len(), 50);
    assert_eq!(scene.history("many:latest"), [digest]);

    // The repository is remembered: what is new there comes by itself.
    let new = scene.push("two", "team/many:2.0");
    let text = scene.import("many --all --limit all");
    assert!(!text.contains("additional tags"), "{text}");
    assert_eq!(scene.history("many:2.0"), [new]);
    assert_eq!(scene.stream("many")["status"]["tags"].as_array().unwrap().len(), 61);
}

#[test]
fn an_index_is_kept_or_one_of_its_images() {
    need!("docker-registry");
    let scene = Scene::new();
    let (index, amd64) = scene.push_index("multi", "team/multi:v1");
    let from = scene.image("team/multi:v1");
    scene.import(&format!("multi:one --from {from} --confirm --insecure"));
    assert_eq!(scene.history("multi:one"), std::slice::from_ref(&amd64));
    scene.import(&format!("multi:all --from {from} --import-mode PreserveOriginal --insecure"));
    assert_eq!(scene.history("multi:all"), std::slice::from_ref(&index));
    // What was chosen once is kept.
    scene.import("multi --all");
    assert_eq!(scene.history("multi:all"), std::slice::from_ref(&index));
    let described = scene.shell.ok(&["stream", "describe", "multi:all"]);
    assert!(described.contains(&format!("linux/amd64\t{amd64}")), "{described}");
}

#[test]
fn failures_stop_nothing_else_and_have_exit_codes() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.push("one", "team/app:v1");
    let (good, bad) = (scene.image("team/app:v1"), scene.image("team/app:nosuch"));
    scene.import(&format!("app:good --from {good} --confirm --insecure"));
    let line = ["import-image", "app:bad", "--from", &bad, "--insecure"];
    let ran = scene.shell.run(&line);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(
        ran.stdout.starts_with("imagestream.image.openshift.io/app imported with errors\n"),
        "{}",
        ran.stdout
    );
    let message =
        format!("error: tag bad failed: dockerimage.image.openshift.io \"{bad}\" not found\n");
    assert!(ran.stderr.contains(&message), "{}", ran.stderr);
    assert!(ran.stderr.ends_with("error: imported completed with errors\n"), "{}", ran.stderr);

    let ran = scene.shell.run(&["import-image", "app", "--all"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stdout.contains("bad    failed") && ran.stdout.contains("good   unchanged"),
        "{}",
        ran.stdout
    );

    // A repository that is not there is told as well.
    let none = scene.image("team/none");
    let said = scene
        .shell
        .fails(1, &["import-image", "none", "--from", &none, "--all", "--confirm", "--insecure"]);
    assert!(said.contains(&format!("error: repository {none} failed: ")), "{said}");

    // A tag that is set is set, though its image is not there.
    let ran = scene.shell.run(&["tag", "--insecure", &bad, "app:later"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert_eq!(ran.stdout, format!("Tag app:later set to {bad}.\n"));
    assert!(ran.stderr.contains("tag later failed"), "{}", ran.stderr);
    let stream = scene.stream("app");
    let tags = stream["spec"]["tags"].as_array().unwrap();
    assert!(tags.iter().any(|tag| tag["name"] == "later"));

    for (code, line) in [
        (2, "import-image app:v1 --all"),
        (
            2,
            "import-image app@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        ),
        (2, "import-image App"),
        (2, "import-image app --import-mode preserve"),
        (2, "import-image app --limit 0"),
        (2, "import-image app --cluster --limit 3"),
        (2, "import-image app --store x --cluster"),
        (2, "import-image app:good --from quay.io/other/app:v1"),
        (2, "tag app:good"),
        (2, "tag app:good app"),
        (2, "tag --alias -d app:good"),
        (2, "stream get -o describe"),
        (2, "stream history app"),
        (2, "stream rollback app:good --to abc"),
        (4, "stream rollback app:good"),
        (4, "import-image app:unknown"),
        (4, "import-image nosuch --confirm"),
        (4, "tag app:unknown app:x"),
    ] {
        let said = scene.shell.fails(code, &line.split_whitespace().collect::<Vec<_>>());
        assert!(said.starts_with("error: "), "{line}: {said}");
    }
}

#[test]
fn a_dry_run_keeps_nothing() {
    need!("docker-registry");
    let scene = Scene::new();
    let digest = scene.push("one", "team/app:v1");
    let from = scene.image("team/app:v1");
    let text = scene.import(&format!("app:v1 --from {from} --confirm --insecure --dry-run"));
    assert!(text.starts_with("imagestream.image.openshift.io/app imported (dry run)\n"), "{text}");
    assert!(text.contains(&digest), "{text}");
    assert_eq!(scene.shell.ok(&["stream", "get", "-o", "name"]), "");
}

#[test]
fn who_may_not_is_told_what_to_do() {
    need!("docker-registry", "htpasswd");
    let scene = Scene::new();
    scene.push("one", "team/app:v1");
    let from = scene.image("team/app:v1");
    let line = ["import-image", "app:v1", "--from", &from, "--confirm"];
    let said = scene.shell.fails(1, &line);
    assert!(
        said.contains("speaks plain HTTP")
            && said.contains("hint: if that is meant to be so, import it with --insecure"),
        "{said}"
    );

    let private = Registry::with_password("me", "secret");
    let from = format!("{}/team/app:v1", private.address());
    let line = ["import-image", "private", "--from", &from, "--confirm", "--insecure"];
    let said = scene.shell.fails(1, &line);
    assert!(
        said.contains(&format!("you may not have access to the container image \"{from}\"")),
        "{said}"
    );
    assert!(
        said.contains(&format!("hint: log in: longshore login {}", private.address())),
        "{said}"
    );
    let to = format!("{}/team/app:v1", private.address());
    scene.shell.ok(&["push", "-q", "--plain-http", "--creds", "me:secret", "oci:images:one", &to]);
    let line = ["import-image", "private", "--all", "--creds", "me:secret", "--from"];
    let said =
        scene.shell.fails(2, &[&line[..], &[&format!("{}/team/app", private.address())]].concat());
    assert!(said.contains("pass --confirm to update"), "{said}");
    let line = ["import-image", "private", "--from", &from, "--creds", "me:secret"];
    scene.shell.ok(&line);
    // The stream knows what the login is for.
    scene.shell.ok(&["import-image", "private", "--creds", "me:secret"]);
}

#[test]
fn image_data_are_copied_along() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    let (index, _) = scene.push_index("multi", "team/app:v1");
    let (from, own) = (scene.image("team/app:v1"), scene.image("own/app"));
    let mode = "--import-mode PreserveOriginal --reference-policy local";
    let line = format!(
        "app:v1 --from {from} --confirm --insecure {mode} --dest-plain-http --pull-through"
    );
    scene.import(&format!("{line} {own}"));
    assert_eq!(scene.stream("app")["status"]["dockerImageRepository"], own.as_str());
    let raw = scene.shell.ok(&["inspect", "--plain-http", "--raw", &format!("{own}@{index}")]);
    assert_eq!(longshore::model::Digest::of(raw.as_bytes()).as_str(), index);

    let nowhere = format!("{line} 127.0.0.1:1/own/app --retries 0");
    let words: Vec<&str> = nowhere.split_whitespace().collect();
    let said = scene.shell.fails(1, &[&["import-image"], &words[..]].concat());
    assert!(said.contains(&format!("error: cannot copy {from}@{index}")), "{said}");
    let tagged = format!("{line} {own}:v1");
    let words: Vec<&str> = tagged.split_whitespace().collect();
    scene.shell.fails(2, &[&["import-image"], &words[..]].concat());
}
