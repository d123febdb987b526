//! Image data that are copied along with an import.

use std::sync::Arc;

use longshore::imagestream::{PullThrough as _, Wanted};
use longshore::model::ImageRef;
use longshore::ops::{PullThrough, PullThroughOptions};
use longshore::transfer::CopyOptions;

use crate::support::importing::Importer;
use crate::support::layout::{Layout, digest};
use crate::support::registry::Registry;
use crate::support::shell::Shell;
use crate::support::skopeo;

fn pull_through(importer: &Importer, to: &str) -> PullThrough {
    let registries = importer.registries();
    let options = PullThroughOptions {
        destination: Arc::clone(&registries.verified),
        registries,
        options: CopyOptions::default(),
        observer: Arc::new(()),
    };
    PullThrough::new(&to.parse().unwrap(), options).unwrap()
}

/// An index in a registry; how to ask for it.
fn push_index(registry: &Registry, shell: &Shell) -> Wanted {
    let layout = Layout::new(shell.path("image"));
    let images = [("linux/amd64", 1), ("linux/arm64", 2)]
        .map(|(platform, seed)| layout.image(platform, &[layout.noise_layer(seed, 1000)]));
    let index = layout.index(&images);
    layout.name("v1", &index);
    let name = format!("{}/team/app:v1", registry.address());
    shell.ok(&["push", "--plain-http", "oci:image:v1", &name]);
    let image: ImageRef = name.parse().unwrap();
    let digest = digest(&index).parse().unwrap();
    Wanted { repository: image.repository, tag: None, digest, insecure: false }
}

#[tokio::test]
async fn image_data_go_to_a_repository_or_a_layout_whole() {
    need!("docker-registry", "skopeo");
    let (from, to, shell) = (Registry::open(), Registry::open(), Shell::new());
    let wanted = push_index(&from, &shell);
    let name = format!("image-{}", wanted.digest.hex());
    let original = format!("docker://{}/team/app:v1", from.address());
    let original = skopeo::fetch(&original, &["--src-tls-verify=false"]);
    let repository = format!("{}/own/app", to.address());
    let layout = shell.path("own layout").display().to_string();
    for (destination, place, pulled_from) in [
        (repository.clone(), repository.clone(), Some(repository.clone())),
        (format!("oci:{layout}"), format!("oci:{}", layout.replace(' ', "%20")), None),
    ] {
        let pull = pull_through(&Importer::new(), &destination);
        assert_eq!((pull.place(), pull.repository()), (place, pulled_from));
        let there = pull.copy(std::slice::from_ref(&wanted)).await;
        assert_eq!(there, std::slice::from_ref(&wanted.digest));
        let there = match destination.strip_prefix("oci:") {
            Some(_) => format!("{destination}:{name}"),
            None => format!("docker://{destination}:{name}"),
        };
        assert_eq!(skopeo::fetch(&there, &["--src-tls-verify=false"]), original);
        assert_eq!(pull.take().len(), 1);
        assert!(pull.take().is_empty());
    }
}

#[tokio::test]
async fn an_image_that_cannot_be_copied_is_told_and_stops_no_other() {
    need!("docker-registry");
    let (from, to, shell) = (Registry::open(), Registry::open(), Shell::new());
    let good = push_index(&from, &shell);
    let gone = Wanted { digest: longshore::model::Digest::of(b"gone"), ..good.clone() };
    let pull = pull_through(&Importer::new(), &format!("{}/own/app", to.address()));
    let wanted = [gone.clone(), good.clone()];
    assert_eq!(pull.copy(&wanted).await, [good.digest]);
    let failed: Vec<String> = pull
        .take()
        .into_iter()
        .filter(|image| image.result.is_err())
        .map(|image| image.source.to_string())
        .collect();
    assert_eq!(failed, [format!("{}@{}", gone.repository, gone.digest)]);
}

#[tokio::test]
async fn a_registry_without_tls_is_copied_from_where_that_is_said() {
    need!("docker-registry");
    let (from, shell) = (Registry::open(), Shell::new());
    let wanted = push_index(&from, &shell);
    let mut importer = Importer::new();
    importer.plain_http = false;
    let pull = pull_through(&importer, &format!("oci:{}", shell.path("own").display()));
    assert!(pull.copy(std::slice::from_ref(&wanted)).await.is_empty());
    let insecure = Wanted { insecure: true, ..wanted };
    assert_eq!(pull.copy(std::slice::from_ref(&insecure)).await, [insecure.digest]);
}

#[test]
fn what_holds_no_images_of_streams_is_refused() {
    for bad in
        ["q.io/a:v1", "oci:dir:v1", "oci-archive:file", "docker-archive:file", "dir:x", "short"]
    {
        let registries = Importer::new().registries();
        let options = PullThroughOptions {
            destination: Arc::clone(&registries.verified),
            registries,
            options: CopyOptions::default(),
            observer: Arc::new(()),
        };
        let refused = PullThrough::new(&bad.parse().unwrap(), options).err().unwrap();
        assert!(refused.to_string().contains("takes no images of a stream"), "{refused}");
    }
}
