//! An import is asked for, begun anew when somebody else was faster, and its repository remembered.

use std::sync::Mutex;

use async_trait::async_trait;
use longshore::imagestream::api::{RepositoryImportStatus, SpecTag, Status};
use longshore::imagestream::requests::{ImportError, ImportOptions, RequestError, Scope, import};
use longshore::imagestream::{
    Error, Image, ImageStream, ImageStreamImport, Listing, Namespace, Result, StreamName,
    StreamTag, Streams,
};

/// A place with one stream, which tells what it was asked.
struct Place {
    stream: Mutex<Option<ImageStream>>,
    /// How often somebody else is faster.
    conflicts: Mutex<usize>,
    /// How the repository is found.
    found: Status,
    asked: Mutex<Vec<String>>,
}

impl Place {
    fn new(conflicts: usize, found: Status) -> Self {
        Self {
            stream: Mutex::new(None),
            conflicts: Mutex::new(conflicts),
            found,
            asked: Mutex::new(Vec::new()),
        }
    }

    fn note(&self, what: impl Into<String>) {
        self.asked.lock().unwrap().push(what.into());
    }
}

#[async_trait]
impl Streams for Place {
    fn place(&self) -> String {
        "a test".to_owned()
    }

    async fn get(&self, _: &StreamName) -> Result<Option<ImageStream>> {
        self.note("get");
        Ok(self.stream.lock().unwrap().clone())
    }

    async fn import(&self, import: &ImageStreamImport) -> Result<ImageStreamImport> {
        let version = import.metadata.resource_version.clone().unwrap_or_default();
        self.note(format!("import {version}"));
        let mut stream = ImageStream::new("dev", "app");
        let mut conflicts = self.conflicts.lock().unwrap();
        if *conflicts > 0 {
            *conflicts -= 1;
            stream.metadata.resource_version = Some(conflicts.to_string());
            *self.stream.lock().unwrap() = Some(stream);
            let reason = "Conflict".to_owned();
            return Err(Error::Status(Box::new(Status { reason, ..Status::default() })));
        }
        let mut answer = import.clone();
        let status = self.found.clone();
        answer.status.repository =
            Some(RepositoryImportStatus { status, ..RepositoryImportStatus::default() });
        answer.status.import = Some(stream);
        Ok(answer)
    }

    async fn set_repository(&self, _: &StreamName, repository: &str) -> Result<ImageStream> {
        self.note(format!("remember {repository}"));
        if repository.contains("forbidden") {
            let reason = "Forbidden".to_owned();
            return Err(Error::Status(Box::new(Status { reason, ..Status::default() })));
        }
        let mut stream = ImageStream::new("dev", "app");
        stream.spec.docker_image_repository = repository.to_owned();
        Ok(stream)
    }

    async fn list(&self, _: Option<&Namespace>) -> Result<Listing> {
        unreachable!()
    }
    async fn set_tag(&self, _: &StreamTag, _: &SpecTag, _: Option<&str>) -> Result<ImageStream> {
        unreachable!()
    }
    async fn delete_tag(&self, _: &StreamTag) -> Result<()> {
        unreachable!()
    }
    async fn delete(&self, _: &StreamName) -> Result<()> {
        unreachable!()
    }
    async fn replace_status(&self, _: &ImageStream) -> Result<()> {
        unreachable!()
    }
    async fn image(&self, _: &str) -> Result<Option<Image>> {
        unreachable!()
    }
    async fn images(&self) -> Result<Vec<String>> {
        unreachable!()
    }
    async fn delete_images(&self, _: &[String]) -> Result<Vec<String>> {
        unreachable!()
    }
}

fn name() -> StreamName {
    StreamName::new("dev".parse().unwrap(), "app").unwrap()
}

fn all() -> ImportOptions {
    let from = Some("quay.io/a/b".to_owned());
    ImportOptions { from, confirm: true, ..ImportOptions::new(Scope::All) }
}

#[tokio::test]
async fn a_repository_is_remembered_and_told_in_the_answer() {
    let place = Place::new(0, Status::success());
    let answer = import(&place, &name(), &all()).await.unwrap().answer;
    let stream = answer.status.import.unwrap();
    assert_eq!(stream.spec.docker_image_repository, "quay.io/a/b");
    assert_eq!(*place.asked.lock().unwrap(), ["get", "import ", "remember quay.io/a/b"]);
}

#[tokio::test]
async fn a_repository_that_was_not_found_is_not_remembered() {
    let failure = Status { status: "Failure".to_owned(), ..Status::default() };
    let place = Place::new(0, failure);
    let done = import(&place, &name(), &all()).await.unwrap();
    assert_eq!(done.import.remember.as_deref(), Some("quay.io/a/b"));
    assert_eq!(done.answer.status.import.unwrap().spec.docker_image_repository, "");
    assert_eq!(*place.asked.lock().unwrap(), ["get", "import "]);
}

#[tokio::test]
async fn what_was_imported_is_told_though_the_repository_cannot_be_remembered() {
    let place = Place::new(0, Status::success());
    let options = ImportOptions { from: Some("quay.io/forbidden/b".to_owned()), ..all() };
    let done = import(&place, &name(), &options).await.unwrap();
    assert!(matches!(done.unremembered, Some(Error::Status(_))), "{:?}", done.unremembered);
    assert!(done.answer.status.import.is_some());
}

#[tokio::test]
async fn an_import_is_begun_anew_with_what_somebody_else_made() {
    let place = Place::new(2, Status::success());
    import(&place, &name(), &all()).await.unwrap();
    let asked = ["get", "import ", "get", "import 1", "get", "import 0", "remember quay.io/a/b"];
    assert_eq!(*place.asked.lock().unwrap(), asked);

    let busy = Place::new(usize::MAX, Status::success());
    let refused = import(&busy, &name(), &all()).await.unwrap_err();
    assert!(matches!(refused, ImportError::Streams(Error::Status(_))), "{refused:?}");
    assert_eq!(busy.asked.lock().unwrap().len(), 10);
}

#[tokio::test]
async fn what_does_not_fit_asks_nothing() {
    let place = Place::new(0, Status::success());
    let options = ImportOptions { confirm: false, ..all() };
    let refused = import(&place, &name(), &options).await.unwrap_err();
    assert!(matches!(refused, ImportError::Request(RequestError::NoStream(_))), "{refused:?}");
    assert_eq!(*place.asked.lock().unwrap(), ["get"]);
}
