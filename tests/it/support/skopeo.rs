//! skopeo, the judge of what was written.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use longshore::model::Digest;
use serde_json::Value;

/// Runs skopeo, which must succeed, and gives its standard output.
pub(crate) fn run(args: &[&str]) -> Vec<u8> {
    let output = Command::new("skopeo").args(["--insecure-policy"]).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "skopeo {}: {said}", args.join(" "));
    output.stdout
}

/// Runs skopeo and reads its standard output.
pub(crate) fn json(args: &[&str]) -> Value {
    serde_json::from_slice(&run(args)).unwrap()
}

/// All that belongs to an image: each file of `skopeo copy --all … dir:` by name, with the digest of its bytes. skopeo
/// proves on the way that each has the digest which it is named by.
pub(crate) fn fetch(image: &str, options: &[&str]) -> BTreeMap<String, Digest> {
    let folder = tempfile::tempdir().unwrap();
    let to = format!("dir:{}", folder.path().display());
    run(&[&["copy", "-q", "--all"], options, &[image, &to]].concat());
    let files = fs::read_dir(folder.path()).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, Digest::of(&fs::read(entry.path()).unwrap()))
    });
    files.collect()
}
