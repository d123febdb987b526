//! What is known of errors on the way to a cluster.

use std::error::Error;

use longshore::http;
use longshore::imagestream;
use longshore::kube;

use super::known::Finding;
use crate::cli::exit::Exit;

/// What is known of an error, if it is about a cluster.
pub(super) fn recognise(error: &(dyn Error + 'static)) -> Option<Finding> {
    match error.downcast_ref() {
        Some(imagestream::Error::Cluster(error)) => Some(of_cluster(error)),
        _ => error.downcast_ref().map(of_cluster),
    }
}

fn of_cluster(error: &kube::Error) -> Finding {
    use kube::Error as E;
    match error {
        E::Config(_) => Finding::of(Exit::Local),
        E::Login { .. } | E::Unauthorized { .. } => Finding::of(Exit::Denied),
        E::Unreachable { source, .. } => of_way(source),
        E::Timeout { .. } | E::Redirect { .. } | E::NotApi { .. } => Finding::of(Exit::Network),
        E::Refused(status) => Finding::of(match status.code {
            401 | 403 => Exit::Denied,
            404 => Exit::NotFound,
            429 | 500.. => Exit::Network,
            _ => Exit::Failed,
        }),
        E::NotServed { .. } | E::Answer { .. } | E::Body(_) => Finding::of(Exit::Failed),
    }
}

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

#[cfg(test)]
mod tests {
    use longshore::config::Env;

    use super::*;

    #[test]
    fn a_cluster_that_is_not_known_is_a_matter_of_settings() {
        let home = tempfile::tempdir().unwrap();
        let env = Env::fake(home.path(), []);
        let error = kube::Client::new(&env, &kube::Options::default()).err().unwrap();
        let error = imagestream::Error::Cluster(Box::new(error));
        assert_eq!(recognise(&error).unwrap().exit, Exit::Local);
        assert!(recognise(&std::fmt::Error).is_none());
    }
}
