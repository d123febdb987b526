//! Streams in a folder: what an import leaves there, with a real registry.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use longshore::imagestream::api::{
    DOCKER_IMAGE, ImageStreamImport, ImportMode, ObjectReference, ReferencePolicyType, SpecTag,
    Status,
};
use longshore::imagestream::fetch::Observer;
use longshore::imagestream::requests::{ImportOptions, Scope, import};
use longshore::imagestream::{
    Error, Fetching, Files, ImageStream, Local, Namespace, PULL_THROUGH, StreamName, StreamTag,
    Streams,
};
use longshore::ops::{PullThrough, PullThroughOptions};
use longshore::transfer::CopyOptions;

use crate::support::faults::{Canned, Fault, Proxy};
use crate::support::importing::{Importer, now};
use crate::support::layout::{Layout, digest};
use crate::support::registry::Registry;
use crate::support::responder::{Reply, Responder};
use crate::support::shell::Shell;

/// A registry behind a proxy, and somebody who keeps streams in a folder.
struct Site {
    registry: Registry,
    proxy: Proxy,
    shell: Shell,
    importer: Importer,
}

impl Site {
    fn new() -> Self {
        let registry = Registry::open();
        let proxy = Proxy::before(registry.address());
        Self { registry, proxy, shell: Shell::new(), importer: Importer::new() }
    }

    fn root(&self) -> PathBuf {
        self.shell.path("streams")
    }

    fn local(&self) -> Local {
        self.local_with(None)
    }

    fn local_with(&self, pull: Option<Arc<PullThrough>>) -> Local {
        let pull_through = pull.map(|pull| pull as _);
        self.local_by(Fetching { pull_through, ..self.fetching() })
    }

    fn local_by(&self, fetching: Fetching) -> Local {
        Local::new(Files::open(&self.root()).unwrap(), fetching)
    }

    fn fetching(&self) -> Fetching {
        Fetching {
            registries: self.importer.registries(),
            limit: Some(50),
            observer: Arc::new(()),
            pull_through: None,
            clock: now,
        }
    }

    fn image_file(&self, digest: &str, extension: &str) -> PathBuf {
        let (_, hex) = digest.split_once(':').unwrap();
        self.root().join(format!("images/sha256/{hex}.{extension}"))
    }

    /// Pushes an image, another for each `seed`; its digest.
    fn push(&self, name: &str, seed: u64) -> String {
        let layout = Layout::new(self.shell.path("image"));
        let image = layout.image("linux/amd64", &[layout.noise_layer(seed, 100)]);
        layout.name("v1", &image);
        let to = format!("{}/{name}", self.registry.address());
        self.shell.ok(&["push", "--plain-http", "oci:image:v1", &to]);
        digest(&image).to_owned()
    }

    fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.proxy.address())
    }

    fn stream_file(&self) -> PathBuf {
        self.root().join("default/app.yaml")
    }

    /// All files below the folder, by path.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.root()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(path.clone(), fs::read(path).unwrap());
                }
            }
        }
        found
    }
}

fn app() -> StreamName {
    StreamName::new(Namespace::default(), "app").unwrap()
}

fn tag(text: &str) -> StreamTag {
    StreamTag::parse(text, &Namespace::default()).unwrap()
}

/// The import of one tag.
fn of_tag(name: &str, from: Option<String>) -> ImportOptions {
    let scope = Scope::Tag(name.parse().unwrap());
    ImportOptions { from, confirm: true, ..ImportOptions::new(scope) }
}

/// Imports, and gives the answer.
async fn imported(local: &Local, options: &ImportOptions) -> ImageStreamImport {
    import(local, &app(), options).await.unwrap().answer
}

fn history(stream: &ImageStream, tag: &str) -> Vec<String> {
    let items = stream.status_tag(tag).map(|tag| tag.items.as_slice()).unwrap_or_default();
    items.iter().map(|item| item.image.clone()).collect()
}

