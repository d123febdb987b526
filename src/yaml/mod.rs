//! YAML and JSON documents: read with the place of every fault, written as `kubectl` writes them, and changed in place.
//!
//! [`read`] and [`from_text`] turn text into values. [`write()`] prints a value so that it reads back the same, to us and
//! to other readers of YAML 1.1 and 1.2. [`rewrite`] and [`set_scalar`] change a text and leave everything else in it as
//! it stands: comments, order, quotes, line ends. A change that cannot be made safely is made by printing anew
//! ([`rewrite`]) or refused ([`set_scalar`]).
//!
//! Whoever reads a file bounds its size. Nesting, and what aliases can make of a small text, is bounded here.

mod align;
mod ambiguous;
mod carry;
mod edit;
mod error;
mod patch;
mod path;
mod read;
mod scalar;
mod texts;
mod told;
mod tree;
mod write;

pub use carry::carry;
pub use edit::rewrite;
pub use error::{EditError, Error, Place};
pub use path::{Path, Step};
pub use read::{Document, documents, from_text, place_of, read, read_all, typed, wrong, wrong_key};
pub use scalar::set_scalar;
pub use texts::texts;
pub use write::write;
