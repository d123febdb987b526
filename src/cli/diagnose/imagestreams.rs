//! What is known of errors about image streams.

use std::error::Error;

use longshore::http;
use longshore::imagestream::requests::{ImportError, OptionError, RequestError, TargetError};
use longshore::imagestream::rollback::RollbackError;
use longshore::imagestream::tagging::TagError;
use longshore::imagestream::{self, NameError, files};
use longshore::kube;

use super::known::Finding;
use crate::cli::exit::Exit;
use crate::cli::verbs::advised::Advised;

/// What is known of an error, if it is about image streams.
pub(super) fn recognise(error: &(dyn Error + 'static)) -> Option<Finding> {
    if let Some(Advised { exit, hint, .. }) = error.downcast_ref() {
        return Some(Finding { hint: hint.clone(), ..Finding::of(*exit) });
    }
    let is_typed =
        error.is::<TargetError>() || error.is::<OptionError>() || error.is::<NameError>();
    if is_typed {
        return Some(Finding::of(Exit::Usage));
    }
    if let Some(error) = error.downcast_ref::<ImportError>() {
        return match error {
            ImportError::Request(error) => Some(of_request(error)),
            ImportError::Streams(error) => Some(of_place(error)),
        };
    }
    error
        .downcast_ref()
        .map(of_request)
        .or_else(|| error.downcast_ref().map(of_tag))
        .or_else(|| error.downcast_ref().map(of_rollback))
        .or_else(|| error.downcast_ref().map(of_place))
        .or_else(|| error.downcast_ref().map(of_cluster))
        .or_else(|| error.downcast_ref().map(of_files))
}

fn of_request(error: &RequestError) -> Finding {
    use RequestError as E;
    match error {
        E::NoStream(_) | E::NoSource(_) | E::NoTag(_) => Finding::of(Exit::NotFound),
        E::NoTags => Finding::of(Exit::NotFound)
            .hint("name a repository with --from, or set tags with 'longshore tag'"),
        E::NoRepository | E::OtherRepository(_) => Finding::of(Exit::Usage),
        E::NotOnRegistry { .. } => Finding::of(Exit::Usage)
            .hint("'longshore tag' lets it follow an image on a registry again"),
        E::OtherOrigin { tag, from, .. } | E::OtherOriginOfAlias { tag, from, .. } => {
            Finding::of(Exit::Usage)
                .hint(format!("to change it: longshore tag {from} STREAM:{tag}"))
        }
        E::Alias(_) | E::NoOrigin { .. } => Finding::of(Exit::Usage),
    }
}

fn of_tag(error: &TagError) -> Finding {
    match error {
        TagError::NoStream(_) | TagError::NoImage(_) => Finding::of(Exit::NotFound),
        _ => Finding::of(Exit::Usage),
    }
}

fn of_rollback(error: &RollbackError) -> Finding {
    use RollbackError as E;
    match error {
        E::TooShort(_) | E::Ambiguous { .. } => Finding::of(Exit::Usage),
        E::NoHistory(_) | E::NoPrevious(_) | E::NoImage { .. } => Finding::of(Exit::NotFound),
        E::NoIndex { .. } | E::NotInHistory { .. } => Finding::of(Exit::NotFound)
            .hint("'longshore stream history' lists what the tag has pointed to"),
    }
}

fn of_place(error: &imagestream::Error) -> Finding {
    use imagestream::Error as E;
    match error {
        E::NoStream(_) | E::NoTag(_) => Finding::of(Exit::NotFound),
        E::Status(status) => of_refusal(&status.reason, status.code),
        E::Name(_) => Finding::of(Exit::Usage),
        E::Files(error) => of_files(error),
        E::Cluster(error) => of_cluster(error),
    }
}

fn of_files(error: &files::Error) -> Finding {
    let finding = Finding::of(Exit::Local);
    match error {
        files::Error::Document { source, .. } if !source.snippet().is_empty() => {
            finding.hint(format!("the line reads: {}", source.snippet()))
        }
        files::Error::Two { .. } => finding.hint("keep one of them"),
        files::Error::NotAFolder(_) => finding.hint("name another folder with --store"),
        _ => finding,
    }
}

fn of_cluster(error: &kube::Error) -> Finding {
    use kube::Error as E;
    match error {
        E::Config(_) | E::Body(_) => Finding::of(Exit::Local),
        E::Login { .. } | E::Unauthorized { .. } => Finding::of(Exit::Denied),
        E::Refused(status) => of_refusal(&status.reason, status.code),
        E::Unreachable { source, .. } => of_way(source),
        E::Timeout { .. } => Finding::of(Exit::Network),
        E::NotApi { status: 500.., .. } => Finding::of(Exit::Network),
        E::NotServed { .. }
        | E::Redirect { .. }
        | E::NotApi { .. }
        | E::Answer { .. }
        | E::List { .. } => Finding::of(Exit::Failed),
    }
}

/// What was met on the way to a cluster.
fn of_way(error: &http::Error) -> Finding {
    use http::Error as E;
    match error {
        E::Setup { .. } => Finding::of(Exit::Local),
        E::Certificate { .. } => Finding::of(Exit::Network)
            .hint("the kubeconfig names whom to trust: certificate-authority, or -data"),
        E::Connect { .. } => Finding::of(Exit::Network)
            .hint("check the server of the context, the network, and the proxy settings"),
        _ => Finding::of(Exit::Network),
    }
}

/// The reasons of the API (apimachinery, `pkg/apis/meta/v1/types.go`).
fn of_refusal(reason: &str, code: u16) -> Finding {
    match reason {
        "NotFound" | "Gone" => Finding::of(Exit::NotFound),
        "Unauthorized" => Finding::of(Exit::Denied).hint("log in to the cluster again"),
        "Forbidden" => Finding::of(Exit::Denied),
        "Invalid" | "BadRequest" => Finding::of(Exit::Usage),
        "Conflict" => Finding::of(Exit::Failed).hint("somebody else changed it: run it again"),
        "Timeout" | "ServerTimeout" | "TooManyRequests" | "ServiceUnavailable" => {
            Finding::of(Exit::Network)
        }
        _ if code >= 500 => Finding::of(Exit::Network),
        _ => Finding::of(Exit::Failed),
    }
}