fn read(path: &Path) -> serde_json::Value {
    serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[tokio::test]
async fn an_import_is_a_stream_and_its_images_and_again_it_is_nothing() {
    need!("docker-registry");
    let site = Site::new();
    let (first, local) = (site.push("app:v1", 1), site.local());
    let answer = imported(&local, &of_tag("v1", Some(site.image("app:v1")))).await;
    let stream = answer.status.import.unwrap();
    assert_eq!(history(&stream, "v1"), std::slice::from_ref(&first));
    assert_eq!(local.get(&app()).await.unwrap().unwrap(), stream);
    let file = read(&site.stream_file());
    assert_eq!((&file["kind"], &file["metadata"]["name"]), (&"ImageStream".into(), &"app".into()));
    assert!(file["metadata"].get("resourceVersion").is_none());
    assert_eq!(local.images().await.unwrap(), std::slice::from_ref(&first));
    let image = local.image(&first).await.unwrap().unwrap();
    assert_eq!(image.docker_image_reference, format!("{}@{first}", site.image("app")));
    assert_eq!(image.metadata.creation_timestamp, Some(now()));

    let before = site.files();
    let again = imported(&local, &of_tag("v1", None)).await;
    assert_eq!(again.status.import.unwrap(), stream);
    assert_eq!(site.files(), before);

    let second = site.push("app:v1", 2);
    let moved = imported(&local, &of_tag("v1", None)).await.status.import.unwrap();
    assert_eq!(history(&moved, "v1"), [second.clone(), first]);
    assert_ne!(moved.metadata.resource_version, stream.metadata.resource_version);
    assert_eq!(local.images().await.unwrap().len(), 2);
    assert_eq!(local.list(None).await.unwrap().whole().unwrap(), [moved]);
}

#[tokio::test]
async fn a_tag_that_is_gone_keeps_its_history_and_stops_no_other() {
    need!("docker-registry");
    let site = Site::new();
    let (v1, v2, local) = (site.push("app:v1", 1), site.push("app:v2", 2), site.local());
    for (name, _) in [("v1", &v1), ("v2", &v2)] {
        imported(&local, &of_tag(name, Some(site.image(&format!("app:{name}"))))).await;
    }
    let v3 = site.push("app:v2", 3);
    site.proxy.fault(usize::MAX, "HEAD", "manifests/v1", Fault::Answer(Canned::status(404)));
    let all = ImportOptions::new(Scope::All);
    let answer = imported(&local, &all).await;
    let stream = answer.status.import.unwrap();
    assert_eq!(history(&stream, "v1"), [v1]);
    assert_eq!(history(&stream, "v2"), [v3, v2]);
    let told = &stream.status_tag("v1").unwrap().conditions[0];
    let missing = format!("dockerimage.image.openshift.io \"{}\" not found", site.image("app:v1"));
    assert_eq!((told.reason.as_str(), told.message.as_str()), ("NotFound", missing.as_str()));
    assert_eq!(answer.status.images.iter().filter(|image| image.image.is_none()).count(), 1);
}

#[tokio::test]
async fn a_repository_is_remembered_and_new_tags_are_found() {
    need!("docker-registry");
    let site = Site::new();
    site.push("app:v1", 1);
    let local = site.local();
    let all = ImportOptions {
        from: Some(site.image("app")),
        confirm: true,
        import_mode: Some(ImportMode::PreserveOriginal),
        ..ImportOptions::new(Scope::All)
    };
    imported(&local, &all).await;
    site.push("app:v2", 2);
    let stream = imported(&local, &ImportOptions::new(Scope::All)).await.status.import.unwrap();
    assert_eq!(stream.spec.docker_image_repository, site.image("app"));
    let tags: Vec<&str> = stream.status.tags.iter().map(|tag| tag.tag.as_str()).collect();
    assert_eq!(tags, ["v1", "v2"]);
    for tag in &stream.spec.tags {
        assert_eq!(tag.import_policy.import_mode, Some(ImportMode::PreserveOriginal));
    }
}

#[tokio::test]
async fn an_index_is_written_with_its_images() {
    need!("docker-registry");
    let site = Site::new();
    let layout = Layout::new(site.shell.path("image"));
    let images = ["linux/amd64", "linux/arm64"].map(|platform| layout.image(platform, &[]));
    let index = layout.index(&images);
    layout.name("v1", &index);
    site.shell.ok(&[
        "push",
        "--plain-http",
        "oci:image:v1",
        &format!("{}/app:v1", site.registry.address()),
    ]);
    let local = site.local();
    let import_mode = Some(ImportMode::PreserveOriginal);
    let options = ImportOptions { import_mode, ..of_tag("v1", Some(site.image("app:v1"))) };
    let stream = imported(&local, &options).await.status.import.unwrap();
    assert_eq!(history(&stream, "v1"), [digest(&index)]);
    let mut expected: Vec<String> =
        images.iter().chain([&index]).map(|image| digest(image).to_owned()).collect();
    expected.sort();
    assert_eq!(local.images().await.unwrap(), expected);
}

#[tokio::test]
async fn what_is_refused_or_only_tried_leaves_nothing() {
    let responder = Responder::new(|_| Some(Reply::new(404)));
    let mut site = Site { registry: Registry::open(), ..Site::new() };
    site.importer = Importer::new();
    let local = site.local();
    let from = format!("{}/app:v1", responder.address());
    let tried = ImportOptions { dry_run: true, ..of_tag("v1", Some(from.clone())) };
    let answer = imported(&local, &tried).await;
    assert!(answer.status.import.is_none() && answer.status.images[0].status.is_failure());
    assert!(!site.root().exists());
    let asked = responder.asked().len();
    let refused = import(&local, &app(), &of_tag("v1", Some("///".to_owned()))).await.unwrap_err();
    assert!(refused.to_string().contains("invalid reference format"), "{refused}");
    assert_eq!(responder.asked().len(), asked);
    assert!(!site.root().exists());
}

#[tokio::test]
async fn a_stream_that_changed_since_is_not_overwritten() {
    need!("docker-registry");
    let site = Site::new();
    site.push("app:v1", 1);
    let local = site.local();
    let options = of_tag("v1", Some(site.image("app:v1")));
    let old = imported(&local, &options).await.status.import.unwrap();
    let mut question =
        longshore::imagestream::requests::requests(&app(), Some(&old), &options).unwrap().request;
    local.set_repository(&app(), "quay.io/org/app").await.unwrap();
    let before = site.files();
    let refused = [
        local.import(&question).await.map(drop).unwrap_err(),
        local.replace_status(&old).await.unwrap_err(),
    ];
    for error in refused {
        let Error::Status(status) = error else { panic!("{error}") };
        assert_eq!((status.reason.as_str(), status.code), ("Conflict", 409));
    }
    assert_eq!(site.files(), before);
    question.metadata.resource_version = None;
    local.import(&question).await.unwrap();
}

#[tokio::test]
async fn imports_at_once_do_not_lose_each_other() {
    need!("docker-registry");
    let site = Site::new();
    let tags: Vec<String> = (0..8).map(|number| format!("v{number}")).collect();
    for (seed, tag) in tags.iter().enumerate() {
        site.push(&format!("app:{tag}"), seed as u64);
    }
    let imports = tags.iter().map(|tag| {
        let (local, from) = (site.local(), site.image(&format!("app:{tag}")));
        let tag = tag.clone();
        async move {
            // Each begins anew as often as it takes.
            while import(&local, &app(), &of_tag(&tag, Some(from.clone()))).await.is_err() {}
        }
    });
    futures_util::future::join_all(imports).await;
    let stream = site.local().get(&app()).await.unwrap().unwrap();
    assert_eq!(stream.status.tags.len(), 8);
    assert_eq!(stream.spec.tags.len(), 8);
}

#[tokio::test]
async fn images_without_their_stream_are_used_by_the_next_import() {
    need!("docker-registry");
    let site = Site::new();
    site.push("app:v1", 1);
    let local = site.local();
    // It leads nowhere: no stream is in it, and none can be written.
    fs::create_dir(site.root()).unwrap();
    std::os::unix::fs::symlink("nowhere", site.root().join("default")).unwrap();
    let options = of_tag("v1", Some(site.image("app:v1")));
    assert!(import(&local, &app(), &options).await.is_err());
    assert_eq!(local.images().await.unwrap().len(), 1);
    fs::remove_file(site.root().join("default")).unwrap();
    let before = site.proxy.seen().len();
    let stream = imported(&local, &options).await.status.import.unwrap();
    assert_eq!(history(&stream, "v1"), local.images().await.unwrap());
    let asked = site.proxy.seen().split_off(before);
    assert!(asked.iter().all(|seen| !seen.target.contains("/blobs/")), "{asked:?}");
}

#[tokio::test]
async fn tags_are_set_moved_and_removed_by_hand() {
    need!("docker-registry");
    let site = Site::new();
    let (first, local) = (site.push("app:v1", 1), site.local());
    imported(&local, &of_tag("v1", Some(site.image("app:v1")))).await;
    let alias =
        SpecTag { from: Some(ObjectReference::new("ImageStreamTag", "v1")), ..SpecTag::default() };
    let stream = local.set_tag(&tag("app:stable"), &alias, None).await.unwrap();
    assert_eq!(history(&stream, "stable"), std::slice::from_ref(&first));
    let other = SpecTag {
        from: Some(ObjectReference::new("ImageStreamTag", "app:v1")),
        ..SpecTag::default()
    };
    let stream = local.set_tag(&tag("other:prod"), &other, None).await.unwrap();
    assert_eq!(history(&stream, "prod"), std::slice::from_ref(&first));
    let pointer = SpecTag {
        from: Some(ObjectReference::new(DOCKER_IMAGE, "quay.io/org/app:v9")),
        reference: true,
        ..SpecTag::default()
    };
    local.set_tag(&tag("new:v9"), &pointer, None).await.unwrap();
    let names: Vec<String> = local
        .list(None)
        .await
        .unwrap()
        .streams
        .into_iter()
        .map(|stream| stream.metadata.name)
        .collect();
    assert_eq!(names, ["app", "new", "other"]);

    let mut stream = local.get(&app()).await.unwrap().unwrap();
    stream.status.tags.retain(|tag| tag.tag != "stable");
    local.replace_status(&stream).await.unwrap();
    let stream = local.get(&app()).await.unwrap().unwrap();
    assert!(stream.status_tag("stable").is_none() && stream.spec_tag("stable").is_some());

    local.delete_tag(&tag("app:stable")).await.unwrap();
    assert!(matches!(local.delete_tag(&tag("app:stable")).await, Err(Error::NoTag(_))));
    assert!(matches!(local.delete_tag(&tag("none:v1")).await, Err(Error::NoStream(_))));
    local.delete(&app()).await.unwrap();
    assert!(matches!(local.delete(&app()).await, Err(Error::NoStream(_))));
    assert_eq!(local.get(&app()).await.unwrap(), None);
    let named = std::slice::from_ref(&first);
    assert_eq!(local.delete_images(named).await.unwrap(), [""; 0], "other:prod points to it");
    local.delete(&tag("other:prod").stream).await.unwrap();
    assert_eq!(local.delete_images(named).await.unwrap(), named);
    assert_eq!(local.delete_images(named).await.unwrap(), [""; 0]);
    for none in ["", "../../etc/passwd", "sha256:12", &first] {
        assert_eq!(local.image(none).await.unwrap(), None, "{none}");
    }
}

#[tokio::test]
async fn image_data_that_could_not_be_copied_are_copied_by_the_next_import() {
    need!("docker-registry");
    let (site, to) = (Site::new(), Registry::open());
    let gate = Proxy::before(to.address());
    let own = format!("{}/own/app", gate.address());
    let run = async |options: &ImportOptions| {
        let registries = site.importer.registries();
        let pull = PullThroughOptions {
            destination: Arc::clone(&registries.verified),
            registries,
            options: CopyOptions::default(),
            observer: Arc::new(()),
        };
        let pull = Arc::new(PullThrough::new(&own.parse().unwrap(), pull).unwrap());
        let local = site.local_with(Some(Arc::clone(&pull)));
        let stream = imported(&local, options).await.status.import.unwrap();
        let failed = pull.take().iter().filter(|image| image.result.is_err()).count();
        (stream, failed)
    };
    let options = ImportOptions {
        reference_policy: Some(ReferencePolicyType::Local),
        ..of_tag("v1", Some(site.image("app:v1")))
    };
    site.push("app:v1", 1);
    gate.fault(1, "PUT", "/manifests/", Fault::Answer(Canned::status(403)));
    let (stream, failed) = run(&options).await;
    assert_eq!((history(&stream, "v1").len(), failed), (1, 1));
    assert_eq!(stream.metadata.annotations[PULL_THROUGH], own);
    assert_eq!(stream.status.docker_image_repository, "");

    let again = of_tag("v1", None);
    let (stream, failed) = run(&again).await;
    assert_eq!((stream.status.docker_image_repository.as_str(), failed), (own.as_str(), 0));
    // What is there is not asked for again.
    let (there, here) = (gate.seen().len(), site.proxy.seen().len());
    run(&again).await;
    assert_eq!((gate.seen().len(), site.proxy.seen().len()), (there, here + 1));

    // An import that does not copy leaves nobody with a reference to what is not there.
    site.push("app:v1", 2);
    let stream = imported(&site.local(), &again).await.status.import.unwrap();
    assert_eq!(stream.status.docker_image_repository, "");
    let (stream, _) = run(&again).await;
    assert_eq!(stream.status.docker_image_repository, own);
}

/// Somebody who forgets all images as soon as one was fetched.
struct Forgetful(PathBuf);

impl Observer for Forgetful {
    fn fetched(&self, _: &str, _: &Status) {
        fs::remove_dir_all(self.0.join("images")).unwrap();
    }
}

#[tokio::test]
async fn an_image_that_is_forgotten_during_an_import_is_there_afterwards() {
    need!("docker-registry");
    let site = Site::new();
    let (digest, local) = (site.push("app:v1", 1), site.local());
    imported(&local, &of_tag("v1", Some(site.image("app:v1")))).await;
    let observer = Arc::new(Forgetful(site.root()));
    let meanwhile = site.local_by(Fetching { observer, ..site.fetching() });
    imported(&meanwhile, &of_tag("again", Some(site.image("app:v1")))).await;
    let image = local.image(&digest).await.unwrap().expect("the stream names it");
    assert_eq!(image.docker_image_reference, format!("{}@{digest}", site.image("app")));
    assert_eq!(image.kind, "Image");
}

#[tokio::test]
async fn a_damaged_image_is_repaired_by_the_next_import() {
    need!("docker-registry");
    let site = Site::new();
    let (digest, local) = (site.push("app:v1", 1), site.local());
    let options = of_tag("v1", Some(site.image("app:v1")));
    imported(&local, &options).await;
    let (yaml, json) = (site.image_file(&digest, "yaml"), site.image_file(&digest, "json"));
    let whole = read(&yaml);
    for (damaged, text) in [(&yaml, "kind: Im"), (&yaml, "{"), (&json, ""), (&yaml, "kind: Pod")] {
        fs::remove_file(&yaml).unwrap();
        fs::write(damaged, text).unwrap();
        assert!(local.image(&digest).await.is_err(), "{text}");
        imported(&local, &options).await;
        assert_eq!(read(&yaml), whole, "{text}");
        assert!(!json.exists());
    }
}

#[tokio::test]
async fn image_data_are_copied_from_the_mirror_that_served_the_tag() {
    need!("docker-registry");
    let (mut site, to) = (Site::new(), Registry::open());
    site.push("cache/app:v1", 1);
    site.importer.settings = format!(
        "[[registry]]\nlocation = \"vendor.example.test/team\"\n[[registry.mirror]]\nlocation = \"{}/cache\"\npull-from-mirror = \"tag-only\"\n",
        site.registry.address()
    );
    let registries = site.importer.registries();
    let options = PullThroughOptions {
        destination: Arc::clone(&registries.verified),
        registries,
        options: CopyOptions::default(),
        observer: Arc::new(()),
    };
    let own = format!("{}/own/app", to.address());
    let pull = Arc::new(PullThrough::new(&own.parse().unwrap(), options).unwrap());
    let local = site.local_with(Some(Arc::clone(&pull)));
    let options = ImportOptions {
        reference_policy: Some(ReferencePolicyType::Local),
        ..of_tag("v1", Some("vendor.example.test/team/app:v1".to_owned()))
    };
    let stream = imported(&local, &options).await.status.import.unwrap();
    assert!(pull.take().iter().all(|image| image.result.is_ok()));
    assert_eq!(stream.status.docker_image_repository, own);
}
