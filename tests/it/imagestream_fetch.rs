//! What an import asks registries for: images of one platform and indexes, whole repositories, and what goes wrong.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use longshore::imagestream::api::{
    DOCKER_IMAGE, Image, ImageImportStatus, ImageStreamImportSpec, ImportMode, ImportPolicy,
    ObjectReference, RepositoryImportSpec, RepositoryImportStatus, Status,
};
use longshore::imagestream::fetch::{Fetcher, Observer};
use serde_json::{Value, json};

use crate::support::embedded::Embedded;
use crate::support::importing::{Importer, Memory, image, images, now};
use crate::support::layout::{Layout, digest};
use crate::support::recording::Recording;
use crate::support::registry::Registry;
use crate::support::responder::{Reply, Responder};
use crate::support::shell::Shell;
use crate::support::site::{PASSWORD, Site, USER};
use crate::support::skopeo;

fn preserve() -> ImportPolicy {
    let import_mode = Some(ImportMode::PreserveOriginal);
    ImportPolicy { import_mode, ..ImportPolicy::default() }
}

fn insecure() -> ImportPolicy {
    ImportPolicy { insecure: true, ..ImportPolicy::default() }
}

/// Imports one image to a tag of its own.
async fn import(importer: &Importer, from: &str, policy: ImportPolicy) -> ImageImportStatus {
    let spec = images(vec![image(from, "tag", policy)]);
    let fetched = Memory::default().fetch(&importer.registries(), &spec).await;
    fetched.status.images.into_iter().next().unwrap()
}

/// What was told of the first image of a recorded import, with the host of another registry.
fn recorded(case: &str, host: &str, other: &str) -> Value {
    let recording = Recording::named(case);
    let status = &recording.exchanges.last().unwrap().response["status"];
    let failed = status["images"][0]["status"].to_string();
    serde_json::from_str(&failed.replace(host, other)).unwrap()
}

fn push(layout: &str, image: &str, shell: &Shell) {
    shell.ok(&["push", "--plain-http", layout, image]);
}

/// An index `v1` of these platforms in the layout `image`; the digests of the index and its images.
fn make_index(shell: &Shell, platforms: &[&str]) -> (String, Vec<String>) {
    let layout = Layout::new(shell.path("image"));
    let each = platforms.iter().enumerate();
    let images: Vec<Value> = each
        .map(|(seed, platform)| layout.image(platform, &[layout.noise_layer(seed as u64, 1000)]))
        .collect();
    let index = layout.index(&images);
    layout.name("v1", &index);
    (digest(&index).to_owned(), images.iter().map(|image| digest(image).to_owned()).collect())
}

fn name(image: &Image) -> &str {
    &image.metadata.name
}

#[tokio::test]
async fn what_is_not_there_is_told_as_the_api_server_told_it() {
    need!("docker-registry");
    let (registry, importer) = (Registry::open(), Importer::new());
    let of = |name: &str| format!("{}/team/{name}", registry.address());
    for (case, from) in [
        ("21-missing-manifest-again", of("app:nosuch")),
        ("27-repository-missing-tag-import", of("none")),
    ] {
        let answer = import(&importer, &from, ImportPolicy::default()).await;
        let told = serde_json::to_value(&answer.status).unwrap();
        assert_eq!(told, recorded(case, "localhost:5071", registry.address()), "{from}");
        assert!(answer.image.is_none() && !answer.tag.is_empty());
    }
}

#[tokio::test]
async fn who_may_not_is_told_as_the_api_server_told_it() {
    need!("docker-registry", "htpasswd");
    for site in [Site::with_password(), Site::with_tokens(300)] {
        let (host, from) = (site.registry.address(), site.image("priv/app"));
        let (stranger, wrong, right) = (Importer::new(), Importer::new(), Importer::new());
        wrong.login(host, USER, "another");
        right.login(host, USER, PASSWORD);
        for importer in [&stranger, &wrong] {
            let answer = import(importer, &from, ImportPolicy::default()).await;
            let told = serde_json::to_value(&answer.status).unwrap();
            assert_eq!(told, recorded("103-private-wrong-password", "localhost:5072", host));
        }
        let answer = import(&right, &from, ImportPolicy::default()).await;
        assert_eq!(answer.status.reason, "NotFound", "{}", answer.status.message);
    }
}

