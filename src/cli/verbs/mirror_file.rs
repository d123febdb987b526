//! `mirror --config` with a mirror file: mappings, and what holds for them where the command line does not say otherwise.

use std::path::Path;

use longshore::mirror::file::{FileError, MirrorFile, Settings};
use longshore::mirror::set;
use longshore::ops::FilesOnDisk;

use super::{Work, mirror};
use crate::cli::Context;
use crate::cli::args::{MirrorArgs, UsageError};

/// Mirrors what `text` of `file` says. Passwords are asked for here.
pub(super) fn start<'c>(
    file: &Path,
    text: &str,
    args: MirrorArgs,
    context: &'c Context,
) -> anyhow::Result<Work<'c>> {
    args.check_file()?;
    let file = read(file, text)?;
    let lines = file.lines(args.given_root()?.as_ref())?;
    for (registry, position) in file.unused(&lines) {
        context.note(format!("note: {position}: no image is of {registry} or goes there"));
    }
    mirror::start_lines(lines, &file.settings, args, context)
}

/// What the mirror file says, if one is named besides something else that tells which images go where.
pub(super) fn settings(args: &MirrorArgs, context: &Context) -> anyhow::Result<Settings> {
    args.check_file()?;
    let Some(file) = &args.config else { return Ok(Settings::default()) };
    let text = context.input.file(file)?;
    if set::is_set(&text) {
        let text =
            "an ImageSetConfiguration says which images go where: --from and --apply know that";
        return Err(UsageError(text.to_owned()).into());
    }
    Ok(read(file, &text)?.settings)
}

fn read(file: &Path, text: &str) -> Result<MirrorFile, FileError> {
    let file = MirrorFile::read(file, text, &FilesOnDisk)?;
    for said in file.settings.paths() {
        if let Err(source) = std::fs::metadata(&said.value) {
            let (position, path) = (said.position.clone(), said.value.clone());
            return Err(FileError::Unreadable { position, path, source });
        }
    }
    Ok(file)
}
