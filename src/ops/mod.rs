//! The short verbs as `Options -> Report`: nothing here knows a terminal, arguments or exit codes.

mod apply;
mod copy;
mod delete;
mod import;
mod inspect;
mod inventory;
mod lock_file;
mod login;
mod logout;
mod mirror_files;
mod pairs;
mod plan;
mod pull_through;
mod pulled;
mod releases;
mod signatures;
mod stream_store;
pub mod tag_sync;
mod update_graph;
mod verify;
mod watch;
mod web;

pub use apply::{CheckError, apply, mappings, moved, replan};
pub use copy::{CopiedImage, CopyReport, CopyRequest, Ends, copy};
pub use delete::{DeleteError, Deletion, Fate, delete, plan_deletion};
pub use import::{Import, ImportError};
pub use inspect::{InspectError, Inspection, config, inspect, tags};
pub use inventory::{InventoryReport, inventory};
pub use lock_file::{LockFileError, read_lock, writable, write_file, write_lock};
pub use login::{LoginError, LoginOptions, LoginReport, LoginTarget, Place, login};
pub use logout::{LogoutReport, logout};
pub use mirror_files::FilesOnDisk;
pub use pairs::{Pair, check, pairs};
pub use plan::{PlanFailure, PlanObserver, PlanRequest, Planned, plan};
pub use pull_through::{PullThrough, PullThroughError, PullThroughOptions};
pub use pulled::{NoDataHome, layouts, pulled};
pub use releases::{CollectError, CollectedReleases, releases};
pub use signatures::{
    CollectedSignatures, SignatureStore, SignatureStoreError, SignedRelease, release_signatures,
    signature_path,
};
pub use stream_store::{NoStreamsHome, stream_store};
pub use update_graph::{UpdateGraph, UpdateGraphError};
pub use verify::{
    Against, Aim, Defect, Flaw, Repaired, SiteError, Verified, VerifyRequest, repair, verify,
};
pub use watch::{Ask, Event, Interval, IntervalError, Problem, Refresh, Trouble, refresh, watch};
pub use web::{Address, AddressError};
