//! The list by which deletions are undone: tags, and the manifests that went with them, byte for byte. Blobs are not in
//! it: they are at the registry until it collects its garbage.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::mirror::delete::List;
use crate::model::{Digest, Endpoint, Manifest, ManifestError, Tag};
use crate::store::{self, Open, Reference, Store};

/// The form that is written and read here.
const VERSION: u32 = 1;

/// The largest list that is read.
const LIMIT: u64 = 256 << 20;

/// A list by which deletions from one place are undone.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Undo {
    version: u32,
    /// When that was.
    #[serde(rename = "deleted")]
    at: Timestamp,
    place: String,
    tags: Vec<LostTag>,
    /// Manifests before what they point to.
    manifests: Vec<LostManifest>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LostTag {
    tag: Tag,
    digest: Digest,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LostManifest {
    digest: Digest,
    media_type: String,
    data: String,
}

/// What can be wrong with a list by which deletions are undone.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is not such a list.
    #[error("{} is no list of what 'tag-sync run' has deleted", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// It is of another form.
    #[error("{} is of version {version}, and only version {VERSION} is known here", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// Its place is none.
    #[error("{} names '{place}', which is no place that holds images", path.display())]
    Place {
        /// The file.
        path: PathBuf,
        /// What it names.
        place: String,
    },
    /// A manifest of it is not what its digest says.
    #[error("{}: the manifest {digest} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The manifest.
        digest: Digest,
    },
    /// A manifest of it cannot be read.
    #[error("{}: the manifest {digest} cannot be used", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// The manifest.
        digest: Digest,
        /// Why not.
        #[source]
        source: Box<ManifestError>,
    },
    /// The place does not take it back.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A tag that was put back, or could not be.
#[derive(Debug)]
pub struct UndoneTag {
    /// The tag, at its place.
    pub image: Endpoint,
    /// What it points to.
    pub digest: Digest,
    /// Whether it does so now; what it points to instead, where somebody has set it since: that stays.
    pub result: Result<(), Digest>,
}

impl Undo {
    /// What is needed to undo the deletion of what is on `list`, all of it in `place`, which is `store`.
    pub(super) async fn of(
        place: &Endpoint,
        list: &List,
        store: &dyn Store,
        now: Timestamp,
    ) -> store::Result<Self> {
        let (mut tags, mut manifests) = (Vec::new(), Vec::new());
        for part in &list.parts {
            for (name, digest) in &part.listed.names {
                if let Ok(tag) = name.to_tag() {
                    tags.push(LostTag { tag, digest: digest.clone() });
                }
            }
            for digest in &part.order {
                let manifest = store.manifest(&Reference::Digest(digest.clone())).await?;
                manifests.push(LostManifest {
                    digest: digest.clone(),
                    media_type: manifest.media_type().to_string(),
                    data: STANDARD.encode(manifest.bytes()),
                });
            }
        }
        Ok(Self { version: VERSION, at: now, place: place.to_string(), tags, manifests })
    }

    /// Keeps it in `dir`, durable before anything is deleted.
    pub(super) fn keep(&self, dir: Option<&Path>) -> store::Result<PathBuf> {
        let refused = |why| store::Error::Unsupported {
            place: "the list by which it is undone".to_owned(),
            why,
        };
        let dir = dir.ok_or_else(|| {
            refused("has no folder: there is neither XDG_STATE_HOME nor a home folder")
        })?;
        std::fs::create_dir_all(dir).map_err(store::Error::io("make", dir))?;
        let stamp = self.at.strftime("%Y%m%dT%H%M%S");
        let place = Digest::of(self.place.as_bytes());
        // Two runs within a second have two lists.
        let moment = self.at.subsec_nanosecond();
        let path = dir.join(format!("{stamp}.{moment:09}-{:.12}.json", place.hex()));
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| store::Error::io("write", &path)(error.into()))?;
        if text.len() as u64 > LIMIT {
            return Err(refused("would be too large to be read again"));
        }
        store::replace_file(&path, &text)?;
        Ok(path)
    }

    /// Reads a list.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self, UndoError> {
        let failed = |source| UndoError::Read { path: path.to_owned(), source };
        let mut text = Vec::new();
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(LIMIT).read_to_end(&mut text).map_err(failed)?;
        let form = |source| UndoError::Form { path: path.to_owned(), source };
        let undo: Self = serde_json::from_slice(&text).map_err(form)?;
        match undo.version {
            VERSION => Ok(undo),
            other => Err(UndoError::Version { path: path.to_owned(), version: other }),
        }
    }

    /// The place that tags were deleted from.
    ///
    /// # Errors
    /// When it is none.
    pub fn place(&self, path: &Path) -> Result<Endpoint, UndoError> {
        let wrong = |_| UndoError::Place { path: path.to_owned(), place: self.place.clone() };
        self.place.parse().map_err(wrong)
    }

    fn manifest(&self, lost: &LostManifest, path: &Path) -> Result<Manifest, UndoError> {
        let damaged = || UndoError::Damaged { path: path.to_owned(), digest: lost.digest.clone() };
        let bytes = STANDARD.decode(&lost.data).map_err(|_| damaged())?;
        let algorithm = lost.digest.algorithm();
        if Digest::with(algorithm, &bytes) != lost.digest {
            return Err(damaged());
        }
        Manifest::parse_as(bytes.into(), Some(&lost.media_type), algorithm).map_err(|source| {
            let source = Box::new(source);
            UndoError::Manifest { path: path.to_owned(), digest: lost.digest.clone(), source }
        })
    }
}

/// Puts back what the list `undo`, read from `path`, says was deleted. A tag that is there again stays what it is.
///
/// # Errors
/// When a manifest is damaged, or the place does not take it: its blobs may be gone.
pub async fn undo(open: &dyn Open, undo: &Undo, path: &Path) -> Result<Vec<UndoneTag>, UndoError> {
    let place = undo.place(path)?;
    let manifests: Vec<Manifest> =
        undo.manifests.iter().map(|lost| undo.manifest(lost, path)).collect::<Result<_, _>>()?;
    let sink = open.sink(&place).await?;
    for manifest in manifests.iter().rev() {
        sink.put_manifest(manifest, None).await?;
    }
    let store = open.store(&place).await?;
    let mut undone = Vec::new();
    for LostTag { tag, digest } in &undo.tags {
        let name = tag.clone().into();
        let now = sink.manifest_digest(&Reference::Name(tag.clone().into())).await?;
        let result = match now {
            Some(now) if now == *digest => Ok(()),
            Some(other) => Err(other),
            None => {
                let known = manifests.iter().find(|manifest| manifest.digest() == digest);
                let manifest = match known {
                    Some(manifest) => manifest.clone(),
                    None => store.manifest(&Reference::Digest(digest.clone())).await?,
                };
                sink.put_manifest(&manifest, Some(&name)).await?;
                Ok(())
            }
        };
        let image = place.named(&name).unwrap_or_else(|_| place.clone());
        undone.push(UndoneTag { image, digest: digest.clone(), result });
    }
    sink.finish().await?;
    Ok(undone)
}
