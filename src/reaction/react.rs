//! Whoever wants to know of changes is told.

use futures_util::{FutureExt, StreamExt, stream};

use super::{Change, Command, CommandError, Output, Webhook, WebhookError};

/// How many changes are told at once.
const PARALLEL: usize = 4;

/// Those who are told when a tag has moved.
#[derive(Default)]
pub struct Reactions {
    /// A command to run.
    pub command: Option<Command>,
    /// An address to post to.
    pub webhook: Option<Webhook>,
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
            Err(Failure::Command(error)) => error.output(),
            Err(Failure::Webhook(_)) => None,
        }
    }
}

impl Reactions {
    /// Tells all of them of all changes, several at once; the outcomes come in the order of the changes. One that fails
    /// does not stop the others. Dropping this kills what runs.
    pub async fn tell(&self, changes: &[Change]) -> Vec<Outcome> {
        let told: Vec<_> = changes.iter().map(|change| self.tell_of(change).boxed()).collect();
        stream::iter(told).buffered(PARALLEL).map(stream::iter).flatten().collect().await
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
        command.into_iter().chain(webhook).collect()
    }
}
