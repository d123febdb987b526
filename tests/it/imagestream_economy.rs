//! What an import asks registries for, and what it does not: requests counted at a real registry.

use std::fs;

use longshore::imagestream::api::{
    DOCKER_IMAGE, ImageStreamImportSpec, ImportMode, ImportPolicy, ObjectReference,
    RepositoryImportSpec,
};
use longshore::imagestream::fetch::{Fetched, Fetcher};
use longshore::imagestream::{Files, Namespace, StreamName};

use crate::support::faults::Proxy;
use crate::support::importing::{Importer, Memory, image, images, now};
use crate::support::layout::{Layout, digest};
use crate::support::registry::Registry;
use crate::support::shell::Shell;

/// A registry, a proxy that counts what it is asked, and somebody who imports.
struct Counted {
    registry: Registry,
    proxy: Proxy,
    shell: Shell,
    importer: Importer,
    memory: Memory,
}

impl Counted {
    fn new() -> Self {
        let registry = Registry::open();
        let proxy = Proxy::before(registry.address());
        let (shell, importer, memory) = (Shell::new(), Importer::new(), Memory::default());
        Self { registry, proxy, shell, importer, memory }
    }

    /// An index of two platforms as the tag; its digest, and those of its images.
    fn push_index(&self, tag: &str, seed: u64) -> (String, Vec<String>) {
        let layout = Layout::new(self.shell.path("image"));
        let images = [("linux/amd64", 1), ("linux/arm64", 2)].map(|(platform, number)| {
            layout.image(platform, &[layout.noise_layer(10 * seed + number, 100)])
        });
        let index = layout.index(&images);
        layout.name("v1", &index);
        self.push(tag);
        let children = images.iter().map(|image| digest(image).to_owned()).collect();
        (digest(&index).to_owned(), children)
    }

    fn push_image(&self, tag: &str, seed: u64) -> String {
        let layout = Layout::new(self.shell.path("image"));
        let image = layout.image("linux/amd64", &[layout.noise_layer(seed, 100)]);
        layout.name("v1", &image);
        self.push(tag);
        digest(&image).to_owned()
    }

    fn push(&self, tag: &str) {
        let to = format!("{}/app:{tag}", self.registry.address());
        self.shell.ok(&["push", "--plain-http", "oci:image:v1", &to]);
    }

    /// How many HEAD and GET of manifests there were, and GET of blobs.
    fn of_manifests_and_blobs(&self) -> [usize; 3] {
        [("HEAD", "/manifests/"), ("GET", "/manifests/"), ("GET", "/blobs/")]
            .map(|(method, part)| self.proxy.count(method, part))
    }

    fn name(&self, rest: &str) -> String {
        format!("{}/app{rest}", self.proxy.address())
    }

    /// What is asked for by the import of these references, sorted.
    async fn asked(&mut self, references: &[&str], mode: Option<ImportMode>) -> Vec<String> {
        let policy = ImportPolicy { import_mode: mode, ..ImportPolicy::default() };
        let each = references.iter().map(|rest| image(&self.name(rest), rest, policy.clone()));
        let spec = images(each.collect());
        let (fetched, asked) = self.fetch(&spec).await;
        let failed = fetched.status.images.iter().find(|image| image.status.is_failure());
        assert!(failed.is_none(), "{failed:?}");
        asked
    }

    async fn fetch(&mut self, spec: &ImageStreamImportSpec) -> (Fetched, Vec<String>) {
        let before = self.proxy.seen().len();
        let fetched = self.memory.fetch(&self.importer.registries(), spec).await;
        let seen = self.proxy.seen().split_off(before);
        let lines = seen.iter().map(|seen| format!("{} {}", seen.method, seen.target));
        let mut asked: Vec<String> = lines.filter(|line| line != "GET /v2/").collect();
        asked.sort();
        (fetched, asked)
    }
}

fn manifests(asked: &[String]) -> Vec<String> {
    let of_app = |line: &String| line.replace("/v2/app/", "");
    asked.iter().filter(|line| line.contains("/manifests/")).map(of_app).collect()
}

#[tokio::test]
async fn an_image_is_two_requests_and_one_that_is_known_is_one() {
    need!("docker-registry");
    let mut counted = Counted::new();
    counted.push_image("v1", 1);
    let first = counted.asked(&[":v1"], None).await;
    assert_eq!(first.len(), 2, "{first:?}");
    assert_eq!(manifests(&first), ["GET manifests/v1"]);
    assert_eq!(counted.asked(&[":v1"], None).await, ["HEAD /v2/app/manifests/v1"]);

    let moved = counted.push_image("v1", 2);
    let again = counted.asked(&[":v1"], None).await;
    assert_eq!(again.len(), 3, "{again:?}");
    assert_eq!(manifests(&again), [format!("GET manifests/{moved}"), "HEAD manifests/v1".into()]);

    // Another tag of an image that is known, and the image itself.
    counted.push("v2");
    assert_eq!(counted.asked(&[":v2"], None).await, ["GET /v2/app/manifests/v2"]);
    let pinned = format!("@{moved}");
    let asked = counted.asked(&[&pinned], None).await;
    assert_eq!(asked, [format!("HEAD /v2/app/manifests/{moved}")]);
}

