//! Changing an auth file in place: one writer at a time, and readers see the old file or the new one, never a part.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use super::Error;
use super::authfile::is_old_form;
use super::document::{self, Document, Form};

/// Changes the auth file at `path`, which is made, with its folder, if there is none. A link is followed and stays.
/// A file with logins is for its owner alone afterwards, even if nothing has changed.
pub(super) fn edit<T>(
    path: &Path,
    change: impl FnOnce(&mut Map<String, Value>) -> Result<T, Error>,
) -> Result<T, Error> {
    let target = target(path)?;
    let lock = lock(&target)?;
    let mut document = document::read(&target)?;
    writable(&document, path)?;
    let before = document.fields.clone();
    let done = change(&mut document.fields)?;
    if document.fields != before {
        replace(&target, &document.fields).map_err(Error::io("write", &target))?;
    } else if holds_logins(&document.fields) {
        let owner_only = Permissions::from_mode(0o600);
        lock.set_permissions(owner_only).map_err(Error::io("protect", &target))?;
    }
    Ok(done)
}

fn holds_logins(fields: &Map<String, Value>) -> bool {
    fields.get("auths").and_then(Value::as_object).is_some_and(|auths| !auths.is_empty())
}

/// The file itself, behind all links.
fn target(path: &Path) -> Result<PathBuf, Error> {
    match fs::canonicalize(path) {
        Ok(target) => Ok(target),
        Err(_) if !path.is_symlink() => Ok(path.to_owned()),
        Err(error) => Err(Error::io("follow the link", path)(error)),
    }
}

fn writable(document: &Document, path: &Path) -> Result<(), Error> {
    let form = match document.form {
        Form::PullSecret => "a Kubernetes pull secret",
        Form::Yaml => "YAML",
        Form::Json if is_old_form(&document.fields) => "an auth file of the oldest form",
        Form::Json => return Ok(()),
    };
    Err(Error::ReadOnly { path: path.to_owned(), form })
}

/// Locks the file. Another writer may have put a new file in its place while we waited: then that is the one to lock.
fn lock(path: &Path) -> Result<File, Error> {
    loop {
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                create(path).map_err(Error::io("create", path))?;
                continue;
            }
            Err(error) => return Err(Error::io("open", path)(error)),
        };
        file.lock().map_err(Error::io("lock", path))?;
        if is_still_there(&file, path).map_err(Error::io("look at", path))? {
            return Ok(file);
        }
    }
}

fn is_still_there(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match fs::metadata(path) {
        Ok(now) => Ok((now.dev(), now.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn create(path: &Path) -> io::Result<()> {
    let folder = folder(path);
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    match write_beside(path, &Map::new())?.persist_noclobber(path) {
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

fn replace(path: &Path, fields: &Map<String, Value>) -> io::Result<()> {
    write_beside(path, fields)?.persist(path)?;
    File::open(folder(path))?.sync_all()
}

/// Writes a file that only its owner can read (0600), with tabs as docker and podman do.
fn write_beside(path: &Path, fields: &Map<String, Value>) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(folder(path))?;
    let mut text = Vec::new();
    let tabs = PrettyFormatter::with_indent(b"\t");
    fields.serialize(&mut Serializer::with_formatter(&mut text, tabs))?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
