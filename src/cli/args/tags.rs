//! `tags`.

use clap::Args;
use longshore::model::Endpoint;

use super::{AccessArgs, UsageError, endpoint};

const EXAMPLES: &str = "\
Examples:
  longshore tags quay.io/org/app
  longshore tags oci:layout
  longshore tags -o json quay.io/org/app";

/// List the tags of a repository, sorted, one per line
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TagsArgs {
    /// The repository on a registry, or a layout or archive
    #[arg(value_parser = endpoint)]
    pub(crate) repository: Endpoint,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

impl TagsArgs {
    /// Refuses the name of one image where that of a repository is meant.
    pub(crate) fn check(&self) -> Result<(), UsageError> {
        let named = self.repository.name().is_some() || self.repository.digest().is_some();
        if named {
            let text = format!("'{}' names one image: leave out tag and digest", self.repository);
            return Err(UsageError(text));
        }
        Ok(())
    }
}
