//! Files of rules: `tag-sync.yaml`, in YAML or JSON with `version: 1`, and those of skopeo and regsync.

mod error;
mod failures;
mod foreign;
mod forms;
mod go;
mod read;
mod regsync;
mod rules;
mod skopeo;
mod written;

pub use error::RuleFileError;
pub use failures::{is_list_of_failures, rules_of_failures};
pub use foreign::{Note, Reach};
pub use read::RuleFile;
pub use regsync::Surroundings;
pub use skopeo::{Naming, SkopeoTarget};
