//! Uploads under way. The bytes of each are in a file, so that an upload outlives the process: whoever knows its
//! identifier may ask how far it got and go on.
//!
//! The files lie in one folder of the root and are named by identifier and repository, so that an upload is found only
//! from the repository that it was started in.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::error::{Outcome, Reason, Refusal};
use super::name::Name;
use super::upload_id::UploadId;
use crate::model::{Algorithm, Digest, Hasher};
use crate::store;

/// Uploads that are open at once. The client may come back later for a further one.
const MAX_OPEN: usize = 4096;

/// How long an upload that nobody goes on with is kept.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The uploads of a registry.
#[derive(Debug)]
pub(super) struct Sessions {
    dir: PathBuf,
    open: Mutex<HashMap<String, Arc<Session>>>,
}

/// One upload.
#[derive(Debug)]
pub(super) struct Session {
    path: PathBuf,
    /// The running hash of the bytes in the file, as far as it is known: it is lost when the process ends, and it may
    /// be of another algorithm than that of the digest in the end. Whoever holds it is the only writer.
    hasher: tokio::sync::Mutex<Option<Hasher>>,
}

/// The one writer of an upload.
pub(super) struct Writer<'a> {
    file: File,
    path: &'a Path,
    written: u64,
    hasher: tokio::sync::MutexGuard<'a, Option<Hasher>>,
}

impl Sessions {
    /// Finds the uploads of an earlier run in `dir`, and removes those that nobody went on with for a week.
    pub(super) fn open(dir: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&dir)?;
        let oldest = SystemTime::now().checked_sub(KEPT).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut open = HashMap::new();
        for entry in std::fs::read_dir(&dir)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            let Some(key) =
                entry.file_name().to_str().filter(|_| metadata.is_file()).map(str::to_owned)
            else {
                continue;
            };
            if metadata.modified()? < oldest {
                std::fs::remove_file(entry.path())?;
            } else {
                open.insert(key, Session::at(entry.path(), None));
            }
        }
        Ok(Self { dir, open: Mutex::new(open) })
    }

    /// No uploads, and none to come.
    pub(super) fn none() -> Self {
        Self { dir: PathBuf::new(), open: Mutex::default() }
    }

    /// Starts an upload of something whose digest is going to be of `algorithm`.
    pub(super) fn start(&self, name: &Name, algorithm: Algorithm) -> Outcome<UploadId> {
        let id = UploadId::random()?;
        let key = key(name, &id);
        let path = self.dir.join(&key);
        let mut open = self.table();
        if open.len() >= MAX_OPEN {
            return Err(Refusal::new(Reason::TooMany, "there are too many unfinished uploads"));
        }
        let created = OpenOptions::new().write(true).create_new(true).open(&path);
        created.map_err(store::Error::io("create", &path))?;
        open.insert(key, Session::at(path, Some(algorithm.hasher())));
        Ok(id)
    }

    /// The upload with this identifier.
    pub(super) fn find(&self, name: &Name, id: &UploadId) -> Outcome<Arc<Session>> {
        self.table().get(&key(name, id)).map(Arc::clone).ok_or_else(unknown)
    }

    /// Forgets an upload and its bytes, unless they have become a blob.
    pub(super) fn end(&self, name: &Name, id: &UploadId) -> Outcome<()> {
        let session = self.table().remove(&key(name, id)).ok_or_else(unknown)?;
        match std::fs::remove_file(&session.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn table(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn at(path: PathBuf, hasher: Option<Hasher>) -> Arc<Self> {
        Arc::new(Self { path, hasher: tokio::sync::Mutex::new(hasher) })
    }

    /// How many bytes there are, even while more are being written.
    pub(super) fn size(&self) -> Outcome<u64> {
        match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(unknown()),
            metadata => Ok(metadata?.len()),
        }
    }

    /// Becomes the one writer; waits for another one to finish.
    pub(super) async fn write(&self) -> Outcome<Writer<'_>> {
        let hasher = self.hasher.lock().await;
        let file = match OpenOptions::new().read(true).append(true).open(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(unknown()),
            file => file?,
        };
        let written = file.metadata()?.len();
        Ok(Writer { file, path: &self.path, written, hasher })
    }
}

