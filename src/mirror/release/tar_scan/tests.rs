use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use super::{Found, LayerError, find};

const WANTED: &str = "release-manifests/image-references";

/// A member of an archive that is made: path, kind, content or target.
type Member<'a> = (&'a str, EntryType, &'a str);

fn archive(members: &[Member<'_>]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (path, kind, content) in members {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.set_size(0);
            tar.append_link(&mut header, path, content).unwrap();
        } else {
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, path, content.as_bytes()).unwrap();
        }
    }
    tar.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn search(members: &[Member<'_>]) -> Found {
    let plain = archive(members);
    let found = find(plain.as_slice(), WANTED, 100).unwrap();
    assert_eq!(find(gzip(&plain).as_slice(), WANTED, 100).unwrap(), found);
    found
}

#[test]
fn the_last_file_of_the_name_is_found() {
    use EntryType::{Directory, Regular};
    let long = format!("{}/x", "d".repeat(200));
    let found = search(&[
        ("release-manifests", Directory, ""),
        (&long, Regular, "long"),
        (WANTED, Regular, "first"),
        ("release-manifests/image-references.txt", Regular, "other"),
        ("./release-manifests/image-references", Regular, "second"),
        ("etc/motd", Regular, "hello"),
    ]);
    assert_eq!(found, Found::File(b"second".to_vec()));
    assert_eq!(search(&[("etc/motd", Regular, "hello")]), Found::Nothing);
    assert_eq!(search(&[]), Found::Nothing);
}

#[test]
fn whiteouts_remove_what_is_below() {
    use EntryType::{Directory, Regular, Symlink};
    for (path, kind, content) in [
        ("release-manifests/.wh.image-references", Regular, ""),
        ("release-manifests/.wh..wh..opq", Regular, ""),
        (".wh.release-manifests", Regular, ""),
        (".wh..wh..opq", Regular, ""),
        ("release-manifests", Symlink, "/etc"),
        ("release-manifests", Regular, "a file"),
    ] {
        assert_eq!(search(&[(path, kind, content)]), Found::Removed, "{path}");
        let with_file = search(&[(WANTED, Regular, "x"), (path, kind, content)]);
        assert_eq!(with_file, Found::File(b"x".to_vec()), "{path}");
    }
    for path in [".wh.release", "release-manifests/.wh.other", "etc/.wh..wh..opq", ".wh.etc"] {
        assert_eq!(search(&[(path, Regular, "")]), Found::Nothing, "{path}");
    }
    assert_eq!(search(&[("release-manifests", Directory, "")]), Found::Nothing);
}

#[test]
fn what_is_hostile_is_refused() {
    use EntryType::{Link, Regular, Symlink};
    let error = |bytes: &[u8]| find(bytes, WANTED, 100).unwrap_err();
    for kind in [Symlink, Link] {
        let made = archive(&[(WANTED, kind, "../../etc/passwd")]);
        assert!(matches!(error(&made), LayerError::Kind(_)));
    }
    let large = "x".repeat(101);
    let made = archive(&[(WANTED, Regular, &large)]);
    assert!(matches!(error(&made), LayerError::TooLarge { size: 101, limit: 100, .. }));
    let made = archive(&[(&"d/".repeat(40_000), Regular, "")]);
    assert!(matches!(error(&made), LayerError::Damaged("an extended header is too large")));
    let mut made = archive(&[(WANTED, Regular, "x")]);
    made[0] ^= 1;
    assert!(matches!(error(&made), LayerError::Damaged("the checksum of a header is wrong")));
    assert!(matches!(error(b"\x28\xb5\x2f\xfdxxxx"), LayerError::Compressed("zstd")));
    assert!(matches!(error(&[b'x'; 512]), LayerError::Damaged(_)));
    let made = archive(&[("etc/motd", Regular, &large)]);
    assert!(matches!(
        error(&made[..600]),
        LayerError::Damaged("it ends in the middle of a member")
    ));
    let packed = gzip(&made);
    assert!(matches!(error(&packed[..packed.len() / 2]), LayerError::Io(_)));
}

proptest! {
    #[test]
    fn whatever_it_is_it_ends(bytes in proptest::collection::vec(any::<u8>(), 0..2000), at in 0usize..1536, byte: u8) {
        let _ = find(bytes.as_slice(), WANTED, 100);
        let mut made = archive(&[(WANTED, EntryType::Regular, "x")]);
        made[at] = byte;
        let _ = find(made.as_slice(), WANTED, 100);
    }
}
