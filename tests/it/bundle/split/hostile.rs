//! Parts that are damaged, lacking, or made to do damage: nothing of them reaches the registry.

use std::fs;
use std::path::Path;

use longshore::model::Digest;

use super::super::hostile::{Target, rewrite};
use super::super::{import, sums_are_right};
use super::parts;

/// A bundle with a part that is this tar file, and the sum of it.
fn with_part(dir: &Path, members: &[(&str, tar::EntryType, &[u8])]) {
    let part = parts(dir).remove(0);
    let good = fs::read(&part).unwrap();
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, content) in members {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        if kind.is_symlink() || kind.is_hard_link() {
            header.set_link_name("index.json").unwrap();
        }
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    let bytes = [&good[..1024], &builder.into_inner().unwrap()].concat();
    let name = part.file_name().unwrap().to_str().unwrap();
    rewrite(dir, name, &bytes);
    sums_are_right(dir);
}

#[test]
fn one_other_byte_in_any_part_is_refused() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    let target = Target::split();
    let all = parts(&target.scene.shell.path("out"));
    assert!(all.len() > 3, "{all:?}");
    for part in all {
        let good = fs::read(&part).unwrap();
        for at in [0, 600, 1030, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&part, &bad).unwrap();
            let said = target.refuses("bundle:out", 6);
            let name = part.file_name().unwrap().to_str().unwrap();
            assert!(said.contains(&format!("{name} has other bytes than were written")), "{said}");
        }
        fs::write(&part, &good[..good.len() - 512]).unwrap();
        target.refuses("bundle:out", 6);
        fs::write(&part, good).unwrap();
    }
    let root = format!("{}/ns", target.proxy.address());
    target.scene.shell.ok(&import("bundle:out", &root));
}

#[test]
fn a_missing_part_is_named() {
    need!("docker-registry", "skopeo", "tar");
    let target = Target::split();
    for part in parts(&target.scene.shell.path("out")) {
        let name = part.file_name().unwrap().to_str().unwrap().to_owned();
        let aside = part.with_extension("aside");
        fs::rename(&part, &aside).unwrap();
        let said = target.refuses("bundle:out", 6);
        assert!(said.contains(&format!("{name} is missing")), "{said}");
        fs::rename(aside, part).unwrap();
    }
}

#[test]
fn parts_hold_nothing_but_what_is_written_into_them() {
    need!("docker-registry", "skopeo", "sha256sum", "tar");
    use tar::EntryType::{Directory, GNUSparse, Link, Regular, Symlink, XHeader};
    let target = Target::split();
    let blob = |bytes: &[u8]| format!("blobs/sha256/{}", Digest::of(bytes).hex());
    let (x, piece) = (blob(b"x"), format!("{}.000001", blob(b"x")));
    let second = format!("{}.000002", blob(b"x"));
    type Members<'a> = Vec<(&'a str, tar::EntryType, &'a [u8])>;
    let refused: [(&str, Members<'_>); 14] = [
        ("cannot be used", vec![("../../etc/passwd", Regular, b"x")]),
        ("cannot be used", vec![("/etc/passwd", Regular, b"x")]),
        ("cannot be used", vec![("index.json", Regular, b"x")]),
        ("cannot be used", vec![(&x, Symlink, b"")]),
        ("cannot be used", vec![(&x, Link, b"")]),
        ("cannot be used", vec![("blobs", Directory, b"")]),
        ("cannot be used", vec![(&x, XHeader, b"9 path=a\n")]),
        ("cannot be used", vec![(&x, GNUSparse, b"x")]),
        ("other bytes than those of", vec![(&x, Regular, b"y")]),
        ("twice", vec![(&x, Regular, b"x"), (&x, Regular, b"x")]),
        ("twice", vec![(&x, Regular, b"x"), (&piece, Regular, b"x")]),
        ("are not that blob", vec![(&piece, Regular, b"y")]),
        ("are not that blob", vec![(&second, Regular, b"x")]),
        ("not the blob of this digest", vec![(&x, Regular, b"x")]),
    ];
    for (why, members) in refused {
        let said = target.refuses_changed(6, |dir| with_part(dir, &members));
        assert!(said.contains(why), "{why}: {members:?}: {said}");
    }
    // A size that leads out of the file.
    let said = target.refuses_changed(6, |dir| {
        let part = parts(dir).remove(0);
        let mut bytes = fs::read(&part).unwrap();
        let header = tar::Header::from_byte_slice(&bytes[1024..1536]);
        let mut header = header.clone();
        header.set_size(u64::MAX - 2000);
        header.set_cksum();
        bytes[1024..1536].copy_from_slice(header.as_bytes());
        rewrite(dir, part.file_name().unwrap().to_str().unwrap(), &bytes);
    });
    assert!(said.contains("cannot be used"), "{said}");
    // Part 2 under the name of part 1.
    let said = target.refuses_changed(6, |dir| {
        let (first, second) = (parts(dir).remove(0), parts(dir).remove(1));
        rewrite(dir, first.file_name().unwrap().to_str().unwrap(), &fs::read(second).unwrap());
    });
    assert!(said.contains("says that it is part"), "{said}");
}
