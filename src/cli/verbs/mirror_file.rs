//! `mirror --config` with a mirror file: mappings, and what holds for them where the command line does not say otherwise.

use longshore::mirror::file::MirrorFile;

use super::{Work, mirror};
use crate::cli::Context;
use crate::cli::args::MirrorArgs;

/// Mirrors what `text` of `file` says. Passwords are asked for here.
pub(super) fn start<'c>(
    file: &str,
    text: &str,
    mut args: MirrorArgs,
    context: &'c Context,
) -> anyhow::Result<Work<'c>> {
    args.check_file()?;
    let file = MirrorFile::read(file, text)?;
    let lines = file.lines(args.given_root()?.as_ref())?;
    args.transfer.referrers |= file.settings.referrers.is_some_and(|said| said.value);
    mirror::start_lines(lines, args, context)
}
