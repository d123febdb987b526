//! Which images go where: arguments and mapping files as `oc image mirror` reads them, with its traps repaired (mixed
//! forms are refused, any white space parts).
//!
//! Nothing here knows registries or the terminal.

mod mapping;

pub use mapping::{Mapping, MappingError, Position, from_arguments, from_file};
