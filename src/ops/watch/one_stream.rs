//! One stream is imported, and whoever wants to know is told what has moved.

use std::collections::BTreeMap;

use crate::imagestream::api::{ImageImportSpec, ImageStreamImport, Status};
use crate::imagestream::{self, Error, ImageStream, StreamName};
use crate::model::one_line;
use crate::reaction::changes;

use super::pace::Turn;
use super::{Event, Refresher, chain};

/// How often an import is begun anew because its stream was changed by somebody else in the meantime.
const ATTEMPTS: usize = 5;

/// What is wrong with each tag, or with the whole.
pub(super) type Problems = BTreeMap<Option<String>, String>;

impl Refresher<'_> {
    /// Imports a stream, unless it is gone or nothing is asked of it any more. The turn at its registries ends with the
    /// import.
    pub(super) async fn refresh_one(&self, name: &StreamName, turn: Turn) {
        let imported = self.import(name).await;
        drop(turn);
        let (moved, problems) = match imported {
            Ok(Some((before, answer))) => {
                let after = answer.status.import.as_ref();
                let moved = after.map(|after| changes(Some(&before), after)).unwrap_or_default();
                (moved, problems(&answer))
            }
            Ok(None) => (Vec::new(), Problems::new()),
            Err(error) => (Vec::new(), Problems::from([(None, chain(&error))])),
        };
        (self.tell)(Event::Imported(name.clone()));
        self.report(Some(name), problems);
        if moved.is_empty() {
            return;
        }
        for change in &moved {
            (self.tell)(Event::Moved(change.clone()));
        }
        let told = async {
            for outcome in self.refresh.reactions.tell(&moved).await {
                (self.tell)(Event::Told(outcome));
            }
        };
        tokio::join!(told, self.apply_triggers());
    }

    /// The stream before the import, and what came of it. When somebody else changes the stream in the meantime, it
    /// begins anew with what it is then.
    async fn import(
        &self,
        name: &StreamName,
    ) -> imagestream::Result<Option<(ImageStream, ImageStreamImport)>> {
        let streams = self.refresh.streams.as_ref();
        let mut attempt = 1;
        loop {
            // As it is now: others may have changed it since it was listed, and have told of it.
            let Some(before) = streams.get(name).await? else { return Ok(None) };
            let Some(import) = (self.refresh.ask)(name, &before) else { return Ok(None) };
            match streams.import(&import).await {
                Ok(answer) => return Ok(Some((before, answer))),
                Err(Error::Status(status)) if status.reason == "Conflict" && attempt < ATTEMPTS => {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// What went wrong with each tag. That some tags of a repository failed says nothing that the tags do not say.
fn problems(answer: &ImageStreamImport) -> Problems {
    let asked = answer.spec.images.iter().map(tag_of).chain(std::iter::repeat_with(|| None));
    let images = answer.status.images.iter().zip(asked).map(|(image, tag)| (tag, &image.status));
    let listed = answer.status.repository.iter().flat_map(|repository| &repository.images);
    let listed = listed.map(|image| (Some(image.tag.clone()), &image.status));
    let mut found: Problems = images
        .chain(listed)
        .filter(|(_, status)| status.is_failure())
        .map(|(tag, status)| (tag, message(status)))
        .collect();
    let repository = answer.status.repository.as_ref().map(|repository| &repository.status);
    if let Some(status) = repository.filter(|status| status.is_failure())
        && found.is_empty()
    {
        found.insert(None, message(status));
    }
    found
}

fn tag_of(image: &ImageImportSpec) -> Option<String> {
    image.to.as_ref().map(|to| to.name.clone())
}

fn message(status: &Status) -> String {
    one_line(&status.message, 1000)
}
