//! Names of repositories.

use std::fmt;
use std::str::FromStr;

use super::error::{Reason, Refusal};
use crate::model::{Registry, Repository};

/// A repository name of the distribution specification: components of lower-case letters and digits, parted by
/// `/`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Name(String);

impl Name {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let checked = "localhost"
            .parse::<Registry>()
            .and_then(|registry| Repository::new(registry, text))
            .map_err(|error| Refusal::new(Reason::NameInvalid, error.to_string()))?;
        Ok(Self(checked.path().to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
