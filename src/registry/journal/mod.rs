//! The journal of uploads: where an upload that this process began can be gone on with by the next one.
//!
//! It is a folder of small files, one for each blob on its way to a repository. Whoever uploads holds the lock of its
//! file; another process that uploads the same blob to the same place does without. No correctness depends on it:
//! what cannot be read, locked or written costs the time of sending the bytes again.
//!
//! A location may be signed and is a secret: the folder and the files are for their owner alone, and nothing here is
//! logged or has `Debug`. A file is hostile input all the same, see [`Record::parse`].

mod record;
mod sweep;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::OFlags;
use rustix::process::geteuid;

use crate::model::{Descriptor, Digest};

pub(super) use record::Record;

/// A record is far smaller.
const MAX_RECORD: u64 = 16 * 1024;
/// What others may not be able to do with a file.
const OTHERS_ANYTHING: u32 = 0o077;
/// What others may not be able to do with the folder.
const OTHERS_WRITE: u32 = 0o022;

/// The uploads that were not finished. The default keeps none.
#[derive(Default)]
pub struct Journal {
    folder: Option<PathBuf>,
    /// Whether the folder can be used; known after the first use, which makes and sweeps it.
    usable: OnceLock<bool>,
}

impl Journal {
    /// A journal in `folder`, which is made when it is needed. Where it cannot be made, or others may write to it,
    /// nothing is kept.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder: Some(folder), usable: OnceLock::new() }
    }

    /// The entry of a blob on its way to `place`, for nobody else while it is held. `None` when somebody else holds
    /// it, or it cannot be had.
    pub(super) fn entry(&self, place: &str, blob: &Descriptor) -> Option<Entry> {
        let name = Digest::of(format!("{place}\n{}", blob.digest).as_bytes());
        let path = self.folder()?.join(name.hex());
        let opened = options().create(true).mode(0o600).open(&path).and_then(hold);
        match opened {
            Ok(file) => {
                file.map(|file| Entry { file, path, place: place.to_owned(), blob: blob.clone() })
            }
            Err(error) => {
                tracing::debug!("the journal of uploads is not used: {error}");
                None
            }
        }
    }

    fn folder(&self) -> Option<&Path> {
        let folder = self.folder.as_deref()?;
        let usable = self.usable.get_or_init(|| match prepare(folder) {
            Ok(usable) => usable,
            Err(error) => {
                tracing::debug!("there is no journal of uploads: {error}");
                false
            }
        });
        usable.then_some(folder)
    }
}

/// Makes the folder and sweeps it. Tells whether it is ours alone.
fn prepare(folder: &Path) -> io::Result<bool> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let metadata = fs::symlink_metadata(folder)?;
    let is_ours = metadata.is_dir()
        && metadata.uid() == geteuid().as_raw()
        && metadata.mode() & OTHERS_WRITE == 0;
    if is_ours {
        sweep::sweep(folder)?;
    }
    Ok(is_ours)
}

/// How entries are opened: links are not followed, and nothing is waited for.
fn options() -> OpenOptions {
    let mut options = File::options();
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    options.read(true).write(true).custom_flags(flags.cast_signed());
    options
}

/// The file, locked, if that can be had at once, and if it is ours and has its name still.
fn hold(file: File) -> io::Result<Option<File>> {
    if file.try_lock().is_err() {
        return Ok(None);
    }
    let metadata = file.metadata()?;
    let is_ours = metadata.is_file()
        && metadata.nlink() == 1
        && metadata.uid() == geteuid().as_raw()
        && metadata.mode() & OTHERS_ANYTHING == 0;
    Ok(is_ours.then_some(file))
}

/// The entry of one upload. Without a record it goes when it is let go of; else it stays for the next process.
pub(super) struct Entry {
    file: File,
    path: PathBuf,
    place: String,
    blob: Descriptor,
}

impl Entry {
    /// What an earlier process noted.
    pub(super) fn recall(&self) -> Option<Record> {
        let (mut file, mut text) = (&self.file, Vec::new());
        file.rewind().ok()?;
        file.take(MAX_RECORD).read_to_end(&mut text).ok()?;
        Record::parse(&text, &self.place, &self.blob)
    }

