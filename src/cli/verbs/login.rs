//! `login`.

use anyhow::bail;
use longshore::auth::{Credential, Helpers, LoginStore, Lookup};
use longshore::config::{AuthFiles, Connection};
use longshore::http::Proof;
use longshore::ops::{self, LoginOptions, LoginTarget, Place};
use serde_json::json;

use super::ends::credential;
use crate::cli::Context;
use crate::cli::args::{Format, Login, LoginArgs, LoginRequest, UsageError};
use crate::cli::exit::Exit;

/// Nobody is logged in.
#[derive(Debug, thiserror::Error)]
#[error("nobody is logged in to {0}")]
pub(crate) struct NotLoggedIn(pub(crate) LoginTarget);

/// What is to be done, with everything known that it takes.
pub(super) enum Job {
    Show { target: LoginTarget, lookup: Lookup },
    Keep { options: LoginOptions, store: LoginStore },
}

/// Asks for what the arguments leave open.
pub(super) fn prepare(mut args: LoginArgs, context: &Context) -> anyhow::Result<Job> {
    let request = args.request()?;
    let target = target(args.registry.as_deref(), context)?;
    let files = AuthFiles::find(&context.env, args.authfile.as_deref());
    let credential = match request {
        LoginRequest::Show => {
            return Ok(Job::Show { target, lookup: Lookup::new(files, helpers(context)) });
        }
        LoginRequest::Token => Credential::IdentityToken(context.input.secret("token")?),
        LoginRequest::Password(login) => credential(&login, &target.to_string(), context)?,
        LoginRequest::Ask => {
            let username = context.input.ask(&format!("User name for {target}: "))?;
            credential(&Login::Prompt { username }, &target.to_string(), context)?
        }
    };
    let connection = args.connection.resolve();
    let prove = args
        .verify
        .then(|| Connection::load(&connection, &target.registry, &context.env))
        .transpose()?;
    let place = if args.keyring { Place::Keyring } else { Place::File };
    let options = LoginOptions { target, credential, place, prove };
    Ok(Job::Keep { options, store: store(&files, context)? })
}

pub(super) async fn run(job: Job, context: &Context) -> anyhow::Result<Exit> {
    match job {
        Job::Show { target, lookup } => show(target, &lookup, context).await,
        Job::Keep { options, store } => keep(options, &store, context).await,
    }
}

async fn show(target: LoginTarget, lookup: &Lookup, context: &Context) -> anyhow::Result<Exit> {
    let Some(found) = lookup.find(&target.registry, &target.path).await? else {
        bail!(NotLoggedIn(target));
    };
    let username = username(&found.credential);
    match context.output.format() {
        Format::Text => context.output.line(username)?,
        Format::Json => context.output.json(&json!({
            "registry": target.to_string(),
            "username": username,
            "keptIn": found.origin.to_string(),
        }))?,
    }
    Ok(Exit::Done)
}

async fn keep(
    options: LoginOptions,
    store: &LoginStore,
    context: &Context,
) -> anyhow::Result<Exit> {
    let (target, username) = (options.target.to_string(), username(&options.credential).to_owned());
    let report = ops::login(options, store).await?;
    if let Some(reason) = &report.no_keyring {
        tracing::warn!("{reason}: the login is kept in the file instead");
    }
    if report.proof == Some(Proof::NotAsked) {
        tracing::warn!("{target} lets everybody in: it did not look at the login");
    }
    let kept = report.kept.to_string();
    match context.output.format() {
        Format::Text => context
            .output
            .line(format_args!("logged in to {target} as {username}; kept in {kept}"))?,
        Format::Json => context.output.json(&json!({
            "registry": target,
            "username": username,
            "keptIn": kept,
            "proven": report.proof == Some(Proof::Taken),
        }))?,
    }
    Ok(Exit::Done)
}

/// The user name of a credential; tokens have none, and are called as docker calls them.
fn username(credential: &Credential) -> &str {
    match credential {
        Credential::Basic { username, .. } => username,
        Credential::IdentityToken(_) | Credential::RegistryToken(_) => "<token>",
    }
}

/// What the login is for: as given, or the first search registry.
pub(super) fn target(given: Option<&str>, context: &Context) -> anyhow::Result<LoginTarget> {
    let text = match given {
        Some(text) => text,
        None => context.registries()?.first_search_registry().ok_or_else(|| {
            UsageError("name a registry: registries.conf has no search registry".into())
        })?,
    };
    let refused = |error| UsageError(format!("'{text}' is not a registry: {error}"));
    Ok(text.parse().map_err(refused)?)
}

pub(super) fn helpers(context: &Context) -> Helpers {
    Helpers::new(context.env.var("PATH").map(ToOwned::to_owned))
}

/// Where logins are kept: the file that is looked into first.
pub(super) fn store(files: &AuthFiles, context: &Context) -> anyhow::Result<LoginStore> {
    let Some(file) = files.first() else {
        bail!(UsageError("no home folder: name a file by --authfile".into()));
    };
    Ok(LoginStore::new(file.to_owned(), helpers(context)))
}
