//! Files of rules: `tag-sync.yaml`, in YAML or JSON with `version: 1`.

mod error;
mod failures;
mod read;
mod rules;
mod written;

pub use error::RuleFileError;
pub use failures::{is_list_of_failures, rules_of_failures};
pub use read::RuleFile;
