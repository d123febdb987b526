//! Split bundles that are updated, leave something out, are signed, or are asked for in another size.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::{Scene, contents, files, import};
use super::{MIB, is_whole, parts};
use crate::support::layout::{Layout, digest};
use crate::support::shell::Shell;
use crate::support::site::Site;

#[test]
fn an_update_adds_parts_and_removes_those_of_no_use() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    let (scene, far) = (Scene::new(), Site::open());
    let (names, dir) = (["org/a:v1", "org/b:v1"], scene.shell.path("out"));
    let [old, new, more] = [1, 2, 3].map(|seed| scene.layout.noise_layer(seed, 2_000_000));
    scene.image(names[0], std::slice::from_ref(&old));
    scene.image(names[1], &[scene.layout.noise_layer(9, 500_000)]);
    scene.pack_split(&names, "out", "1MiB");
    let before = files(&dir);

    let index = scene.layout.index(&[scene.layout.image("linux/amd64", &[new, more])]);
    scene.layout.name("again", &index);
    let again = ["mirror", "--dest-plain-http", "oci:made:again", &scene.near.image(names[0])];
    scene.shell.ok(&again);
    let said =
        scene.shell.run(&["mirror", "--src-plain-http", "-f", &scene.mappings(&[names[0]], "out")]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    is_whole(&dir, MIB);
    let after = files(&dir);
    let full = |files: &std::collections::BTreeMap<PathBuf, _>| {
        let full = files.keys().filter(|path| path.to_string_lossy().contains(".tar"));
        full.cloned().collect::<Vec<_>>()
    };
    let kept = full(&before).into_iter().filter(|part| before.get(part) == after.get(part)).count();
    assert!(kept > 0 && kept < full(&before).len(), "{kept} of {}", full(&before).len());
    let hex = digest(&old.descriptor).strip_prefix("sha256:").unwrap().to_owned();
    let first = format!("{hex}.000001");
    let is_there = parts(&dir).iter().any(|part| {
        let bytes = fs::read(part).unwrap();
        bytes.windows(first.len()).any(|window| window == first.as_bytes())
    });
    assert!(!is_there, "a part that only held a piece of an old blob is there");
    scene.shell.ok(&import("bundle:out", &far.image("ns")));
    scene.is_at(&far, &names);
}

#[test]
fn a_delta_is_split_too_and_so_may_its_base_be() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    let (scene, far) = (Scene::new(), Site::open());
    let base = scene.layout.noise_layer(1, 1_500_000);
    scene.image("org/app:v1", std::slice::from_ref(&base));
    scene.pack_split(&["org/app:v1"], "first", "1MiB");
    scene.shell.ok(&import("bundle:first", &far.image("ns")));
    // What an earlier bundle brought is known without its parts.
    parts(&scene.shell.path("first")).iter().for_each(|part| fs::remove_file(part).unwrap());
    let receipt = scene.shell.ok(&["inventory", "--plain-http", &far.image("ns")]);
    fs::write(scene.shell.path("receipt.json"), receipt).unwrap();
    scene.image("org/app:v2", &[base, scene.layout.noise_layer(2, 1_400_000)]);
    for (bundle, known) in [("since", ["--since", "first"]), ("have", ["--have", "receipt.json"])] {
        let file = scene.mappings(&["org/app:v2"], bundle);
        let write =
            ["mirror", "--src-plain-http", "--split", "1MiB", known[0], known[1], "-f", &file];
        scene.shell.ok(&write);
        let dir = scene.shell.path(bundle);
        let all: u64 =
            is_whole(&dir, MIB).iter().map(|part| fs::metadata(part).unwrap().len()).sum();
        assert!(all > 1_400_000 && all < 1_450_000, "{all}");
        assert_eq!(contents(&dir)["presumed"].as_array().unwrap().len(), 1);
        let name = format!("bundle:{bundle}");
        scene.shell.ok(&import(&name, &far.image("ns")));
        scene.is_at(&far, &["org/app:v2"]);
        scene.shell.fails(4, &import(&name, &Site::open().image("ns")));
    }
}

