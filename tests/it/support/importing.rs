//! Somebody who imports images: a home with settings and logins, and the registries as seen from there.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use longshore::config::{self, ConnectionOptions, Env};
use longshore::http::RetryPolicy;
use longshore::imagestream::ImageStream;
use longshore::imagestream::api::{
    DOCKER_IMAGE, Image, ImageImportSpec, ImageImportStatus, ImageStreamImportSpec, ImportPolicy,
    LocalReference, ObjectReference, SpecTag, StatusTag, TagEvent, Time,
};
use longshore::imagestream::fetch::{Fetched, Fetcher, Known, Registries};
use longshore::session::{Session, SessionOptions, Trust};
use serde_json::json;
use tempfile::TempDir;

/// Somebody with a home.
pub(crate) struct Importer {
    home: TempDir,
    /// What `registries.conf` says.
    pub(crate) settings: String,
    /// Whether registries are spoken to without TLS when nothing calls them insecure.
    pub(crate) plain_http: bool,
}

impl Importer {
    /// Somebody without settings, for registries without TLS.
    pub(crate) fn new() -> Self {
        Self { home: TempDir::new().unwrap(), settings: String::new(), plain_http: true }
    }

    pub(crate) fn with_settings(settings: String) -> Self {
        Self { settings, ..Self::new() }
    }

    pub(crate) fn login(&self, address: &str, username: &str, password: &str) {
        fs::create_dir_all(self.home.path().join(".docker")).unwrap();
        let login = json!({"username": username, "password": password});
        let text = json!({"auths": {address: login}}).to_string();
        fs::write(self.home.path().join(".docker/config.json"), text).unwrap();
    }

    pub(crate) fn registries(&self) -> Registries {
        let path = self.home.path().join("registries.conf");
        fs::write(&path, &self.settings).unwrap();
        let settings = path.display().to_string();
        let session = |plain_http: bool, trust: Trust| {
            let env = Env::fake(self.home.path(), [("CONTAINERS_REGISTRIES_CONF", &settings)]);
            let registries = config::Registries::load(&env).unwrap();
            let connection = ConnectionOptions { plain_http, ..ConnectionOptions::default() };
            let retry = RetryPolicy { tries: 2, ..RetryPolicy::default() };
            let options = SessionOptions { connection, trust, retry, ..SessionOptions::default() };
            Arc::new(Session::new(env, registries, options))
        };
        Registries {
            verified: session(self.plain_http, Trust::Verified),
            insecure: session(false, Trust::Waived),
        }
    }
}

/// When all imports of the tests happen.
pub(crate) fn now() -> Time {
    Time::new("2026-11-23T10:55:07Z".parse().unwrap())
}

/// What was fetched and not forgotten.
#[derive(Default)]
pub(crate) struct Memory {
    images: Mutex<HashMap<String, Image>>,
    /// The stream that follows from what was fetched, as far as a fetch looks at one.
    pub(crate) stream: Option<ImageStream>,
}

#[async_trait]
impl Known for Memory {
    async fn image(&self, digest: &str) -> Option<Image> {
        self.images.lock().unwrap().get(digest).cloned()
    }
}

impl Memory {
    /// Fetches by the rules of a real import, and knows all of it afterwards.
    pub(crate) async fn fetch(
        &mut self,
        registries: &Registries,
        spec: &ImageStreamImportSpec,
    ) -> Fetched {
        let fetcher =
            Fetcher { registries, known: self, observer: &(), limit: Some(50), now: now() };
        let fetched = fetcher.fetch(spec, self.stream.as_ref()).await;
        let named = fetched.new.iter().map(|image| (image.metadata.name.clone(), image.clone()));
        self.images.lock().unwrap().extend(named);
        for (image, target) in fetched.status.images.iter().zip(&spec.images) {
            self.point(&target.to.as_ref().unwrap().name, image);
        }
        for image in fetched.status.repository.iter().flat_map(|repository| &repository.images) {
            self.point(&image.tag, image);
        }
        fetched
    }

    pub(crate) fn images(&self) -> Vec<String> {
        let mut names: Vec<String> = self.images.lock().unwrap().keys().cloned().collect();
        names.sort();
        names
    }

    fn point(&mut self, tag: &str, image: &ImageImportStatus) {
        let Some(image) = &image.image else { return };
        let stream = self.stream.get_or_insert_with(|| ImageStream::new("default", "app"));
        let event: TagEvent = serde_json::from_value(json!({
            "created": now(), "dockerImageReference": image.docker_image_reference,
            "image": image.metadata.name,
        }))
        .unwrap();
        stream.status.tags.retain(|known| known.tag != tag);
        let (tag, items) = (tag.to_owned(), vec![event]);
        stream.status.tags.push(StatusTag { tag, items, ..StatusTag::default() });
    }

    /// Annotates a tag.
    pub(crate) fn annotate(&mut self, tag: &str, annotations: &[(&str, &str)]) {
        let stream = self.stream.get_or_insert_with(|| ImageStream::new("default", "app"));
        let annotations =
            annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let (name, annotations) = (tag.to_owned(), annotations.collect());
        stream.spec.tags.push(SpecTag { name, annotations, ..SpecTag::default() });
    }
}

/// An image to import: the reference, and the tag for it.
pub(crate) fn image(from: &str, to: &str, policy: ImportPolicy) -> ImageImportSpec {
    ImageImportSpec {
        from: ObjectReference::new(DOCKER_IMAGE, from),
        to: Some(LocalReference { name: to.to_owned() }),
        import_policy: policy,
        ..ImageImportSpec::default()
    }
}

/// The import of these images.
pub(crate) fn images(images: Vec<ImageImportSpec>) -> ImageStreamImportSpec {
    ImageStreamImportSpec { import: true, repository: None, images }
}