    /// Notes how far the upload got. The line is written at once, so that it is there whole whenever the process
    /// ends.
    pub(super) fn note(&self, location: &str, chunk: Option<u64>, acknowledged: u64) {
        let record = Record::new(&self.place, &self.blob, location, chunk, acknowledged);
        let written = record.line().map_err(io::Error::from).and_then(|line| {
            self.file.write_all_at(&line, 0)?;
            self.file.set_len(line.len() as u64)
        });
        if let Err(error) = written {
            tracing::debug!("an upload is not kept in the journal: {error}");
            self.forget();
        }
    }

    /// There is nothing to go on with.
    pub(super) fn forget(&self) {
        // Where it fails the record is found to be worth nothing later.
        drop(self.file.set_len(0));
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.file.metadata().is_ok_and(|metadata| metadata.len() == 0) {
            drop(fs::remove_file(&self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::model::MediaType;

    const PLACE: &str = "https://quay.io/v2/org/app/blobs/uploads/";

    fn blob() -> Descriptor {
        Descriptor::new(MediaType::from("x/y"), Digest::of(b"layer"), 100)
    }

    fn location(entry: &Entry) -> Option<String> {
        entry.recall().map(|record| record.location)
    }

    #[test]
    fn what_was_noted_is_there_for_the_next_process_and_goes_when_it_is_forgotten() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("longshore/uploads");
        let before = Journal::new(folder.clone());
        let entry = before.entry(PLACE, &blob()).unwrap();
        entry.note("/a-long-one", None, 0);
        entry.note("/short", Some(5), 50);
        assert!(before.entry(PLACE, &blob()).is_none(), "two hold the same entry");
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(&entry.path).unwrap().mode() & 0o777, 0o600);
        drop(entry);

        let after = Journal::new(folder.clone());
        let entry = after.entry(PLACE, &blob()).unwrap();
        let record = entry.recall().unwrap();
        assert_eq!(
            (record.location.as_str(), record.chunk, record.acknowledged),
            ("/short", Some(5), 50)
        );
        entry.forget();
        drop(entry);
        assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    }

    #[test]
    fn entries_that_others_could_have_written_are_not_used() {
        let state = tempfile::tempdir().unwrap();
        let journal = Journal::new(state.path().to_owned());
        let entry = journal.entry(PLACE, &blob()).unwrap();
        entry.note("/here", None, 0);
        let path = entry.path.clone();
        drop(entry);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        assert!(journal.entry(PLACE, &blob()).is_none());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(location(&journal.entry(PLACE, &blob()).unwrap()).as_deref(), Some("/here"));

        let elsewhere = state.path().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        assert!(journal.entry(PLACE, &blob()).is_none());
        fs::remove_file(&path).unwrap();
        fs::hard_link(&elsewhere, &path).unwrap();
        assert!(journal.entry(PLACE, &blob()).is_none());
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(journal.entry(PLACE, &blob()).is_none());
    }

    #[test]
    fn a_folder_that_others_may_write_to_or_that_cannot_be_made_is_not_used() {
        let state = tempfile::tempdir().unwrap();
        let open = state.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(Journal::new(open).entry(PLACE, &blob()).is_none());
        let file = state.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(Journal::new(file.join("uploads")).entry(PLACE, &blob()).is_none());
        assert!(Journal::default().entry(PLACE, &blob()).is_none());
    }

    #[test]
    fn a_torn_or_endless_entry_is_worth_nothing() {
        let state = tempfile::tempdir().unwrap();
        let journal = Journal::new(state.path().to_owned());
        let entry = journal.entry(PLACE, &blob()).unwrap();
        entry.note("/here", None, 0);
        let whole = entry.file.metadata().unwrap().len();
        entry.file.set_len(whole - 1).unwrap();
        assert_eq!(location(&entry), None);
        entry.note(&"x".repeat(20_000), None, 0);
        assert_eq!(location(&entry), None);
    }
}