/// A layout with an image of some size.
fn shell() -> Shell {
    let shell = Shell::new();
    let layout = Layout::new(shell.path("made"));
    let layers = [layout.noise_layer(1, 1_300_000), layout.noise_layer(2, 400_000)];
    layout.name("v1", &layout.image("linux/amd64", &layers));
    shell
}

#[test]
fn the_size_of_parts_stays() {
    need!("tar", "sha256sum");
    let shell = shell();
    let write = |bundle: &str, size: &[&str]| {
        let to = format!("bundle:{bundle}:org/app:v1");
        shell.run(&[&["mirror", "oci:made:v1", &to], size].concat())
    };
    assert_eq!(write("out", &["--split", "1MiB"]).code, Some(0));
    let before = files(&shell.path("out"));
    let other = write("out", &["--split", "2MiB"]);
    assert_eq!(other.code, Some(7), "{}", other.stderr);
    assert!(
        other.stderr.contains("has parts of 1MiB, and cannot have parts of 2MiB"),
        "{}",
        other.stderr
    );
    assert_eq!(write("out", &[]).code, Some(0));
    assert_eq!(files(&shell.path("out")), before);
    assert_eq!(write("folder", &[]).code, Some(0));
    let other = write("folder", &["--split", "1MiB"]);
    assert_eq!(other.code, Some(7), "{}", other.stderr);
    assert!(
        other.stderr.contains("has no parts, and cannot have parts of 1MiB"),
        "{}",
        other.stderr
    );
    for (size, why) in [("1000k", "too few"), ("4XB", "not a size")] {
        let refused = write("none", &["--split", size]);
        assert!(refused.code == Some(2) && refused.stderr.contains(why), "{}", refused.stderr);
    }
    let refused = shell.fails(2, &["mirror", "--split", "1MiB", "oci:made:v1", "oci:copy:v1"]);
    assert!(refused.contains("no destination is a bundle"), "{refused}");
    assert!(!shell.path("none").exists());
}

#[test]
fn a_set_tells_the_size_of_parts_unless_the_command_does() {
    need!("tar", "sha256sum");
    let shell = shell();
    let set = "kind: ImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\narchiveSize: 1\n\
        mirror:\n  additionalImages:\n  - name: oci:made:v1\n    targetRepo: org/app\n    targetTag: v1\n";
    fs::write(shell.path("set.yaml"), set).unwrap();
    shell.ok(&["mirror", "-c", "set.yaml", "bundle:gib"]);
    assert_eq!(contents(&shell.path("gib"))["split"], 1 << 30);
    is_whole(&shell.path("gib"), 1 << 30);
    shell.ok(&["mirror", "-c", "set.yaml", "--split", "1MiB", "bundle:mib"]);
    assert!(is_whole(&shell.path("mib"), MIB).len() > 1);
    shell.ok(&["mirror", "-c", "set.yaml", "oci:layout"]);
    assert!(!shell.path("layout/bundle.json").exists());
}

#[test]
fn a_plan_is_applied_with_the_size_of_parts() {
    need!("tar", "sha256sum");
    let shell = shell();
    let line = ["mirror", "oci:made:v1", "bundle:out:org/app:v1", "--split", "1MiB"];
    shell.ok(&[&line[..], &["--plan", "m.lock"]].concat());
    shell.ok(&["mirror", "--apply", "m.lock", "--split", "1MiB"]);
    assert!(is_whole(&shell.path("out"), MIB).len() > 1);
}

#[test]
fn what_is_there_stays_also_by_force_and_a_part_that_lacks_is_made_anew() {
    need!("tar", "sha256sum");
    let shell = shell();
    let names = ["org/app:v1", "org/other:v1"];
    let mappings = names.map(|name| format!("oci:made:v1 bundle:out:{name}\n"));
    fs::write(shell.path("mappings"), mappings.concat()).unwrap();
    let write = ["mirror", "--split", "1MiB", "-f", "mappings", "--force"];
    shell.ok(&write);
    let dir = shell.path("out");
    let before = files(&dir);
    shell.ok(&write);
    assert_eq!(files(&dir), before);
    fs::remove_file(parts(&dir).remove(0)).unwrap();
    shell.ok(&write[..5]);
    is_whole(&dir, MIB);
    shell.ok(&["mirror", "--from", "bundle:out", "oci:copy"]);
    let original = crate::support::skopeo::fetch(&shell.full("oci:made:v1"), &[]);
    for name in names {
        let copy = crate::support::skopeo::fetch(&shell.full(&format!("oci:copy:{name}")), &[]);
        assert_eq!(copy, original);
    }
}

