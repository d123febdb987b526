//! The registries that an import asks: with logins, behind mirrors, and in trouble.

use std::fs;
use std::process::Output;

use super::Scene;
use crate::support::faults::{Canned, Fault, Proxy};
use crate::support::layout::{Layout, digest};
use crate::support::program::longshore;
use crate::support::shell::Shell;
use crate::support::site::{PASSWORD, Site, USER};

#[test]
fn a_repository_behind_tokens_is_imported_whole() {
    need!("docker-registry");
    let (site, shell) = (Site::with_tokens(300), Shell::new());
    let layout = Layout::new(shell.path("images"));
    let creds = format!("--creds={USER}:{PASSWORD}");
    let mut digests = Vec::new();
    for tag in ["v1", "v2"] {
        let image = layout.image("linux/amd64", &[layout.layer(&[("tag", tag)])]);
        layout.name(tag, &image);
        digests.push(digest(&image).to_owned());
        let (from, to) = (format!("oci:images:{tag}"), site.image(&format!("private/app:{tag}")));
        shell.ok(&["push", "-q", "--plain-http", &creds, &from, &to]);
    }
    let from = site.image("private/app");
    let import = ["import-image", "app", "--all", "--from", &from, "--insecure", "--confirm"];
    let refused = shell.fails(1, &import);
    assert!(refused.contains("you may not have access") && !refused.contains(PASSWORD));
    site.login(&shell);
    let said = shell.ok(&import);
    assert!(digests.iter().all(|digest| said.contains(digest)), "{said}");
    // The stream has remembered the repository, and whether it is insecure.
    assert!(shell.ok(&["import-image", "app", "--all"]).contains("unchanged"));
}

/// Runs it with `registries.conf`.
fn with_conf(scene: &Scene, arguments: &str) -> Output {
    longshore(scene.shell.home())
        .args(arguments.split_whitespace())
        .env("CONTAINERS_REGISTRIES_CONF", scene.shell.path("registries.conf"))
        .output()
        .unwrap()
}

#[test]
fn mirrors_serve_an_import_and_are_not_recorded() {
    need!("docker-registry");
    let scene = Scene::new();
    let [by_tag, by_digest, other, decoy] = [
        ("one", "tags/app:v1"),
        ("two", "digests/app:any"),
        ("three", "all/other/app:v1"),
        ("four", "digests/app:v1"),
    ]
    .map(|(seed, name)| scene.push(seed, name));
    let mirror = |path: &str, rest: &str| {
        let place = scene.image(path);
        format!("[[registry.mirror]]\nlocation = \"{place}\"\ninsecure = true\n{rest}\n")
    };
    let conf = format!(
        "[[registry]]\nprefix = \"vendor.test\"\nlocation = \"vendor.test\"\n{}\n\
         [[registry]]\nprefix = \"vendor.test/team\"\nlocation = \"vendor.test/team\"\n{}{}\n\
         [[registry]]\nprefix = \"blocked.test\"\nlocation = \"blocked.test\"\nblocked = true\n",
        mirror("all", ""),
        mirror("digests", "pull-from-mirror = \"digest-only\""),
        mirror("tags", "pull-from-mirror = \"tag-only\""),
    );
    fs::write(scene.shell.path("registries.conf"), conf).unwrap();

    let references = [
        ("a", "vendor.test/team/app:v1".to_owned(), "vendor.test/team/app", &by_tag),
        ("b", format!("vendor.test/team/app@{by_digest}"), "vendor.test/team/app", &by_digest),
        ("c", "vendor.test/other/app:v1".to_owned(), "vendor.test/other/app", &other),
    ];
    for (stream, from, repository, digest) in references {
        let ran = with_conf(&scene, &format!("import-image {stream} --from {from} --confirm"));
        assert_eq!(ran.status.code(), Some(0), "{ran:?}");
        let items = &scene.stream(stream)["status"]["tags"][0]["items"];
        assert_eq!(items[0]["dockerImageReference"], format!("{repository}@{digest}"), "{from}");
    }
    assert_ne!(by_tag, decoy);

    let ran = with_conf(&scene, "import-image d --from blocked.test/app:v1 --confirm");
    assert_eq!(ran.status.code(), Some(1));
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.contains("registry blocked.test blocked"), "{said}");
}

#[test]
fn a_registry_in_trouble_is_asked_again() {
    need!("docker-registry");
    let scene = Scene::new();
    let digest = scene.push("one", "team/app:v1");
    let proxy = Proxy::before(scene.registry.address());
    proxy.fault(1, "GET", "/manifests/", Fault::Answer(Canned::status(503)));
    proxy.fault(1, "GET", "/manifests/", Fault::Answer(Canned::too_many("0")));
    proxy.fault(1, "GET", "/blobs/", Fault::Answer(Canned::status(502)));
    let from = format!("{}/team/app:v1", proxy.address());
    scene.import(&format!("app:v1 --from {from} --insecure --confirm"));
    assert_eq!(scene.history("app:v1"), [digest]);
    assert_eq!((proxy.count("GET", "/manifests/"), proxy.count("GET", "/blobs/")), (3, 2));
}

#[test]
fn a_dry_run_shows_no_version_that_only_a_folder_has() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.push("one", "team/app:v1");
    let from = scene.image("team/app:v1");
    scene.import(&format!("app:v1 --from {from} --insecure --confirm"));
    let shown = scene.import("app:v1 --dry-run -o json");
    assert!(shown.contains("ImageStreamImport") && !shown.contains("resourceVersion"), "{shown}");
}
