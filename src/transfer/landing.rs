//! One writer at a time for each manifest of a repository. Two names for one image are two jobs, and registries that keep
//! files (distribution's, for one) show others a manifest half-written while it is written again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::{Digest, Manifest, RefName};
use crate::store::{Result, Sink};

/// Whether a manifest was put into its repository in this run.
type Put = Arc<tokio::sync::Mutex<bool>>;

/// The manifests of a run that have been put or are being put.
#[derive(Default)]
pub(super) struct Landings(Mutex<HashMap<(String, Digest), Put>>);

impl Landings {
    /// Puts `manifest`. Without a name it is put once into a repository, whoever asks for it.
    pub(super) async fn put(
        &self,
        sink: &dyn Sink,
        manifest: &Manifest,
        name: Option<&RefName>,
    ) -> Result<()> {
        if sink.repository().is_none() {
            return sink.put_manifest(manifest, name).await;
        }
        let put = self.of(sink, manifest.digest());
        let mut put = put.lock().await;
        if name.is_some() || !*put {
            sink.put_manifest(manifest, name).await?;
            *put = true;
        }
        Ok(())
    }

    fn of(&self, sink: &dyn Sink, digest: &Digest) -> Put {
        let mut landings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(landings.entry((sink.place(), digest.clone())).or_default())
    }
}
