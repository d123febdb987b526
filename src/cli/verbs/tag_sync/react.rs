//! What follows when a tag of a target moves.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use longshore::imagestream::api::Time;
use longshore::model::{Digest, Endpoint};
use longshore::ops::tag_sync::{Synced, SyncedImage};
use longshore::reaction::{Change, Command, Reactions, TaggedImage};
use longshore::tagsync::{OnChange, Rule};

use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::interrupt::{GOES_ON, until_stopped};
use crate::cli::verbs::reacting::{hook, told, untold};

/// How long a command may take when nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// What a run that is stopped owes to those who are told of changes.
const LOST: &str =
    "note: of tags that had moved before the run was stopped, on-change is not told any more";

/// Who is told of the changes of each rule.
#[derive(Clone)]
pub(super) struct Reacting(Vec<Option<Arc<Reactions>>>);

impl Reacting {
    /// Reads keys, so that nothing is missing when a tag has moved.
    pub(super) fn prepare(rules: &[Rule], context: &Context) -> anyhow::Result<Self> {
        let of_rule = |rule: &Rule| {
            rule.on_change.as_ref().map(|told| reactions(told, context).map(Arc::new)).transpose()
        };
        rules.iter().map(of_rule).collect::<anyhow::Result<_>>().map(Self)
    }

    /// Tells all that has moved. Returns the exits of what failed.
    pub(super) async fn react(&self, synced: &Synced, context: &Context) -> Vec<Exit> {
        let mut failed = Vec::new();
        for (number, reactions) in self.0.iter().enumerate() {
            let Some(reactions) = reactions else { continue };
            let moved = synced.images.iter().filter(|image| image.rule == number);
            let changes: Vec<Change> = moved.filter_map(change).collect();
            let outcomes: Vec<_> = reactions.tell(&changes).collect().await;
            failed.extend(outcomes.into_iter().filter_map(|outcome| told(outcome, context)));
        }
        failed
    }

    /// Tells what was stopped; the exit of each.
    pub(super) fn untold(&self, context: &Context) -> Vec<Exit> {
        self.0.iter().flatten().flat_map(|reactions| untold(reactions, context)).collect()
    }

    /// Does `work`, which tells these, to its end or to the first signal.
    pub(super) async fn stoppable(
        self,
        work: impl Future<Output = anyhow::Result<Exit>>,
        context: &Context,
    ) -> anyhow::Result<Exit> {
        let last_words = || {
            if self.0.iter().any(Option::is_some) {
                context.console.lines([LOST.to_owned()]);
            }
            if self.untold(context).is_empty() {
                context.console.lines([GOES_ON.to_owned()]);
            }
        };
        until_stopped(work, last_words).await
    }
}

fn reactions(told: &OnChange, context: &Context) -> anyhow::Result<Reactions> {
    let OnChange { command, timeout, url, secret_file } = told;
    let timeout = timeout.unwrap_or(TIMEOUT);
    let command = command.clone().map(|script| Command::new(script, timeout));
    let webhook = url.as_ref().map(|url| hook(url, secret_file.clone(), context)).transpose()?;
    Ok(Reactions::new(command, webhook))
}

/// A tag that has moved, told as that of a stream is: the repository is the stream, what is before it the namespace.
fn change(image: &SyncedImage) -> Option<Change> {
    if !image.has_moved() {
        return None;
    }
    let place = image.target.without_name();
    let name = place.to_string();
    let (namespace, stream) = name.rsplit_once('/').unwrap_or(("", &name));
    let tagged = |digest: &Digest| TaggedImage {
        digest: digest.to_string(),
        reference: reference(&place, digest),
    };
    Some(Change {
        namespace: namespace.to_owned(),
        stream: stream.to_owned(),
        tag: image.target.name()?.to_string(),
        time: Time::new(Timestamp::now()),
        old: image.before.as_ref().map(tagged),
        new: tagged(&image.result.as_ref().ok()?.digest),
    })
}

fn reference(place: &Endpoint, digest: &Digest) -> String {
    format!("{place}@{digest}")
}
