//! `bundle.json`: what a bundle is made of. Pure.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::SplitSize;
use crate::model::{Digest, ImagePath, ReferenceError, RepositoryPath};

const FORMAT: &str = "longshore-bundle";
const VERSION: u32 = 1;

/// What a bundle is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    format: String,
    version: u32,
    /// The images, by name.
    pub images: Vec<BundledImage>,
    /// The blobs and manifests that are in it, by digest.
    pub blobs: Vec<HeldBlob>,
    /// The blobs that are presumed to be at the destination, by digest.
    pub presumed: Vec<PresumedBlob>,
    /// Where that is known from: the places of receipts, earlier bundles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub base: Vec<String>,
    /// The most bytes of each part, if its blobs are in parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitSize>,
}

/// An image of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundledImage {
    /// What it is called below the root of its destination.
    #[serde(with = "text")]
    pub name: ImagePath,
    /// Its manifest.
    pub digest: Digest,
    /// Where it came from; not known when the run that brought it was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A blob or manifest that is in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBlob {
    /// The blob.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// A repository that it belongs to, below the root of the destination.
    #[serde(with = "text")]
    pub repository: RepositoryPath,
}

/// A blob that is presumed to be at the destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresumedBlob {
    /// The blob.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// Where it is.
    #[serde(with = "text")]
    pub repository: FarRepository,
}

/// A repository at the destination of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FarRepository {
    /// Below the root that the bundle goes to, written `org/app`.
    Below(RepositoryPath),
    /// On the same registry, wherever the root is, written `/org/app`.
    At(RepositoryPath),
}

/// Why a text is not what a bundle is made of.
#[derive(Debug, thiserror::Error)]
pub(super) enum ContentsError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error("it does not say that it is a {0}")]
    Format(&'static str),
    #[error("it has the version {found} of its format, and this program knows {known}")]
    Version { found: u64, known: u32 },
}

/// What every version says of itself.
#[derive(Deserialize)]
pub(super) struct Head {
    format: Option<String>,
    version: Option<u64>,
}

impl Head {
    pub(super) fn of(bytes: &[u8]) -> Result<Self, ContentsError> {
        Ok(serde_json::from_slice(bytes)?)
    }

    /// Refuses what is of another format or version.
    pub(super) fn check(&self, format: &'static str, version: u32) -> Result<(), ContentsError> {
        match self.version {
            Some(found) if self.format.as_deref() == Some(format) => {
                let known = version;
                (found == u64::from(version))
                    .then_some(())
                    .ok_or(ContentsError::Version { found, known })
            }
            _ => Err(ContentsError::Format(format)),
        }
    }
}

impl Contents {
    /// A bundle of these; each list by its own order.
    pub(super) fn new(
        mut images: Vec<BundledImage>,
        mut blobs: Vec<HeldBlob>,
        mut presumed: Vec<PresumedBlob>,
    ) -> Self {
        images.sort_by(|one, other| one.name.cmp(&other.name));
        blobs.sort_by(|one, other| one.digest.cmp(&other.digest));
        presumed.sort_by(|one, other| one.digest.cmp(&other.digest));
        let (format, base) = (FORMAT.to_owned(), Vec::new());
        Self { format, version: VERSION, images, blobs, presumed, base, split: None }
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, ContentsError> {
        Head::of(bytes)?.check(FORMAT, VERSION)?;
        let mut contents: Self = serde_json::from_slice(bytes)?;
        contents.blobs.sort_by(|one, other| one.digest.cmp(&other.digest));
        contents.presumed.sort_by(|one, other| one.digest.cmp(&other.digest));
        Ok(contents)
    }

    /// Whether a blob or manifest is in it.
    pub(super) fn holds(&self, digest: &Digest) -> bool {
        self.blobs.binary_search_by(|held| held.digest.cmp(digest)).is_ok()
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

impl FromStr for FarRepository {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        match text.strip_prefix('/') {
            Some(path) => path.parse().map(Self::At),
            None => text.parse().map(Self::Below),
        }
    }
}

impl fmt::Display for FarRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below(path) => write!(f, "{path}"),
            Self::At(path) => write!(f, "/{path}"),
        }
    }
}

/// Values that stand in JSON as they are shown.
pub(super) mod text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in crate::store::bundle) fn serialize<T: Display, S: Serializer>(
        value: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(in crate::store::bundle) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let digest = Digest::of(b"");
        let (path, name) = ("org/app".parse().unwrap(), "org/app:v1".parse().unwrap());
        let source = Some("quay.io/org/app:v1".to_owned());
        let repository = "/base/ubi".parse().unwrap();
        let contents = Contents::new(
            vec![BundledImage { name, digest: digest.clone(), source }],
            vec![HeldBlob { digest: digest.clone(), size: 7, repository: path }],
            vec![PresumedBlob { digest, size: 9, repository }],
        );
        let bytes = contents.to_bytes().unwrap();
        assert_eq!(Contents::parse(&bytes).unwrap(), contents);
    }

    #[test]
    fn what_is_something_else_is_refused() {
        let refused = |text: &str| Contents::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(refused("{}").contains("does not say that it is"));
        let version =
            |version| format!(r#"{{"format": "longshore-bundle", "version": {version}}}"#);
        assert!(refused(&version("2")).contains("version 2"));
        assert!(refused(&version("1")).contains("missing field"));
        assert!(refused(&version("99999999999999999999")).contains("invalid"));
        let held = r#"{"format": "longshore-bundle", "version": 1, "images": [], "presumed": [],
            "blobs": [{"digest": "sha256:../../x", "size": 1, "repository": "a"}]}"#;
        assert!(refused(held).contains("sha256"));
    }
}
