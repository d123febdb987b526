//! skopeo, the judge of what was written.

use std::process::Command;

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
