//! Bundles whose blobs are in tar files of a certain size, the parts.
//!
//! - A part `bundle-000001.tar` has a member that tells which part it is, and then blobs as `blobs/sha256/HEX`. A blob
//!   that is larger than a part is cut into pieces `blobs/sha256/HEX.000001` and so on, each in a part of its own.
//!   What `tar` unpacks of all parts is the `blobs` of an image layout.
//! - A part being written is called `bundle-000001.tar.partial`. Its members stand one after the other, so what a killed
//!   writer left is found by their headers. What is whole and has its digest is kept; the last member is continued.
//! - Several are written at once, each by one task at a time: nothing is left of a member that was given up.

mod fetch;
mod format;
mod hold;
mod lane;
mod load;
mod parts;
mod reader;
mod scan;
mod size;
mod state;

use format::part_file;
pub(super) use format::part_number;
pub(super) use load::split_of;
pub(super) use parts::Parts;
pub(super) use reader::{PartSet, check_part};
pub(super) use scan::PartError;
pub use size::{SplitSize, SplitSizeError};

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Result;
use crate::store::Error;
use crate::store::file::Span;

/// A blob, or a piece of one, in a part.
#[derive(Clone, Debug)]
struct Piece {
    part: u32,
    path: Arc<Path>,
    /// Where its bytes start in the part.
    start: u64,
    size: u64,
}

impl Piece {
    /// Its bytes.
    fn open(&self) -> Result<Span> {
        let whole = Span::open(&self.path)?;
        let whole = whole.ok_or_else(|| Error::Missing { path: self.path.to_path_buf() })?;
        Ok(whole.part(self.start, self.size))
    }
}

/// The pieces of a blob, by number; one that is not cut is piece 0 of itself.
type Pieces = BTreeMap<u32, Piece>;

/// The bytes of those pieces that follow each other from the first on.
fn bytes_in(pieces: &Pieces) -> u64 {
    if let Some(whole) = pieces.get(&0) {
        return whole.size;
    }
    let in_order = (1..).map_while(|number| pieces.get(&number));
    in_order.map(|piece| piece.size).sum()
}