#[tokio::test]
async fn a_blocked_registry_is_told_as_the_api_server_told_it_and_not_asked() {
    let responder = Responder::new(|_| Some(Reply::new(500)));
    let host = responder.address();
    let settings = format!("[[registry]]\nlocation = \"{host}\"\nblocked = true\n");
    let importer = Importer::with_settings(settings);
    let from = format!("{host}/team/app:v1");
    let answer = import(&importer, &from, ImportPolicy::default()).await;
    let told = serde_json::to_value(&answer.status).unwrap();
    assert_eq!(told, recorded("153-blocked-registry", "localhost:5071", &host));
    assert_eq!(answer.tag, "");
    let all = repository(&importer, &format!("{host}/team/app"), &mut Memory::default()).await;
    assert_eq!(serde_json::to_value(&all.status).unwrap(), told);
    assert!(responder.asked().is_empty());
}

/// What a registry that answers manifests with `reply` makes of `team/app:v1`.
async fn answered(reply: fn() -> Reply) -> (String, Status) {
    let responder = Responder::new(move |_| Some(reply()));
    let host = responder.address();
    let answer =
        import(&Importer::new(), &format!("{host}/team/app:v1"), ImportPolicy::default()).await;
    (host, answer.status)
}

fn manifest(kind: &'static str, body: &'static str) -> Reply {
    Reply::ok(body).header("content-type", kind)
}

/// An image with a configuration that is too large.
const HUGE: &str = r#"{"schemaVersion":2,"layers":[],"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":9999999,"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}"#;

/// What a registry answers; the code, the reason and a part of the text of what is told then.
type Case = (fn() -> Reply, u16, &'static str, &'static str);

