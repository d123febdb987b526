//! One stream is imported, and whoever wants to know is told what has moved.

use std::collections::BTreeMap;
use std::future::ready;

use futures_util::StreamExt as _;

use crate::imagestream::api::{ImageStreamImport, Status};
use crate::imagestream::describe::outcomes;
use crate::imagestream::requests::ATTEMPTS;
use crate::imagestream::{self, ImageStream, StreamName};
use crate::model::one_line;
use crate::reaction::changes;

use super::pace::Turn;
use super::{Event, Problem, Refresher, chain};

/// What is wrong with each tag, or with the whole.
pub(super) type Problems = BTreeMap<Option<String>, Problem>;

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
                let problems = problems(&answer);
                (self.tell)(Event::Imported(name.clone(), Box::new(answer)));
                (moved, problems)
            }
            Ok(None) => (Vec::new(), Problems::new()),
            Err(error) => (Vec::new(), Problems::from([(None, Problem::of(&error))])),
        };
        self.report(Some(name), problems);
        if moved.is_empty() {
            return;
        }
        for change in &moved {
            (self.tell)(Event::Moved(change.clone()));
        }
        let outcomes = self.refresh.reactions.tell(&moved);
        let told = outcomes.for_each(|outcome| {
            (self.tell)(Event::Told(outcome));
            ready(())
        });
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
                Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Problem {
    pub(super) fn of(error: &dyn std::error::Error) -> Self {
        Self { message: chain(error), missed: None }
    }

    fn missed(from: &str, status: &Status) -> Self {
        let missed = Some((from.to_owned(), status.clone()));
        Self { message: one_line(&status.message, 1000), missed }
    }
}

/// What went wrong with each tag. That some tags of a repository failed says nothing that the tags do not say.
fn problems(answer: &ImageStreamImport) -> Problems {
    let failed = outcomes(answer).filter(|outcome| outcome.status.status.is_failure());
    let tags = failed.map(|outcome| {
        let tag = (!outcome.tag.is_empty()).then(|| outcome.tag.to_owned());
        (tag, Problem::missed(outcome.from, &outcome.status.status))
    });
    let repository = answer.spec.repository.iter().zip(&answer.status.repository);
    let unlisted = repository
        .filter(|(_, found)| found.status.is_failure() && found.images.is_empty())
        .map(|(asked, found)| (None, Problem::missed(&asked.from.name, &found.status)));
    tags.chain(unlisted).collect()
}
