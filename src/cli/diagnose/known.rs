//! What is known of each type of error: an exit code, and what to do about it.

use std::error::Error;
use std::io;
use std::sync::Arc;

use longshore::auth::{self, KeyringError};
use longshore::config;
use longshore::http;
use longshore::mirror::delete::StockError;
use longshore::mirror::file::FileError;
use longshore::mirror::plan::LockError;
use longshore::mirror::release::ReleaseError;
use longshore::mirror::set::SetError;
use longshore::mirror::{ListError, MappingError};
use longshore::model::ErrorCode;
use longshore::ops::{
    AddressError, CollectError, DeleteError, ImportError, InspectError, LockFileError, LoginError,
    NoDataHome, NoStreamsHome, PullThroughError, SiteError, UpdateGraphError,
};
use longshore::reaction::{SecretError, triggers};
use longshore::registry;
use longshore::server::{HtpasswdError, StartError, TlsError};
use longshore::session;
use longshore::shard::ShardError;
use longshore::store;
use longshore::store::bundle::{BundleError, KeyError, ReceiptError};
use longshore::transfer::ResolveError;

use super::{imagestreams, reactions, tag_sync};
use crate::cli::args::UsageError;
use crate::cli::exit::Exit;
use crate::cli::verbs::login::NotLoggedIn;
use crate::cli::verbs::report::ReportError;

/// What the type of an error tells.
pub(super) struct Finding {
    pub(super) exit: Exit,
    pub(super) hint: Option<String>,
    /// All that is wrong, where the message tells only how much.
    pub(super) details: Vec<String>,
}

