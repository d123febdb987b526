//! `{os: linux, architecture: arm64}`.

use serde::Deserialize;

use crate::model::{PlatformError, PlatformFilter};

/// A platform in two fields.
#[derive(Clone, Deserialize)]
#[serde(try_from = "PlatformFields")]
pub(super) struct OsAndArch(pub(super) PlatformFilter);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a platform as {os: linux, architecture: arm64}")]
struct PlatformFields {
    os: String,
    architecture: String,
}

impl TryFrom<PlatformFields> for OsAndArch {
    type Error = PlatformError;

    fn try_from(fields: PlatformFields) -> Result<Self, Self::Error> {
        format!("{}/{}", fields.os, fields.architecture).parse().map(Self)
    }
}