#[test]
fn a_signature_is_of_all_parts() {
    need!("openssl", "tar", "sha256sum");
    let shell = shell();
    super::super::signed::openssl(&shell, "genpkey -algorithm ed25519 -out ann.pem");
    super::super::signed::openssl(&shell, "pkey -in ann.pem -pubout -out ann.pub");
    let write = ["mirror", "oci:made:v1", "bundle:out:org/app:v1", "--split", "1MiB"];
    shell.ok(&[&write[..], &["--sign-key", "ann.pem"]].concat());
    is_whole(&shell.path("out"), MIB);
    let import = ["mirror", "--from", "bundle:out", "oci:copy", "--verify-key", "ann.pub"];
    shell.ok(&import);
    shell.ok(&[&write[..], &["--sign-key", "ann.pem"]].concat());
    shell.ok(&import);
    let part = parts(&shell.path("out")).remove(0);
    let mut bytes = fs::read(&part).unwrap();
    bytes[2000] ^= 1;
    fs::write(&part, bytes).unwrap();
    shell.fails(6, &import);
}

#[test]
fn an_image_that_lies_about_a_blob_does_not_cost_those_that_have_it() {
    need!("tar", "sha256sum");
    let shell = Shell::new();
    let layout = Layout::new(shell.path("made"));
    let layer = layout.noise_layer(1, 400_000);
    layout.name("good", &layout.image("linux/amd64", std::slice::from_ref(&layer)));
    let mut lie = layer;
    lie.descriptor["size"] = (lie.descriptor["size"].as_u64().unwrap() - 1).into();
    layout.name("bad", &layout.image("linux/arm64", &[lie]));
    let good = ["mirror", "--split", "1M", "oci:made:good", "bundle:out:org/app:good"];
    shell.ok(&good);
    shell.run(&["mirror", "oci:made:bad", "bundle:out:org/app:bad"]);
    shell.ok(&good);
    is_whole(&shell.path("out"), MIB);
    shell.ok(&["mirror", "--from", "bundle:out", "oci:copy"]);
    let original = crate::support::skopeo::fetch(&shell.full("oci:made:good"), &[]);
    assert_eq!(crate::support::skopeo::fetch(&shell.full("oci:copy:org/app:good"), &[]), original);
}

#[test]
fn blobs_are_on_the_disk_once() {
    need!("docker-registry", "tar", "sha256sum");
    const SIZE: u64 = 24_000_000;
    let (scene, far) = (Scene::new(), Site::open());
    scene.image("org/app:v1", &[scene.layout.noise_layer(1, SIZE)]);
    fs::remove_dir_all(scene.shell.path("made")).unwrap();
    let used = || -> u64 {
        let sizes = files_below(scene.shell.home());
        sizes.iter().map(|path| fs::metadata(path).map_or(0, |file| file.len())).sum()
    };
    let most_during = |arguments: &[&str]| {
        let (mut child, mut most) = (scene.shell.start(arguments), 0);
        while child.try_wait().unwrap().is_none() {
            most = most.max(used());
            std::thread::sleep(Duration::from_millis(2));
        }
        assert!(child.wait().unwrap().success());
        most.max(used())
    };
    let before = used();
    let from = scene.near.image("org/app:v1");
    let most = most_during(&["mirror", "--src-plain-http", "--split", "10M", &from, "bundle:out"]);
    assert!(most > SIZE && most - before < SIZE + 100_000, "{most} after {before}");
    let before = used();
    let most = most_during(&import("bundle:out", &far.image("ns")));
    assert!(most - before < 100_000, "{most} after {before}");
}

/// All files below a folder, as far as they are still there.
fn files_below(dir: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                _ => found.push(entry.path()),
            }
        }
    }
    found
}