impl Finding {
    pub(super) fn of(exit: Exit) -> Self {
        Self { exit, hint: None, details: Vec::new() }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn details(self, details: &[String]) -> Self {
        Self { details: details.to_vec(), ..self }
    }
}

/// Tells what it knows of an error if that is of its type.
type Expert = fn(&(dyn Error + 'static)) -> Option<Finding>;

const EXPERTS: &[Expert] = &[
    tag_sync::recognise,
    |error| error.downcast_ref().map(of_lock_file),
    imagestreams::recognise,
    reactions::recognise,
    |error| error.downcast_ref().and_then(of_login),
    |error| is_usage(error).then(|| Finding::of(Exit::Usage)),
    |error| error.downcast_ref().map(of_set),
    |error| error.downcast_ref().map(of_mirror_file),
    |error| error.downcast_ref().and_then(of_collecting),
    |error| error.downcast_ref().and_then(of_update_graph),
    |error| error.downcast_ref::<Box<ReleaseError>>().and_then(|error| of_release(error)),
    |error| error.downcast_ref().map(of_nobody),
    |error| error.downcast_ref().and_then(of_inspect),
    |error| error.downcast_ref().and_then(of_import),
    |error| error.downcast_ref().and_then(of_site),
    |error| error.downcast_ref().and_then(of_deletion),
    |error| error.downcast_ref().and_then(of_registry),
    |error| error.downcast_ref().and_then(of_resolve),
    |error| error.downcast_ref::<Arc<ResolveError>>().and_then(|error| of_resolve(error)),
    |error| error.downcast_ref().and_then(of_store),
    |error| error.downcast_ref().and_then(of_session),
    |error| error.downcast_ref().and_then(of_http),
    |error| error.downcast_ref().map(of_auth),
    |error| error.downcast_ref().map(of_config),
    |error| error.downcast_ref().map(of_io),
    |error| is_local(error).then(|| Finding::of(Exit::Local)),
];

/// What is known of one error of a chain; `None` leaves the word to its cause.
pub(super) fn recognise(error: &(dyn Error + 'static)) -> Option<Finding> {
    EXPERTS.iter().find_map(|expert| expert(error))
}

fn of_nobody(NotLoggedIn(target): &NotLoggedIn) -> Finding {
    Finding::of(Exit::Denied).hint(format!("log in: longshore login {target}"))
}

fn of_set(error: &SetError) -> Finding {
    let finding = Finding::of(Exit::Usage);
    match error {
        SetError::Document { source, .. } if !source.snippet().is_empty() => {
            finding.hint(format!("the line reads: {}", source.snippet()))
        }
        SetError::Channel { .. } => Finding::of(Exit::NotFound),
        _ => finding,
    }
}

fn of_mirror_file(error: &FileError) -> Finding {
    let finding = Finding::of(Exit::Usage);
    match error {
        FileError::Document { source, .. } if !source.snippet().is_empty() => {
            finding.hint(format!("the line reads: {}", source.snippet()))
        }
        FileError::Unreadable { .. } => Finding::of(Exit::Local),
        _ => finding,
    }
}

/// The rest of a collection's errors is known by itself, or by its cause.
fn of_collecting(error: &CollectError) -> Option<Finding> {
    match error {
        CollectError::Architecture { .. } => Some(Finding::of(Exit::Verification)),
        CollectError::Set(error) => Some(of_set(error)),
        CollectError::Graph(error) => of_update_graph(error),
        CollectError::Release { .. } => None,
    }
}

fn of_update_graph(error: &UpdateGraphError) -> Option<Finding> {
    use UpdateGraphError as E;
    match error {
        E::Service { source, .. } => of_http(source).map(|finding| {
            finding.hint(
                "check the address of the service, the network and the proxy settings, or give a file with its \
                 answer: --update-graph FILE",
            )
        }),
        E::Status { .. } => Some(
            Finding::of(Exit::Network).hint("name another service, or a file, with --update-graph"),
        ),
        E::File(..) | E::TooLarge(_) => Some(Finding::of(Exit::Local)),
        E::Graph { .. } => Some(Finding::of(Exit::Verification)),
    }
}

fn of_release(error: &ReleaseError) -> Option<Finding> {
    match error {
        ReleaseError::Store(error) => of_store(error),
        _ => Some(Finding::of(Exit::Verification)),
    }
}

fn of_login(error: &LoginError) -> Option<Finding> {
    match error {
        LoginError::Unproven { source: http::Error::Unauthorized { .. }, .. } => {
            Some(Finding::of(Exit::Denied).hint("check the user name and the password"))
        }
        _ => None,
    }
}

fn of_inspect(error: &InspectError) -> Option<Finding> {
    match error {
        InspectError::Resolve(error) => of_resolve(error),
        InspectError::NoConfig(_) => Some(Finding::of(Exit::NotFound)),
    }
}

fn of_import(error: &ImportError) -> Option<Finding> {
    match error {
        ImportError::Store(error) => of_store(error),
        ImportError::Name { .. } => Some(Finding::of(Exit::Usage)),
        ImportError::Lacking { root, blobs, .. } => Some(
            Finding::of(Exit::NotFound)
                .hint(format!(
                    "make the bundle anew with a receipt of now, written by 'longshore inventory {root}'"
                ))
                .details(blobs),
        ),
    }
}

fn of_bundle(error: &BundleError) -> Finding {
    use BundleError as E;
    match error {
        E::Unfinished { .. } => Finding::of(Exit::Local)
            .hint("run the command that writes it again: it goes on from where it was"),
        E::Damaged { problems, .. } => Finding::of(Exit::Verification)
            .hint("copy the bundle again from where it was made; nothing was written")
            .details(problems),
        E::File { .. } => Finding::of(Exit::Verification),
        E::Lacks { .. } => Finding::of(Exit::Local)
            .hint("give the same --have or --since again, or bring that image anew"),
        E::Signature { .. } => Finding::of(Exit::Verification),
        E::Split { .. } => Finding::of(Exit::Local).hint(
            "leave out --split (or archiveSize) to go on as it is, or write to another folder",
        ),
        E::Busy { .. } => Finding::of(Exit::Local),
    }
}

fn of_site(error: &SiteError) -> Option<Finding> {
    match error {
        SiteError::Store(error) => of_store(error),
        SiteError::Unlike { .. } | SiteError::NotListed(_) => Some(Finding::of(Exit::Usage)),
    }
}

fn of_deletion(error: &DeleteError) -> Option<Finding> {
    match error {
        DeleteError::Stock { source, .. } => match source.as_ref() {
            StockError::Store(error) => of_store(error),
            StockError::TooLarge(_) => Some(Finding::of(Exit::Verification)),
        },
        DeleteError::Store(error) => of_store(error),
        DeleteError::Absent(_) => Some(Finding::of(Exit::NotFound)),
        DeleteError::TooMany { count, .. } => Some(
            Finding::of(Exit::Usage)
                .hint(format!("if all of it is meant to go, give --max-delete {count}")),
        ),
    }
}

fn of_registry(error: &registry::Error) -> Option<Finding> {
    match error {
        registry::Error::NoDeletion { .. } => Some(Finding::of(Exit::Failed).hint(
            "deletion has to be allowed there: docker-registry by REGISTRY_STORAGE_DELETE_ENABLED=true, longshore \
             serve without --read-only",
        )),
        _ => None,
    }
}

fn of_resolve(error: &ResolveError) -> Option<Finding> {
    match error {
        ResolveError::Absent(error) | ResolveError::Store(error) => of_store(error),
        ResolveError::Platform { .. } => Some(Finding::of(Exit::NotFound)),
        ResolveError::Reduce { .. } | ResolveError::TooLarge { .. } => {
            Some(Finding::of(Exit::Verification))
        }
    }
}

fn of_store(error: &store::Error) -> Option<Finding> {
    use store::Error as E;
    let exit = match error {
        E::NotFound { place, source: Some(source), .. } if has_repository(source.as_ref()) => {
            return Some(
                Finding::of(Exit::NotFound)
                    .hint(format!("'longshore tags {place}' lists what is there")),
            );
        }
        E::NotFound { .. } | E::Missing { .. } => Exit::NotFound,
        E::Digest { .. } | E::Size { .. } | E::Manifest { .. } => Exit::Verification,
        E::Name { .. } | E::Several { .. } | E::Unsupported { .. } => Exit::Usage,
        E::Bundle(error) => return Some(of_bundle(error)),
        E::Irremovable(cause)
        | E::Backend(cause)
        | E::Unauthorized(cause)
        | E::Untrusted(cause)
        | E::Blocked(cause) => {
            return recognise(cause.as_ref());
        }
        E::Io { source, .. } => return Some(of_io(source)),
        _ => Exit::Local,
    };
    Some(Finding::of(exit))
}

fn of_io(error: &io::Error) -> Finding {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let finding = Finding::of(Exit::Local);
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => {
            finding.hint("make room, then run the same again: what is whole by now is kept")
        }
        _ => finding,
    }
}

/// Whether it is a registry that says so, and not because it has no such repository at all.
fn has_repository(error: &(dyn Error + 'static)) -> bool {
    error
        .downcast_ref::<http::Error>()
        .and_then(http::Error::wire_errors)
        .is_some_and(|errors| !errors.has(ErrorCode::NAME_UNKNOWN))
}

fn of_session(error: &session::Error) -> Option<Finding> {
    match error {
        session::Error::Config(error) => Some(of_config(error)),
        session::Error::Http(error) => of_http(error),
    }
}

fn of_http(error: &http::Error) -> Option<Finding> {
    use http::Error as E;
    Some(match error {
        E::Unauthorized { registry, had_credential: false, .. }
        | E::NoPermission { registry, had_credential: false, .. } => {
            Finding::of(Exit::Denied).hint(format!("log in first: longshore login {registry}"))
        }
        E::Unauthorized { registry, .. } => Finding::of(Exit::Denied)
            .hint(format!("log in again: longshore login {registry}")),
        E::NoPermission { registry, .. } => Finding::of(Exit::Denied).hint(format!(
            "'longshore login --get-login {registry}' shows whose login is used; its owner may lack the permission"
        )),
        E::Certificate { .. } => Finding::of(Exit::Network)
            .hint("trust its authority by --ca-file or certs.d, or go without proof by --insecure"),
        E::PlainHttp { .. } => {
            Finding::of(Exit::Network).hint(
            "if that is meant to be so, give --plain-http, or --src-plain-http or --dest-plain-http to mirror",
        )
        }
        E::Connect { .. } => Finding::of(Exit::Network)
            .hint("check the name of the registry, the network, and the proxy settings"),
        E::Tls { .. } => Finding::of(Exit::Network),
        E::Stalled { .. } | E::TooSlow { .. } | E::Broken { .. } | E::BrokenBody { .. } => Finding::of(Exit::Network)
            .hint("run it again: what is there already is not copied again"),
        E::Quota { registry, .. } => Finding::of(Exit::Network).hint(format!(
            "run it again later, or with a login of your own: longshore login {registry}"
        )),
        E::Setup { .. } => Finding::of(Exit::Local),
        E::Keychain(error) => of_auth(error),
        E::Source { .. } | E::Token { .. } => return None,
        E::Status { errors, .. } if errors.has(ErrorCode::MANIFEST_BLOB_UNKNOWN) => {
            Finding::of(Exit::Failed).hint(
                "the registry wants all that a manifest names: it takes no index without its images",
            )
        }
        E::Status { status, url, errors, .. }
            if status.as_u16() == 400 && url.is_plain_http() && errors.errors.is_empty() =>
        {
            Finding::of(Exit::Failed).hint("if it speaks HTTPS, leave out --plain-http")
        }
        other if other.is_denied() => Finding::of(Exit::Denied),
        other if other.is_transient() => Finding::of(Exit::Network),
        _ => Finding::of(Exit::Failed),
    })
}

fn of_auth(error: &auth::Error) -> Finding {
    use auth::Error as E;
    let local = Finding::of(Exit::Local);
    match error {
        E::Keyring(KeyringError::Absent(_) | KeyringError::NotBuilt) => {
            local.hint("leave out --keyring to keep the login in the auth file")
        }
        E::Keyring(_) => local.hint("unlock the keyring, or leave out --keyring"),
        E::ReadOnly { .. } => local.hint("name another file by --authfile"),
        _ => local,
    }
}

fn of_config(error: &config::Error) -> Finding {
    use config::Error as E;
    match error {
        E::Blocked { .. } => Finding::of(Exit::Denied),
        E::NoRegistry(name) => {
            Finding::of(Exit::Usage).hint(format!("write it with its registry: REGISTRY/{name}"))
        }
        E::Ambiguous { .. } => Finding::of(Exit::Usage),
        _ => Finding::of(Exit::Local),
    }
}

/// Files of plans.
fn of_lock_file(error: &LockFileError) -> Finding {
    match error {
        LockFileError::Lock(LockError::Version { .. }) => {
            Finding::of(Exit::Usage).hint("make it anew with --plan")
        }
        LockFileError::NotAPlan(_) => {
            Finding::of(Exit::Usage).hint("name a file for the plan alone")
        }
        LockFileError::Lock(_) => Finding::of(Exit::Usage),
        _ => Finding::of(Exit::Local),
    }
}

/// Whether it is about what was typed and nothing else.
fn is_usage(error: &(dyn Error + 'static)) -> bool {
    error.is::<UsageError>()
        || error.is::<MappingError>()
        || error.is::<ListError>()
        || error.is::<NoDataHome>()
        || error.is::<NoStreamsHome>()
        || error.is::<PullThroughError>()
        || error.is::<AddressError>()
        || error.is::<ShardError>()
        || error.is::<ReportError>()
}

/// Whether it is about files of this machine and nothing else.
fn is_local(error: &(dyn Error + 'static)) -> bool {
    error.is::<StartError>()
        || error.is::<TlsError>()
        || error.is::<HtpasswdError>()
        || error.is::<SecretError>()
        || matches!(error.downcast_ref(), Some(e) if !matches!(e, triggers::Error::Stream { .. }))
        || error.is::<ReceiptError>()
        || error.is::<KeyError>()
}
