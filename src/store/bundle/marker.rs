//! `bundle.unfinished`: says that a bundle is being written, and keeps the sums of those parts of it that are not.

use std::path::Path;

use super::split::part_number;
use super::sums::Sums;
use super::{MARKER_FILE, SUMS_FILE, read_small};
use crate::model::Digest;
use crate::store::{Durability, Result};

/// What a person reads in it.
const TEXT: &str =
    "This bundle is not finished: run the command that writes it again, which goes on from here.\n";

/// Says that the bundle in `dir` is being written.
pub(super) fn write(dir: &Path, durability: Durability, parts: &[(String, Digest)]) -> Result<()> {
    let mut sums = Sums::default();
    for (name, sum) in parts {
        sums.insert(name.clone(), sum.clone());
    }
    let text = format!("{TEXT}{}", sums.to_text());
    durability.write_atomically(&dir.join(MARKER_FILE), text.as_bytes())
}

/// Notes the sums of parts, if the bundle in `dir` is being written.
pub(super) fn renew(dir: &Path, durability: Durability, parts: &[(String, Digest)]) -> Result<()> {
    if dir.join(MARKER_FILE).exists() { write(dir, durability, parts) } else { Ok(()) }
}

/// The sums of parts that are written down, here or in `SHA256SUMS`. Lines that tell none do not count.
pub(super) fn known_sums(dir: &Path) -> Result<Sums> {
    let file = [SUMS_FILE, MARKER_FILE].map(|name| dir.join(name));
    let bytes = match read_small(&file[0])? {
        Some(bytes) => bytes,
        None => read_small(&file[1])?.unwrap_or_default(),
    };
    let text = String::from_utf8_lossy(&bytes);
    let is_part = |line: &&str| line.split_once("  ").and_then(|(_, name)| part_number(name));
    let lines: String = text
        .lines()
        .filter(|line| is_part(line).is_some())
        .map(|line| format!("{line}\n"))
        .collect();
    Ok(Sums::parse(lines.as_bytes()).unwrap_or_default())
}
