//! The engine: moves images between any two stores, with every digest kept. It does not know which kind of store it
//! holds.
//!
//! An image is *resolved* (its tree of manifests read and pinned by digest: [`ImageGraph`]), *planned* (what to move,
//! in which order: [`Plan`], pure) and *moved*: blobs in parallel, then manifests, children before parents, the name
//! last. So nothing that a name points to is ever missing, whenever the run is stopped.

mod copy;
mod event;
mod flight;
mod movers;
mod observed;
mod plan;
mod resolve;

pub use copy::{Copier, CopyOptions, ImageReport, Job, Outcome};
pub use event::{BlobOutcome, Event, Observer};
pub use plan::Plan;
pub use resolve::{Attachments, Error as ResolveError, ImageGraph, Selection, resolve, select};
