//! Whoever wants to know of changes is told.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::{FutureExt, Stream, StreamExt, stream};

use super::{Change, Command, CommandError, Output, Webhook, WebhookError};

/// How many changes are told at once.
const PARALLEL: usize = 4;

/// Those who are told when a tag has moved.
#[derive(Default)]
pub struct Reactions {
    command: Option<Command>,
    webhook: Option<Webhook>,
    /// The changes that not all of them have been told of.
    untold: Mutex<Vec<Change>>,
}

/// Who was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The command.
    Command,
    /// The webhook.
    Webhook,
}

/// How telling somebody of a change failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The webhook failed.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
}

/// What came of telling one of them of one change.
#[derive(Debug)]
pub struct Outcome {
    /// What they were told.
    pub change: Change,
    /// Who was told.
    pub via: Via,
    /// What the command wrote when it went well, or how it failed; a failure holds what was written before it.
    pub result: Result<Output, Failure>,
}

impl Outcome {
    /// What the command wrote, however it ended.
    #[must_use]
    pub fn output(&self) -> Option<&Output> {
        match &self.result {
            Ok(output) => Some(output),
            Err(failure) => failure.output(),
        }
    }
}

impl Failure {
    /// What a command wrote before it failed.
    #[must_use]
    pub fn output(&self) -> Option<&Output> {
        match self {
            Self::Command(error) => error.output(),
            Self::Webhook(_) => None,
        }
    }
}

impl Reactions {
    /// Those who are told: a command that is run, and an address that is posted to.
    #[must_use]
    pub fn new(command: Option<Command>, webhook: Option<Webhook>) -> Self {
        Self { command, webhook, untold: Mutex::default() }
    }

    /// Whether there is nobody to tell.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        self.command.is_none() && self.webhook.is_none()
    }

    /// Tells all of them of all changes, several at once; the outcomes come as they are there. One that fails does not
    /// stop the others. Dropping this kills what runs.
    pub fn tell<'a>(&'a self, changes: &'a [Change]) -> impl Stream<Item = Outcome> + Send + 'a {
        self.untold_now().extend_from_slice(changes);
        let told: Vec<_> = changes.iter().map(|change| self.tell_of(change).boxed()).collect();
        stream::iter(told).buffer_unordered(PARALLEL).map(stream::iter).flatten()
    }

    /// The changes that not all have been told of, because that was dropped before its end.
    #[must_use]
    pub fn untold(&self) -> Vec<Change> {
        self.untold_now().clone()
    }

    fn untold_now(&self) -> MutexGuard<'_, Vec<Change>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn tell_of(&self, change: &Change) -> Vec<Outcome> {
        let outcome = |via, result| Outcome { change: change.clone(), via, result };
        let command = async {
            let ran = self.command.as_ref()?.run(change).await;
            Some(outcome(Via::Command, ran.map_err(Failure::from)))
        };
        let webhook = async {
            let posted = self.webhook.as_ref()?.post(change).await;
            let result = posted.map(|()| Output::default()).map_err(Failure::from);
            Some(outcome(Via::Webhook, result))
        };
        let (command, webhook) = tokio::join!(command, webhook);
        let mut untold = self.untold_now();
        if let Some(index) = untold.iter().position(|other| other == change) {
            untold.swap_remove(index);
        }
        command.into_iter().chain(webhook).collect()
    }
}
