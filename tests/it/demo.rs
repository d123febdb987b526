//! The demo: it shows every verb at work, touches nothing of the person's own and leaves nothing behind.

use std::fs;

use crate::support::program::{longshore, run};

#[test]
fn the_demo_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let output =
        longshore(home.path()).arg("demo").env("TMPDIR", temporary.path()).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    for verb in ["serve", "login", "push", "inspect", "pull", "mirror", "tags", "logout"] {
        assert!(stdout.contains(&format!("$ longshore {verb} ")), "{stdout}");
    }
    assert!(stdout.contains("# One image, one digest in all 5 places: sha256:"), "{stdout}");
    for dir in [home.path(), temporary.path()] {
        assert_eq!(fs::read_dir(dir).unwrap().count(), 0, "{}", dir.display());
    }
}

#[test]
fn what_is_kept_can_be_used_on() {
    let home = tempfile::tempdir().unwrap();
    let ran = run(home.path(), &["demo", "--keep", "kept"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let tags = run(home.path(), &["tags", "oci:kept/layout"]);
    assert_eq!((tags.code, tags.stdout.as_str()), (Some(0), "v1\n"));
    assert_eq!(run(home.path(), &["demo", "--keep", "kept"]).code, Some(2));
}
