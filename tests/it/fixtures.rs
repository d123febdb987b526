//! `fixtures/` holds what this file makes. `UPDATE_GENERATED=1 tests/run fixtures` writes it anew.

use std::fs;
use std::path::Path;

use crate::support::layout::Layout;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/demo.oci.tar");

#[test]
fn the_demo_image_is_current() {
    let folder = tempfile::tempdir().unwrap();
    write_demo(&Layout::new(folder.path()));
    let archive = archive(folder.path());
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(DEMO, &archive).unwrap();
    }
    let kept = fs::read(DEMO).unwrap();
    assert!(kept == archive, "fixtures/demo.oci.tar is not what tests/it/fixtures.rs makes");
}

#[test]
fn skopeo_reads_the_demo_image() {
    need!("skopeo");
    for (arch, greeting) in [("amd64", "amd64"), ("arm64", "arm64")] {
        let config = crate::support::skopeo::json(&[
            "inspect",
            "--config",
            "--override-arch",
            arch,
            &format!("oci-archive:{DEMO}"),
        ]);
        assert_eq!(config["architecture"], greeting);
    }
}

/// An image for two platforms which share their first layer.
fn write_demo(layout: &Layout) {
    let images = ["amd64", "arm64"].map(|arch| {
        let shared = layout.layer(&[
            ("etc/os-release", "NAME=longshore-demo\nID=longshore-demo\nVERSION_ID=1\n"),
            ("usr/share/doc/demo/README", "An image to try longshore with. It holds text only.\n"),
        ]);
        let own = layout.layer(&[("etc/motd", &format!("Hello from linux/{arch}.\n"))]);
        layout.image(&format!("linux/{arch}"), &[shared, own])
    });
    layout.name("v1", &layout.index(&images));
}

/// The layout as a tar file: its files sorted, without times and owners.
fn archive(layout: &Path) -> Vec<u8> {
    let mut blobs: Vec<String> = fs::read_dir(layout.join("blobs/sha256"))
        .unwrap()
        .map(|entry| format!("blobs/sha256/{}", entry.unwrap().file_name().display()))
        .collect();
    blobs.sort();
    let mut tar = tar::Builder::new(Vec::new());
    for path in ["oci-layout", "index.json"].into_iter().chain(blobs.iter().map(String::as_str)) {
        let bytes = fs::read(layout.join(path)).unwrap();
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        tar.append_data(&mut header, path, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap()
}
