//! The engine: moves images between any two stores, with every digest kept. It does not know which kind of store it
//! holds.
//!
//! An image is *resolved* (its tree of manifests read and pinned by digest: [`ImageGraph`]), *planned* (what to move,
//! in which order: [`Plan`], pure) and *moved*: blobs in parallel, then manifests, children before parents, the name
//! last. So nothing that a name points to is ever missing, whenever the run is stopped.
//!
//! An image that goes to several places is read once. Each place gets its manifests and its name as soon as it has all
//! blobs, and fails by itself.

mod attach;
mod choose;
mod commit;
mod copy;
mod event;
mod feed;
mod flight;
mod gather;
mod job;
mod landing;
mod mounts;
mod movers;
mod plan;
mod resolve;
mod run;
mod survey;
mod tee;

pub use attach::{LeftBehind, Referrer};
pub use choose::select;
pub use copy::{Copier, CopyOptions};
pub use event::{BlobOutcome, Event, Observer};
pub use job::{ImageReport, ImageResult, Job, Outcome, Target};
pub use plan::{Attached, Plan, Round};
pub use resolve::{Attachments, Error as ResolveError, ImageGraph, Lists, Selection, resolve};
pub use survey::{Standing, Survey, survey};
