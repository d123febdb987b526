//! What a person wants of an import.

use super::{Scope, Target};
use crate::imagestream::api::{ImportMode, ReferencePolicyType};

/// What a person wants of an import. Where nothing is said of a policy (`None`, or `false` for one that can only be
/// turned on) the stored policy of a tag is kept; where none is stored, it is what oc takes without flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOptions {
    /// Which tags (the argument, `--all`).
    pub scope: Scope,
    /// Where from: an image, or a repository with [`Scope::All`] (`--from`).
    pub from: Option<String>,
    /// Where a new stream is from when `from` does not say so ([`Target::source`]).
    pub source: Option<String>,
    /// Whether a stream may be made, or follow another repository than before (`--confirm`).
    pub confirm: bool,
    /// The tags are to be imported again from time to time (`--scheduled`).
    pub scheduled: bool,
    /// The registry may lack a trusted certificate, or TLS (`--insecure[=false]`).
    pub insecure: Option<bool>,
    /// Whose reference those get who use the tags (`--reference-policy`).
    pub reference_policy: Option<ReferencePolicyType>,
    /// What becomes of an index (`--import-mode`).
    pub import_mode: Option<ImportMode>,
    /// Nothing is to be kept (`--dry-run`).
    pub dry_run: bool,
}

impl ImportOptions {
    /// For what an argument names, without flags.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        Self { source: target.source.clone(), ..Self::new(target.scope.clone()) }
    }

    /// Without flags.
    #[must_use]
    pub fn new(scope: Scope) -> Self {
        Self {
            scope,
            from: None,
            source: None,
            confirm: false,
            scheduled: false,
            insecure: None,
            reference_policy: None,
            import_mode: None,
            dry_run: false,
        }
    }
}

/// Why the value of a flag is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// Of `--reference-policy`.
    #[error("valid reference policy values are source or local")]
    ReferencePolicy,
    /// Of `--import-mode`.
    #[error("valid ImportMode values are Legacy or PreserveOriginal")]
    ImportMode,
}

/// The value of `--reference-policy`: `source` or `local`, in any case.
///
/// # Errors
/// When it is neither.
pub fn parse_reference_policy(text: &str) -> Result<ReferencePolicyType, OptionError> {
    match text.to_lowercase().as_str() {
        "source" => Ok(ReferencePolicyType::Source),
        "local" => Ok(ReferencePolicyType::Local),
        _ => Err(OptionError::ReferencePolicy),
    }
}

/// The value of `--import-mode`: `Legacy` or `PreserveOriginal`, in this case alone.
///
/// # Errors
/// When it is neither.
pub fn parse_import_mode(text: &str) -> Result<ImportMode, OptionError> {
    match text {
        "Legacy" => Ok(ImportMode::Legacy),
        "PreserveOriginal" => Ok(ImportMode::PreserveOriginal),
        _ => Err(OptionError::ImportMode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_in_any_case_and_a_mode_in_one() {
        for text in ["local", "Local", "LOCAL"] {
            assert_eq!(parse_reference_policy(text), Ok(ReferencePolicyType::Local));
        }
        assert_eq!(parse_reference_policy("source"), Ok(ReferencePolicyType::Source));
        let refused = parse_reference_policy("remote").unwrap_err();
        assert_eq!(refused.to_string(), "valid reference policy values are source or local");

        assert_eq!(parse_import_mode("Legacy"), Ok(ImportMode::Legacy));
        assert_eq!(parse_import_mode("PreserveOriginal"), Ok(ImportMode::PreserveOriginal));
        for text in ["", "legacy", "preserveoriginal"] {
            let refused = parse_import_mode(text).unwrap_err();
            assert_eq!(
                refused.to_string(),
                "valid ImportMode values are Legacy or PreserveOriginal"
            );
        }
    }
}
