//! However large a blob is, little of it is held in memory.

use std::fs;
use std::time::Duration;

use crate::support::layout::Layout;
use crate::support::paced::{Given, Paced};
use crate::support::shell::Shell;
use crate::support::site::Site;

const BLOB: u64 = 320 * 1024 * 1024;
const LIMIT_KIB: u64 = 64 * 1024;

#[test]
fn a_large_blob_takes_little_memory() {
    need!("docker-registry");
    let (site, other, shell) = (Site::open(), Site::open(), Shell::new());
    let layout = Layout::new(shell.path("image"));
    layout.name("v1", &layout.image("linux/amd64", &[layout.noise_layer(1, BLOB)]));
    let image = site.image("large/app:v1");
    let (there, below) = (other.image("large/app:v1"), other.image("ns"));
    for args in [
        &["push", "--plain-http", "oci:image:v1", &image][..],
        &["pull", "--plain-http", &image, "oci:copy:v1"],
        &["mirror", "--src-plain-http", "--dest-plain-http", &image, &there],
        &["verify", "--plain-http", "--deep", &there],
        &["mirror", "--src-plain-http", "--split", "100MiB", &image, "bundle:parts"],
        &["mirror", "--dest-plain-http", "--from", "bundle:parts", &below],
    ] {
        let peak = peak_memory(&shell, args);
        assert!(peak <= LIMIT_KIB, "{}: {peak} KiB", args[0]);
    }
}

#[test]
fn large_blobs_over_several_connections_each_take_little_memory() {
    let registry = Paced::new(16 << 20, &[96 << 20; 4], |_| Given::Rightly);
    let shell = Shell::new();
    let image = format!("{}/app:v1", registry.address());
    let peak = peak_memory(&shell, &["pull", "--plain-http", &image, "oci:copy:v1"]);
    assert!(peak <= LIMIT_KIB, "{peak} KiB");
    assert!(registry.segments().len() > 1);
}

/// Runs the command to its end; the most memory that it had, in KiB.
fn peak_memory(shell: &Shell, args: &[&str]) -> u64 {
    let mut child = shell.start(args);
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        // The high-water mark only rises, so the last look is the one that counts.
        let text = fs::read_to_string(&status).unwrap();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(mark) = mark {
            peak = mark.trim().trim_end_matches(" kB").parse().unwrap();
        }
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(ended.success() && peak > 0, "{ended}");
    peak
}