#[tokio::test]
async fn every_other_answer_of_a_registry_is_told_in_its_words() {
    let cases: [Case; 9] = [
        (
            || Reply::new(404).body(r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#),
            404,
            "NotFound",
            "dockerimage.image.openshift.io \"HOST/team/app:v1\" not found",
        ),
        (
            || Reply::new(403).body(r#"{"errors":[{"code":"DENIED","message":"not you"}]}"#),
            500,
            "InternalError",
            "DENIED: not you",
        ),
        (
            || {
                Reply::new(401)
                    .header("www-authenticate", "Basic realm=\"x\"")
                    .body(r#"{"details":"incorrect username or password"}"#)
            },
            401,
            "Unauthorized",
            "incorrect username or password for image \"HOST/team/app:v1\"",
        ),
        (|| Reply::new(418).body("tea"), 500, "InternalError", "tea"),
        (
            || manifest("application/vnd.docker.distribution.manifest.v1+prettyjws", "{}"),
            500,
            "InternalError",
            "schema 1",
        ),
        (
            || {
                let kind = "application/vnd.oci.image.index.v1+json";
                manifest(kind, r#"{"schemaVersion":2,"manifests":[]}"#)
            },
            500,
            "InternalError",
            "Internal error occurred: HOST/team/app:v1: no manifests in manifest list",
        ),
        (
            || manifest("application/vnd.oci.artifact.manifest.v1+json", r#"{"blobs":[]}"#),
            500,
            "InternalError",
            "Internal error occurred: HOST/team/app:v1: unsupported image manifest type: application/vnd.oci.artifact.manifest.v1+json",
        ),
        (|| manifest("text/html", "<html>"), 500, "InternalError", "cannot be"),
        (
            || manifest("application/vnd.oci.image.manifest.v1+json", HUGE),
            500,
            "InternalError",
            "the image configuration has 9999999 bytes, more than are read",
        ),
    ];
    for (reply, code, reason, text) in cases {
        let (host, told) = answered(reply).await;
        assert!(told.is_failure());
        assert_eq!((told.code, told.reason.as_str()), (code, reason), "{}", told.message);
        assert!(told.message.contains(&text.replace("HOST", &host)), "{}", told.message);
        if reason == "InternalError" {
            let beginning = format!("Internal error occurred: {host}/team/app:v1: ");
            let cause = told.message.strip_prefix("Internal error occurred: ").unwrap();
            assert!(told.message.starts_with(&beginning), "{}", told.message);
            let causes = &told.details.unwrap().rest["causes"];
            assert_eq!(causes, &json!([{"message": cause}]));
        }
    }
}

#[tokio::test]
async fn a_configuration_of_other_bytes_is_no_configuration() {
    let shell = Shell::new();
    let layout = Layout::new(shell.path("image"));
    layout.name("v1", &layout.image("linux/amd64", &[]));
    let registry = Embedded::new();
    push("oci:image:v1", &format!("{}/app:v1", registry.address()), &shell);
    let proxy = crate::support::faults::Proxy::before(&registry.address());
    proxy.fault(usize::MAX, "GET", "/blobs/", crate::support::faults::Fault::Damage);
    let from = format!("{}/app:v1", proxy.address());
    let told = import(&Importer::new(), &from, ImportPolicy::default()).await.status;
    let beginning = format!("Internal error occurred: {from}: content integrity error: ");
    assert!(told.message.starts_with(&beginning), "{}", told.message);
}

#[tokio::test]
async fn what_names_nothing_is_told_and_what_is_on_no_registry_is_left_alone() {
    let answer = import(&Importer::new(), "test///un/parse/able", ImportPolicy::default()).await;
    assert_eq!(
        answer.status.message,
        " \"\" is invalid: from.name: Invalid value: \"test///un/parse/able\": invalid name: invalid reference format"
    );
    assert_eq!((answer.status.reason.as_str(), answer.status.code), ("Invalid", 422));
    let mut alias = image("app:v1", "tag", ImportPolicy::default());
    alias.from.kind = "ImageStreamTag".to_owned();
    let spec = images(vec![alias]);
    let fetched = Memory::default().fetch(&Importer::new().registries(), &spec).await;
    assert_eq!(fetched.status.images, [ImageImportStatus::default()]);
}

#[tokio::test]
async fn of_an_index_one_image_is_kept_or_all() {
    need!("docker-registry", "skopeo");
    let (site, shell) = (Site::with_tokens(300), Shell::new());
    let (index, children) = make_index(&shell, &["linux/s390x", "linux/amd64", "linux/arm64"]);
    site.login(&shell);
    push("oci:image:v1", &site.image("app:v1"), &shell);
    let importer = Importer::new();
    importer.login(site.registry.address(), USER, PASSWORD);
    let from = site.image("app:v1");
    let pinned = |digest: &str| site.image(&format!("app@{digest}"));

    let kept = import(&importer, &from, preserve()).await;
    let list = kept.image.unwrap();
    assert_eq!((name(&list), kept.tag.as_str()), (index.as_str(), "v1"));
    assert_eq!(list.docker_image_reference, pinned(&index));
    assert_eq!(kept.manifests.iter().map(name).collect::<Vec<_>>(), children);
    assert_eq!(list.docker_image_manifests.len(), 3);
    let fetched = site.fetch("app:v1");
    for image in kept.manifests.iter().chain([&list]) {
        let file = name(image).replace("sha256:", "");
        let judged = fetched.iter().any(|(name, digest)| {
            name.starts_with(&file) || digest.as_str() == image.metadata.name
        });
        assert!(judged, "{} is not what skopeo finds: {fetched:?}", name(image));
        assert_eq!(image.metadata.creation_timestamp, Some(now()));
    }

    let mut memory = Memory::default();
    memory.annotate("s390x", &[("importer.image.openshift.io/prefer-arch", "s390x")]);
    let legacy = || ImportPolicy::default();
    let mut spec = images(vec![
        image(&from, "s390x", legacy()),
        image(&from, "host", legacy()),
        image(&pinned(&index), "pinned", legacy()),
        image(&pinned(&children[2]), "child", legacy()),
    ]);
    let answers = memory.fetch(&importer.registries(), &spec).await.status.images;
    let names: Vec<&str> =
        answers.iter().map(|answer| name(answer.image.as_ref().unwrap())).collect();
    let host = if cfg!(target_arch = "aarch64") { 2 } else { 1 };
    assert_eq!(names, [0, host, host, 2].map(|number| children[number].as_str()));
    let tags: Vec<&str> = answers.iter().map(|answer| answer.tag.as_str()).collect();
    assert_eq!(tags, ["v1", "v1", "", ""]);
    let arch = answers[0].image.as_ref().unwrap().metadata_at(&["Architecture"]).unwrap();
    assert_eq!(arch, "s390x");

    spec.import = false;
    let tried = memory.fetch(&importer.registries(), &spec).await;
    assert!(tried.new.is_empty());
    let image = tried.status.images[0].image.as_ref().unwrap();
    assert_eq!((name(image), image.metadata.creation_timestamp), (children[0].as_str(), None));
}

/// Counts what it is told.
#[derive(Default)]
struct Counter {
    planned: AtomicUsize,
    fetched: Mutex<Vec<(String, bool)>>,
}

impl Observer for Counter {
    fn planned(&self, images: usize) {
        self.planned.fetch_add(images, Ordering::SeqCst);
    }

    fn fetched(&self, image: &str, status: &Status) {
        self.fetched.lock().unwrap().push((image.to_owned(), status.is_failure()));
    }
}

#[tokio::test]
async fn who_listens_is_told_of_each_image_once() {
    let (registry, shell) = (Embedded::new(), Shell::new());
    make_index(&shell, &["linux/amd64"]);
    push("oci:image:v1", &format!("{}/app:v1", registry.address()), &shell);
    let (good, bad) =
        (format!("{}/app:v1", registry.address()), format!("{}/app:no", registry.address()));
    let policy = ImportPolicy::default;
    let mut spec = images(vec![image(&good, "a", policy()), image(&bad, "b", policy())]);
    let from = ObjectReference::new(DOCKER_IMAGE, format!("{}/app", registry.address()));
    spec.repository = Some(RepositoryImportSpec { from, ..RepositoryImportSpec::default() });
    let (registries, observer) = (Importer::new().registries(), Counter::default());
    let known = Memory::default();
    let fetcher = Fetcher {
        registries: &registries,
        known: &known,
        observer: &observer,
        limit: None,
        now: now(),
    };
    fetcher.fetch(&spec, None).await;
    let mut fetched = observer.fetched.into_inner().unwrap();
    fetched.sort();
    assert_eq!(observer.planned.into_inner(), 3);
    assert_eq!(fetched, [(bad, true), (good.clone(), false), (good, false)]);
}

#[tokio::test]
async fn an_index_that_misses_an_image_is_kept_by_nobody_who_wants_all() {
    let (registry, shell) = (Embedded::new(), Shell::new());
    let (_, children) = make_index(&shell, &["linux/amd64", "linux/riscv64"]);
    push("oci:image:v1", &format!("{}/app:v1", registry.address()), &shell);
    let proxy = crate::support::faults::Proxy::before(&registry.address());
    let gone = crate::support::faults::Canned::status(404);
    let gone = crate::support::faults::Fault::Answer(gone);
    proxy.fault(usize::MAX, "GET", &children[1], gone);
    let from = format!("{}/app:v1", proxy.address());
    let answer = import(&Importer::new(), &from, preserve()).await;
    let missing = format!("{}/app@{}", proxy.address(), children[1]);
    assert_eq!(
        answer.status.message,
        format!("dockerimage.image.openshift.io \"{missing}\" not found")
    );
    assert!(answer.image.is_none() && answer.manifests.is_empty());
    let answer = import(&Importer::new(), &from, ImportPolicy::default()).await;
    assert_eq!(name(answer.image.as_ref().unwrap()), children[0]);
}

#[tokio::test]
async fn manifest_and_configuration_come_along_when_nothing_is_kept() {
    let (registry, shell) = (Embedded::new(), Shell::new());
    make_index(&shell, &["linux/amd64"]);
    push("oci:image:v1", &format!("{}/app:v1", registry.address()), &shell);
    let from = format!("{}/app:v1", registry.address());
    let mut memory = Memory::default();
    let registries = Importer::new().registries();
    let mut spec = images(vec![image(&from, "tag", ImportPolicy::default())]);
    memory.fetch(&registries, &spec).await;
    spec.images[0].include_manifest = true;
    let raw = |fetched: &longshore::imagestream::fetch::Fetched| {
        fetched.status.images[0].image.as_ref().unwrap().rest.clone()
    };
    assert!(raw(&memory.fetch(&registries, &spec).await).is_empty());
    spec.import = false;
    let raw = raw(&memory.fetch(&registries, &spec).await);
    let text = raw["dockerImageManifest"].as_str().unwrap();
    assert!(serde_json::from_str::<Value>(text).unwrap()["layers"].is_array());
    assert!(raw["dockerImageConfig"].as_str().unwrap().contains("diff_ids"));
}

#[tokio::test]
async fn a_registry_without_tls_is_read_where_that_is_said() {
    need!("docker-registry");
    let (registry, shell) = (Registry::open(), Shell::new());
    make_index(&shell, &["linux/amd64"]);
    let from = format!("{}/app:v1", registry.address());
    push("oci:image:v1", &from, &shell);
    let mut importer = Importer::new();
    importer.plain_http = false;
    let refused = import(&importer, &from, ImportPolicy::default()).await.status;
    assert!(refused.message.contains("speaks plain HTTP, not HTTPS"), "{}", refused.message);
    assert_eq!(import(&importer, &from, insecure()).await.status, Status::success());
}

#[tokio::test]
async fn a_mirror_serves_and_the_name_stays_the_original() {
    need!("docker-registry", "skopeo");
    let (mirror, shell) = (Registry::open(), Shell::new());
    let (index, children) = make_index(&shell, &["linux/amd64", "linux/arm64"]);
    push("oci:image:v1", &format!("{}/cache/app:v1", mirror.address()), &shell);
    let settings = format!(
        "[[registry]]\nlocation = \"vendor.example.test/team\"\n[[registry.mirror]]\nlocation = \"{}/cache\"\n",
        mirror.address()
    );
    let importer = Importer::with_settings(settings);
    let answer = import(&importer, "vendor.example.test/team/app:v1", preserve()).await;
    let image = answer.image.unwrap();
    assert_eq!(image.docker_image_reference, format!("vendor.example.test/team/app@{index}"));
    for (child, digest) in answer.manifests.iter().zip(children) {
        assert_eq!(child.docker_image_reference, format!("vendor.example.test/team/app@{digest}"));
    }
    let there = format!("docker://{}/cache/app:v1", mirror.address());
    let judged = skopeo::run(&["inspect", "--raw", "--tls-verify=false", &there]);
    assert_eq!(longshore::model::Digest::of(&judged).as_str(), index);
}

/// Imports all tags of a repository, the first 50 of them.
async fn repository(
    importer: &Importer,
    from: &str,
    memory: &mut Memory,
) -> RepositoryImportStatus {
    let repository = RepositoryImportSpec {
        from: ObjectReference::new(DOCKER_IMAGE, from),
        ..RepositoryImportSpec::default()
    };
    let spec =
        ImageStreamImportSpec { import: true, repository: Some(repository), images: Vec::new() };
    memory.fetch(&importer.registries(), &spec).await.status.repository.unwrap()
}

#[tokio::test]
async fn of_a_repository_the_first_tags_are_imported_and_the_others_named() {
    need!("docker-registry");
    let (registry, shell, importer) = (Registry::open(), Shell::new(), Importer::new());
    make_index(&shell, &["linux/amd64"]);
    push("oci:image:v1", &format!("{}/app:0.1", registry.address()), &shell);
    let tags = registry.storage().join("repositories/app/_manifests/tags");
    for minor in 2..=53 {
        let folder = tags.join(format!("0.{minor}/current"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(tags.join("0.1/current/link"), folder.join("link")).unwrap();
    }
    let from = format!("{}/app", registry.address());
    let all = repository(&importer, &from, &mut Memory::default()).await;
    assert_eq!(all.status, Status::success());
    let tags: Vec<&str> = all.images.iter().map(|image| image.tag.as_str()).collect();
    let expected: Vec<String> = (4..=53).rev().map(|minor| format!("0.{minor}")).collect();
    assert_eq!(tags, expected);
    assert_eq!(all.additional_tags, ["0.3", "0.2", "0.1"]);
}

#[tokio::test]
async fn a_repository_says_how_many_of_its_images_failed_or_why_it_has_none() {
    need!("docker-registry", "htpasswd");
    let (registry, shell, importer) = (Registry::open(), Shell::new(), Importer::new());
    make_index(&shell, &["linux/amd64"]);
    let of = |name: &str| format!("{}/team/{name}", registry.address());
    for tag in ["good", "bad", "worse"] {
        push("oci:image:v1", &of(&format!("app:{tag}")), &shell);
    }
    let link = |tag: &str| {
        registry.storage().join(format!("repositories/team/app/_manifests/tags/{tag}/current/link"))
    };
    let nothing = format!("sha256:{}", "0".repeat(64));
    let mut memory = Memory::default();
    for (bad, message) in [
        ("bad", "one of the images from this repository failed to import"),
        ("worse", "2 of the images from this repository failed to import"),
    ] {
        std::fs::write(link(bad), &nothing).unwrap();
        let told = repository(&importer, &of("app"), &mut memory).await;
        assert_eq!((told.status.reason.as_str(), told.status.code), ("ImportFailed", 0));
        assert_eq!(told.status.message, message);
        assert_eq!(told.images[1].status, Status::success());
        assert_eq!(told.images[0].status.reason, "NotFound");
    }
    let none = repository(&importer, &of("none"), &mut Memory::default()).await.status;
    let expected = format!("dockerimage.image.openshift.io \"{}\" not found", of("none"));
    assert_eq!((none.message, none.code), (expected, 404));
    let private = Site::with_password();
    let refused = repository(&importer, &private.image("app"), &mut Memory::default()).await.status;
    let expected =
        format!("you may not have access to the container image \"{}\"", private.image("app"));
    assert_eq!((refused.message, refused.code), (expected, 401));
}
