//! Referrers (end-12), and the fallback tag for registries that do not know them (OCI distribution specification,
//! «Unavailable Referrers API» and «Referrers Tag Schema»).

use bytes::Bytes;
use http::StatusCode;
use oci_spec::image::{self as oci, ImageIndex};

use super::Remote;
use super::manifests::none_if_not_found;
use super::pages::{self, PageError};
use crate::model::{Content, Descriptor, Digest, Manifest, RefName, ReferenceError, media_types};
use crate::store::{self, Reference, Result};

/// What registries without the referrers API answer: the last two come from gateways in front of them.
const UNAVAILABLE: [StatusCode; 5] = [
    StatusCode::NOT_FOUND,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::BAD_REQUEST,
    StatusCode::NOT_ACCEPTABLE,
    StatusCode::NOT_IMPLEMENTED,
];

impl Remote {
    /// The manifests whose subject is `subject`.
    pub(super) async fn list_referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        let what = format!("the referrers of {subject}");
        let first = self.url(format_args!("referrers/{subject}"));
        match pages::read::<ImageIndex>(self.client(), first, self.pull()).await {
            Ok(pages) => pages
                .iter()
                .flat_map(|page| page.manifests().iter().cloned())
                .map(|d| {
                    Descriptor::try_from(d)
                        .map_err(|e| self.odd("read", what.clone(), format!("is unusable: {e}")))
                })
                .collect(),
            Err(PageError::Request(error))
                if !error.status().is_some_and(|status| UNAVAILABLE.contains(&status)) =>
            {
                Err(self.failed("read", what)(error))
            }
            Err(_) => self.list_fallback(subject).await,
        }
    }

    /// What the fallback tag lists. Whether it is there is asked first: registries that count pulls do not count that.
    async fn list_fallback(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        let name = Reference::Name(self.fallback_name(subject)?);
        if self.head_manifest(&name, self.pull()).await?.is_none() {
            return Ok(Vec::new());
        }
        Ok(self.fallback(subject).await?.map_or_else(Vec::new, |(_, listed)| listed))
    }

    /// The index under the fallback tag, and what it lists.
    async fn fallback(&self, subject: &Digest) -> Result<Option<(Manifest, Vec<Descriptor>)>> {
        let name = self.fallback_name(subject)?;
        let found = self.get_manifest(&Reference::Name(name)).await.map(Some);
        let Some(index) = none_if_not_found(found)? else { return Ok(None) };
        match index.content() {
            Content::Index { manifests } => {
                let listed = manifests.clone();
                Ok(Some((index, listed)))
            }
            Content::Image { .. } | Content::Artifact { .. } => Ok(None),
        }
    }

    /// Adds `manifest` to the index under the fallback tag of `subject`, unless it is there.
    ///
    /// Two programs that do this at once can lose an entry; the specification knows and accepts that. Within this
    /// program only one does.
    pub(super) async fn add_to_fallback(
        &self,
        subject: &Digest,
        manifest: &Manifest,
    ) -> Result<()> {
        let _alone = self.inner.referrers.lock().await;
        let mut listed = self.fallback(subject).await?.map_or_else(Vec::new, |(_, listed)| listed);
        if listed.iter().any(|entry| entry.digest == *manifest.digest()) {
            return Ok(());
        }
        listed.push(manifest.referrer_descriptor());
        let index = self.index_of(listed)?;
        self.put_bytes(&index, &Reference::Name(self.fallback_name(subject)?)).await?;
        Ok(())
    }

    fn index_of(&self, listed: Vec<Descriptor>) -> Result<Manifest> {
        let unusable = |problem: String| self.odd("write", "the list of referrers", problem);
        let index = oci::ImageIndexBuilder::default()
            .schema_version(2u32)
            .media_type(oci::MediaType::ImageIndex)
            .manifests(listed.into_iter().map(oci::Descriptor::from).collect::<Vec<_>>())
            .build()
            .map_err(|error| unusable(error.to_string()))?;
        let bytes = serde_json::to_vec(&index).map_err(|error| unusable(error.to_string()))?;
        Manifest::parse(Bytes::from(bytes), Some(media_types::OCI_INDEX))
            .map_err(|error| unusable(error.to_string()))
    }

    /// `sha256-HEX`; a longer digest is cut to what a tag can hold.
    fn fallback_name(&self, subject: &Digest) -> Result<RefName> {
        let mut text = format!("{}-{}", subject.algorithm().as_str(), subject.hex());
        text.truncate(128);
        text.parse()
            .map_err(|source: ReferenceError| store::Error::Name { place: self.place(), source })
    }
}
