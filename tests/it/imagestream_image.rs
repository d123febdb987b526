//! `Image` objects: those that a real API server made of the same manifests and configurations.

use longshore::imagestream::api::{Image, Time};
use longshore::imagestream::image::{ImageError, include_manifest, of_image, of_index};
use longshore::model::Manifest;
use serde_json::{Value, json};

use crate::support::recording::Recording;

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";

fn manifest(text: &str) -> Manifest {
    Manifest::parse(text.to_owned().into(), None).unwrap()
}

/// The image as an answer has it: its place is for the caller to add, and inner objects do not say what they are.
fn answered(mut image: Image, reference: &Value) -> Value {
    image.docker_image_reference = reference.as_str().unwrap().to_owned();
    image.api_version.clear();
    image.kind.clear();
    serde_json::to_value(image).unwrap()
}

#[test]
fn an_image_is_what_the_api_server_makes_of_it() {
    let recording = Recording::named("143-api-include-manifest-no-import");
    let images = &recording.exchanges.last().unwrap().response["status"]["images"];
    let children = images[1]["manifests"].as_array().unwrap();
    assert_eq!(children.len(), 2);
    for recorded in children.iter().chain([&images[0]["image"]]) {
        let manifest = manifest(recorded["dockerImageManifest"].as_str().unwrap());
        let config = recorded["dockerImageConfig"].as_str().unwrap().as_bytes();
        let mut image = of_image(&manifest, config).unwrap();
        include_manifest(&mut image, &manifest, config);
        assert_eq!(answered(image, &recorded["dockerImageReference"]), *recorded);
    }
}

#[test]
fn an_index_is_what_the_api_server_makes_of_it() {
    let recording = Recording::named("143-api-include-manifest-no-import");
    let recorded = &recording.exchanges.last().unwrap().response["status"]["images"][1]["image"];
    let entries = recorded["dockerImageManifests"].as_array().unwrap().iter().map(|entry| {
        json!({
            "mediaType": entry["mediaType"], "digest": entry["digest"], "size": entry["manifestSize"],
            "platform": {"architecture": entry["architecture"], "os": entry["os"]},
        })
    });
    let text = json!({
        "schemaVersion": 2, "mediaType": recorded["dockerImageManifestMediaType"],
        "manifests": entries.collect::<Vec<_>>(),
    });
    let now = recorded["dockerImageMetadata"]["Created"].as_str().unwrap();
    let index = manifest(&text.to_string());
    let mut made = answered(
        of_index(&index, Time::new(now.parse().unwrap())),
        &recorded["dockerImageReference"],
    );
    // Its bytes are not in the recording, so it has another digest.
    assert_eq!(made["metadata"]["name"], index.digest().as_str());
    made["metadata"]["name"] = recorded["metadata"]["name"].clone();
    made["dockerImageMetadata"]["Id"] = recorded["dockerImageMetadata"]["Id"].clone();
    assert_eq!(made, *recorded);
}

fn image(config: &Value, layers: &[(&str, u64)]) -> Result<Value, ImageError> {
    let blob = |kind: &str, hex: &str, size: u64| json!({"mediaType": kind, "digest": format!("sha256:{}", hex.repeat(64)), "size": size});
    let layers: Vec<Value> = layers.iter().map(|(hex, size)| blob("layer/x", hex, *size)).collect();
    let text = json!({
        "schemaVersion": 2, "mediaType": OCI, "layers": layers,
        "config": blob("application/vnd.oci.image.config.v1+json", "c", 100),
    });
    let image = of_image(&manifest(&text.to_string()), config.to_string().as_bytes())?;
    Ok(serde_json::to_value(image).unwrap()["dockerImageMetadata"].clone())
}

#[test]
fn metadata_are_the_configuration_under_other_keys() {
    let id = format!("sha256:{}", "c".repeat(64));
    let header = |rest: Value| {
        let mut all =
            json!({"kind": "DockerImage", "apiVersion": "image.openshift.io/1.0", "Id": id});
        all.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        all
    };
    let cases = [
        (
            json!({
                "parent": "p", "comment": "c", "created": "2026-01-02T03:04:05.999999999+01:00",
                "container": "x", "container_config": {"Cmd": ["make"]}, "docker_version": "1.13",
                "author": "a", "architecture": "arm64", "os": "linux", "history": [{}],
                "config": {
                    "User": "1001", "Env": ["A=b"], "ExposedPorts": {"80/tcp": {}}, "Memory": 5,
                    "Volumes": {"/data": {}}, "WorkingDir": "/", "Entrypoint": ["/e"], "Tty": true,
                    "Labels": {"a": "b"}, "OnBuild": null, "Healthcheck": {"Test": ["x"]}, "Cmd": [],
                },
            }),
            json!({
                "Parent": "p", "Comment": "c", "Created": "2026-01-02T02:04:05Z", "Container": "x",
                "ContainerConfig": {"Cmd": ["make"]}, "DockerVersion": "1.13", "Author": "a",
                "Config": {
                    "User": "1001", "Memory": 5, "ExposedPorts": {"80/tcp": {}}, "Tty": true,
                    "Env": ["A=b"], "Volumes": {"/data": {}}, "WorkingDir": "/",
                    "Entrypoint": ["/e"], "Labels": {"a": "b"},
                },
                "Architecture": "arm64", "Size": 130,
            }),
        ),
        // An artifact in the form of an image, and one that lies.
        (json!({}), json!({"Created": null, "ContainerConfig": {}, "Size": 130})),
        (
            json!({"created": "yesterday", "architecture": 7, "config": {"Cmd": "sh", "Labels": {"a": 1}}}),
            json!({"Created": null, "ContainerConfig": {}, "Config": {}, "Size": 130}),
        ),
    ];
    for (config, expected) in cases {
        // The second layer is the first once more.
        let made = image(&config, &[("a", 10), ("a", 10), ("b", 20)]).unwrap();
        assert_eq!(made.to_string(), header(expected).to_string());
    }
    assert!(matches!(image(&json!([]), &[]), Err(ImageError::Config(_))));
}

#[test]
fn what_is_no_image_is_refused_and_sizes_do_not_overflow() {
    let artifact =
        json!({"mediaType": "application/vnd.oci.artifact.manifest.v1+json", "blobs": []});
    let refused = of_image(&manifest(&artifact.to_string()), b"{}").unwrap_err().to_string();
    assert_eq!(
        refused,
        "unsupported image manifest type: application/vnd.oci.artifact.manifest.v1+json"
    );
    let huge = image(&json!({}), &[("a", u64::MAX / 2), ("b", u64::MAX)]);
    // Descriptors hold no more than the sizes that JSON can.
    assert!(huge.is_ok_and(|made| made["Size"].is_u64()));
}
