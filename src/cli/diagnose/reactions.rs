//! What is known of errors of those who are told that a tag has moved.

use std::error::Error;

use longshore::http::Error as E;
use longshore::reaction::{Failure, WebhookError};

use super::known::Finding;
use crate::cli::exit::Exit;

/// What is known of an error, if it is of a webhook.
pub(super) fn recognise(error: &(dyn Error + 'static)) -> Option<Finding> {
    match error.downcast_ref() {
        Some(Failure::Webhook(error)) => Some(of_webhook(error)),
        Some(Failure::Command(_)) => None,
        None => error.downcast_ref().map(of_webhook),
    }
}

fn of_webhook(error: &WebhookError) -> Finding {
    match error {
        WebhookError::Address => Finding::of(Exit::Usage),
        WebhookError::Setup { .. } => Finding::of(Exit::Local),
        WebhookError::Refused { source, .. } => of_refusal(source),
    }
}

/// It is no registry: what helps with those does not help here.
fn of_refusal(error: &E) -> Finding {
    match error {
        E::Connect { .. } => Finding::of(Exit::Network)
            .hint("check the host of the webhook, the network, and the proxy settings"),
        E::Certificate { .. } => {
            Finding::of(Exit::Network).hint("its authority has to be one that this system trusts")
        }
        E::PlainHttp { .. } => Finding::of(Exit::Network)
            .hint("if that is meant to be so, begin the address of the webhook with http://"),
        E::Tls { .. } => Finding::of(Exit::Network),
        E::Status { status, .. } => match status.as_u16() {
            401 | 403 => Finding::of(Exit::Denied)
                .hint("check the address of the webhook, and the key that it expects"),
            300..=399 | 404 | 405 | 410 => {
                Finding::of(Exit::Failed).hint("check the address of the webhook")
            }
            _ if error.is_transient() => Finding::of(Exit::Network),
            _ => Finding::of(Exit::Failed),
        },
        _ if error.is_transient() => Finding::of(Exit::Network),
        _ => Finding::of(Exit::Failed),
    }
}
