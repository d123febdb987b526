//! The engine: moves images between any two stores. It does not know which kind of store it holds.

mod event;

pub use event::{BlobOutcome, Event, Observer};
