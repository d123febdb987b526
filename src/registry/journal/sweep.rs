//! The journal stays small: old entries go, and the oldest where there are too many.

use std::fs::{self, DirEntry, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::options;

/// How long an entry is kept. Registries forget uploads about as soon.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How many entries are kept.
const MOST: usize = 1000;

/// Removes the entries that are too old or too many, and that nobody holds. Files of other names are not touched.
pub(super) fn sweep(folder: &Path) -> io::Result<()> {
    let mut entries: Vec<(SystemTime, DirEntry)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_name)
            && let Ok(metadata) = entry.metadata()
            && !metadata.is_dir()
        {
            entries.push((metadata.modified()?, entry));
        }
    }
    entries.sort_unstable_by_key(|(modified, _)| *modified);
    let oldest = SystemTime::now().checked_sub(KEPT).unwrap_or(SystemTime::UNIX_EPOCH);
    let surplus = entries.len().saturating_sub(MOST);
    let old = entries.iter().take_while(|(modified, _)| *modified < oldest).count();
    for (_, entry) in entries.iter().take(old.max(surplus)) {
        remove(&entry.path());
    }
    Ok(())
}

/// Whether a file may be an entry: SHA-256 in hexadecimal.
fn is_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Another process may remove it first, or hold it; then that is its affair.
fn remove(path: &Path) {
    let held = options().open(path).is_ok_and(|file: File| file.try_lock().is_err());
    if !held {
        drop(fs::remove_file(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(folder: &Path, number: usize, age: Duration) -> File {
        let file = File::create_new(folder.join(format!("{number:064x}"))).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
        file
    }

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn what_is_too_old_goes_unless_it_is_held_or_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let old = KEPT + Duration::from_secs(60);
        drop(entry(folder.path(), 1, old));
        drop(entry(folder.path(), 2, KEPT / 2));
        let held = entry(folder.path(), 3, old);
        held.try_lock().unwrap();
        std::os::unix::fs::symlink("/nowhere", folder.path().join("a-link")).unwrap();
        sweep(folder.path()).unwrap();
        assert_eq!(count(folder.path()), 3);
        assert!(!folder.path().join(format!("{:064x}", 1)).exists());
    }

    #[test]
    fn the_oldest_go_where_there_are_too_many() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..MOST + 3 {
            let age = Duration::from_secs(60 + (MOST - number.min(MOST)) as u64);
            drop(entry(folder.path(), number, age));
        }
        sweep(folder.path()).unwrap();
        assert_eq!(count(folder.path()), MOST);
        assert!(!folder.path().join(format!("{:064x}", 2)).exists());
    }
}
