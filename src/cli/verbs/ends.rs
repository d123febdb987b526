//! Opens the ends of a copy as the command line tells.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::bail;
use longshore::auth::Credential;
use longshore::config::Registries;
use longshore::http::Traffic;
use longshore::mirror::{Place, Root};
use longshore::model::{Endpoint, Registry};
use longshore::ops::Ends;
use longshore::session::{Session, SessionOptions, Trust};
use longshore::store::Open;

use crate::cli::Context;
use crate::cli::args::{Access, Copy, Login, UsageError};

/// Both ends of a copy. Passwords are asked for here.
pub(super) fn both(copy: &Copy, context: &Context) -> anyhow::Result<Ends> {
    let mappings = &copy.request.mappings;
    let sources = mappings.iter().map(|mapping| &mapping.source);
    let destinations = mappings.iter().flat_map(|mapping| &mapping.destinations);
    between(copy, Trust::Verified, sources, destinations, context)
}

/// Both ends of copies from `sources` to `destinations`. Passwords are asked for here.
pub(super) fn between<'a>(
    copy: &Copy,
    trust: Trust,
    sources: impl IntoIterator<Item = &'a Endpoint>,
    destinations: impl IntoIterator<Item = &'a Endpoint>,
    context: &Context,
) -> anyhow::Result<Ends> {
    let traffic = Arc::new(Traffic::new(copy.traffic.clone()));
    let (write, bundle) = (copy.write, copy.bundle.clone());
    let shared = SessionOptions { write, bundle, traffic, trust, ..SessionOptions::default() };
    Ok(Ends {
        source: open(&copy.source, sources, &shared, context)?,
        destination: open(&copy.destination, destinations, &shared, context)?,
    })
}

/// The one place that a verb looks at. A password is asked for here.
pub(super) fn one(
    access: &Access,
    place: &Endpoint,
    context: &Context,
) -> anyhow::Result<Arc<dyn Open>> {
    open(access, [place], &SessionOptions::default(), context)
}

/// Several places that a verb looks at. A password is asked for here.
pub(super) fn all(
    access: &Access,
    places: &[Root],
    context: &Context,
) -> anyhow::Result<Arc<dyn Open>> {
    let any = places.iter().map(Root::any).collect::<Result<Vec<Endpoint>, _>>()?;
    open(access, &any, &SessionOptions::default(), context)
}

fn open<'a>(
    access: &Access,
    places: impl IntoIterator<Item = &'a Endpoint>,
    shared: &SessionOptions,
    context: &Context,
) -> anyhow::Result<Arc<dyn Open>> {
    let given = given(&access.login, places, context)?;
    session(access, SessionOptions { given, ..shared.clone() }, context)
}

/// The login that the command line gives or points to, for the one registry among `places`. A password is asked for
/// here.
pub(super) fn given<'a>(
    login: &Login,
    places: impl IntoIterator<Item = &'a Endpoint>,
    context: &Context,
) -> anyhow::Result<Option<(Registry, Credential)>> {
    if *login == Login::Stored {
        return Ok(None);
    }
    given_for(login, registries_of(places, context.registries()?)?, context).map(Some)
}

fn given_for(
    login: &Login,
    registries: BTreeSet<Registry>,
    context: &Context,
) -> anyhow::Result<(Registry, Credential)> {
    let registry = only_one(registries)?;
    let credential = credential(login, registry.as_str(), context)?;
    Ok((registry, credential))
}

/// Opens mirrors, to look after them: a login is for the one registry that they are on.
pub(super) fn mirror(
    access: &Access,
    places: &[Place],
    shared: &SessionOptions,
    context: &Context,
) -> anyhow::Result<Arc<dyn Open>> {
    let given = given_among(access, places, context)?;
    session(access, SessionOptions { given, ..shared.clone() }, context)
}

/// The login that the command line gives or points to, for the one registry among `places`. A password is asked for
/// here.
pub(super) fn given_among(
    access: &Access,
    places: &[Place],
    context: &Context,
) -> anyhow::Result<Option<(Registry, Credential)>> {
    if access.login == Login::Stored {
        return Ok(None);
    }
    let mut registries = BTreeSet::new();
    for place in places {
        match place {
            Place::At(endpoint) => {
                registries.extend(registries_of([endpoint], context.registries()?)?);
            }
            Place::Below(namespace) => drop(registries.insert(namespace.registry.clone())),
        }
    }
    given_for(&access.login, registries, context).map(Some)
}

/// Opens whatever `access` reaches, and has for the rest what `shared` says.
pub(super) fn session(
    access: &Access,
    shared: SessionOptions,
    context: &Context,
) -> anyhow::Result<Arc<dyn Open>> {
    let options = SessionOptions {
        connection: access.connection.clone(),
        authfile: access.authfile.clone(),
        registries: Arc::clone(&access.registries),
        retry: access.retry,
        ..shared
    };
    let registries = context.registries()?.clone();
    Ok(Arc::new(Session::new(context.env.clone(), registries, options)))
}

/// All registries that `places` may be on.
fn registries_of<'a>(
    places: impl IntoIterator<Item = &'a Endpoint>,
    registries: &Registries,
) -> anyhow::Result<BTreeSet<Registry>> {
    let mut found = BTreeSet::new();
    for place in places {
        if let Endpoint::Registry(name) = place {
            let images = registries.candidates(name)?;
            found.extend(images.into_iter().map(|image| image.repository.registry().clone()));
        }
    }
    Ok(found)
}

/// The registry that a login from the command line is for: it goes to no other, so there must be just one.
fn only_one(mut registries: BTreeSet<Registry>) -> anyhow::Result<Registry> {
    match (registries.pop_first(), registries.len()) {
        (Some(registry), 0) => Ok(registry),
        (None, _) => bail!(UsageError("a login is given, but no registry to give it to".into())),
        (Some(_), _) => bail!(UsageError(
            "one login is given for several registries: log in to each before".into()
        )),
    }
}

/// The credential that the command line gives or points to.
pub(super) fn credential(
    login: &Login,
    place: &str,
    context: &Context,
) -> anyhow::Result<Credential> {
    let (username, password) = match login {
        Login::Stored => bail!(UsageError("no user name is given".into())),
        Login::Given { username, password } => {
            tracing::warn!(
                "others on this machine can see a password on the command line: give the user name alone, or log in before"
            );
            (username, password.clone())
        }
        Login::Stdin { username } => (username, context.input.secret("password")?),
        Login::Prompt { username } => {
            let prompt = format!("Password for {username} at {place}: ");
            (username, context.input.ask_password(&prompt)?)
        }
    };
    Ok(Credential::Basic { username: username.clone(), password })
}