#[tokio::test]
async fn an_index_is_known_by_its_digest_whatever_is_kept_of_it() {
    need!("docker-registry");
    let mut counted = Counted::new();
    let (index, children) = counted.push_index("v1", 1);
    let first = counted.asked(&[":v1"], None).await;
    assert_eq!(first.len(), 3, "{first:?}");
    assert_eq!(counted.asked(&[":v1"], None).await, ["HEAD /v2/app/manifests/v1"]);
    assert_eq!(counted.memory.images().len(), 2, "the index and one of its images");

    let all = counted.asked(&[":v1"], Some(ImportMode::PreserveOriginal)).await;
    assert_eq!(all.len(), 3, "the digest, and the image that is missing: {all:?}");
    assert_eq!(counted.memory.images().len(), 3);
    let again = counted.asked(&[":v1"], Some(ImportMode::PreserveOriginal)).await;
    assert_eq!(again, ["HEAD /v2/app/manifests/v1"]);
    for reference in [format!("@{index}"), format!("@{}", children[0])] {
        let asked = counted.asked(&[&reference], Some(ImportMode::PreserveOriginal)).await;
        assert_eq!(asked.len(), 1, "{asked:?}");
    }
}

#[tokio::test]
async fn what_many_tags_point_to_is_read_once() {
    need!("docker-registry");
    let mut counted = Counted::new();
    let (_, children) = counted.push_index("v0", 1);
    for number in 1..10 {
        counted.push(&format!("v{number}"));
    }
    let tags: Vec<String> = (0..10).map(|number| format!(":v{number}")).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let asked = counted.asked(&tags, Some(ImportMode::PreserveOriginal)).await;
    let of_tags = asked.iter().filter(|line| line.contains("/manifests/v"));
    assert!(of_tags.clone().all(|line| line.starts_with("HEAD ")) && of_tags.count() == 10);
    for child in &children {
        assert_eq!(asked.iter().filter(|line| line.contains(child)).count(), 1, "{asked:#?}");
    }
    assert_eq!(asked.len(), 10 + 1 + 2 + 2, "{asked:#?}");
    // One reference for many tags.
    let policy = ImportPolicy::default();
    counted.push_image("new", 5);
    let from = counted.name(":new");
    let spec = images((0..5).map(|n| image(&from, &format!("t{n}"), policy.clone())).collect());
    assert_eq!(counted.fetch(&spec).await.1.len(), 3);
}

/// Two hundred tags of four images, put into the registry's files.
fn many(counted: &Counted) {
    for number in 0..4 {
        counted.push_image(&format!("0.{number}"), number);
    }
    let tags = counted.registry.storage().join("repositories/app/_manifests/tags");
    let link = |tag: &str| tags.join(tag).join("current/link");
    for number in 4..200 {
        let target = link(&format!("0.{number}"));
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(link(&format!("0.{}", number % 4)), target).unwrap();
    }
}

#[tokio::test]
async fn two_hundred_tags_are_one_question_each() {
    need!("docker-registry");
    let counted = Counted::new();
    many(&counted);
    let repository = RepositoryImportSpec {
        from: ObjectReference::new(DOCKER_IMAGE, counted.name("")),
        ..RepositoryImportSpec::default()
    };
    let spec =
        ImageStreamImportSpec { import: true, repository: Some(repository), images: Vec::new() };
    let registries = counted.importer.registries();
    let fetcher = Fetcher {
        registries: &registries,
        known: &Memory::default(),
        observer: &(),
        limit: None,
        now: now(),
    };
    let fetched = fetcher.fetch(&spec, None).await;
    let all = fetched.status.repository.unwrap();
    assert_eq!((all.images.len(), fetched.new.len()), (200, 4));
    assert_eq!(counted.of_manifests_and_blobs(), [200, 4, 4]);
}

#[test]
fn two_hundred_tags_are_imported_by_the_program_and_again() {
    need!("docker-registry");
    let counted = Counted::new();
    many(&counted);
    let from = counted.name("");
    let line = ["import-image", "app", "--all", "--limit=all", "--store=streams"];
    let first = ["--confirm", "--insecure", "--from", &from];
    counted.shell.ok(&[&line[..], &first[..]].concat());
    assert_eq!(
        counted.of_manifests_and_blobs(),
        [200, 4, 4],
        "one manifest and configuration each"
    );
    counted.shell.ok(&line);
    assert_eq!(counted.of_manifests_and_blobs(), [400, 4, 4], "a HEAD for each tag");
    let name = StreamName::new(Namespace::default(), "app").unwrap();
    let files = Files::open(&counted.shell.path("streams")).unwrap();
    assert_eq!(files.get(&name).unwrap().unwrap().status.tags.len(), 200);
    assert_eq!(files.images().unwrap().len(), 4);
}