impl Writer<'_> {
    /// The file of the upload.
    pub(super) fn path(&self) -> &Path {
        self.path
    }

    /// How many bytes there are.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Adds bytes. The hash follows the file, whenever the request may break off.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Outcome<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // Nobody knows how many of the bytes are in the file now.
            *self.hasher = None;
            return Err(store::Error::io("write", self.path)(error).into());
        }
        self.written += bytes.len() as u64;
        if let Some(hasher) = &mut *self.hasher {
            hasher.update(bytes);
        }
        Ok(())
    }

    /// The digest of all bytes, made durable: from the running hash, or by reading the file once more.
    pub(super) async fn digest(&self, algorithm: Algorithm) -> Outcome<Digest> {
        let file = self.file.try_clone()?;
        let known = self.hasher.clone().map(Hasher::finish).filter(|d| d.algorithm() == algorithm);
        let work = move || {
            file.sync_all()?;
            known.map_or_else(|| hash_file(file, algorithm), Ok)
        };
        let digest = tokio::task::spawn_blocking(work).await.map_err(io::Error::other)??;
        Ok(digest)
    }
}

/// There is no such upload: never was, or not any more.
pub(super) fn unknown() -> Refusal {
    Refusal::new(Reason::UploadUnknown, "there is no such upload")
}

fn key(name: &Name, id: &UploadId) -> String {
    format!("{id}-{}", Digest::of(name.as_str().as_bytes()).short())
}

fn hash_file(mut file: File, algorithm: Algorithm) -> io::Result<Digest> {
    file.rewind()?;
    let mut hasher = algorithm.hasher();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn an_upload_goes_on_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let before = Sessions::open(dir.path().join("u")).unwrap();
        let id = before.start(&name("a"), Algorithm::Sha256).unwrap();
        before.find(&name("a"), &id).unwrap().write().await.unwrap().append(b"hel").unwrap();
        drop(before);

        let after = Sessions::open(dir.path().join("u")).unwrap();
        let session = after.find(&name("a"), &id).unwrap();
        assert_eq!(session.size().unwrap(), 3);
        let mut writer = session.write().await.unwrap();
        writer.append(b"lo").unwrap();
        assert_eq!(writer.written(), 5);
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let digest = writer.digest(algorithm).await.unwrap();
            assert_eq!(digest, Digest::with(algorithm, b"hello"));
        }
    }

    #[tokio::test]
    async fn an_upload_is_found_only_in_its_repository_and_until_it_ends() {
        let dir = tempfile::tempdir().unwrap();
        let sessions = Sessions::open(dir.path().to_owned()).unwrap();
        let id = sessions.start(&name("a"), Algorithm::Sha512).unwrap();
        let session = sessions.find(&name("a"), &id).unwrap();
        let elsewhere = sessions.find(&name("b"), &id).unwrap_err();
        assert_eq!(elsewhere.reason(), Reason::UploadUnknown);

        sessions.end(&name("a"), &id).unwrap();
        assert_eq!(sessions.end(&name("a"), &id).unwrap_err().reason(), Reason::UploadUnknown);
        assert!(session.write().await.is_err() && session.size().is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn there_is_an_end_to_how_many_may_be_open() {
        let dir = tempfile::tempdir().unwrap();
        let sessions = Sessions::open(dir.path().to_owned()).unwrap();
        let ids: Vec<_> = std::iter::repeat_with(|| sessions.start(&name("a"), Algorithm::Sha256))
            .map_while(Result::ok)
            .collect();
        assert_eq!(ids.len(), MAX_OPEN);
        sessions.end(&name("a"), &ids[0]).unwrap();
        sessions.start(&name("b"), Algorithm::Sha256).unwrap();
        let one_more = sessions.start(&name("b"), Algorithm::Sha256).unwrap_err();
        assert_eq!(one_more.reason(), Reason::TooMany);
    }

    #[test]
    fn uploads_of_last_week_are_swept() {
        let dir = tempfile::tempdir().unwrap();
        let sessions = Sessions::open(dir.path().to_owned()).unwrap();
        let old = sessions.start(&name("a"), Algorithm::Sha256).unwrap();
        let new = sessions.start(&name("a"), Algorithm::Sha256).unwrap();
        let file = File::options().write(true).open(&sessions.find(&name("a"), &old).unwrap().path);
        let age = KEPT + Duration::from_secs(60);
        file.unwrap().set_modified(SystemTime::now() - age).unwrap();

        let sessions = Sessions::open(dir.path().to_owned()).unwrap();
        assert!(sessions.find(&name("a"), &old).is_err());
        assert!(sessions.find(&name("a"), &new).is_ok());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
