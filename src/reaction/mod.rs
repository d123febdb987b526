//! Reactions: what follows when a tag of a stream moves.
//!
//! A [`Change`] is one tag and what it pointed to before and now; [`changes`] finds them between two states of a
//! stream. Told of them are a [`Command`] of the person's, a [`Webhook`], and the later steps of a CI job ([`output`]).
//! [`triggers`] brings manifests on disk up to date with streams, as a cluster does with its deployments; it looks at
//! all that the manifests ask for and not at the changes of a run, so that a run which was killed is made up for.

mod change;
mod command;
pub mod output;
mod pull_spec;
mod react;
pub mod triggers;
mod webhook;

pub use change::{Change, TaggedImage, changes};
pub use command::{Command, CommandError, Output, kill_commands};
pub use pull_spec::pull_spec;
pub use react::{Failure, Outcome, Reactions, Via};
pub use webhook::{SecretError, Webhook, WebhookError, read_secret};
