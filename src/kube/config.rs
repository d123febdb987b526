//! How to reach a cluster: nothing left to find or to decide.

use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::account;
use super::kubeconfig::{self, Kubeconfig};
use super::login::Login;
use super::{ConfigError, resolve};
use crate::config::Env;
use crate::http::{PeerOptions, RetryPolicy};

/// What a person says about the cluster to use.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The context to use instead of the one that the kubeconfig chooses (`--context`).
    pub context: Option<String>,
    /// The kubeconfig to read instead of the usual ones (`--kubeconfig`).
    pub kubeconfig: Option<PathBuf>,
    /// How long one request may take (`--request-timeout`); the server is told.
    pub timeout: Option<Duration>,
    /// Where a pod finds its account, instead of `/var/run/secrets/kubernetes.io/serviceaccount`.
    pub account: Option<PathBuf>,
    /// How often to try again.
    pub retry: RetryPolicy,
}

/// How to reach a cluster.
pub(super) struct Config {
    pub(super) peer: PeerOptions,
    pub(super) login: Login,
    /// Whom to act as.
    pub(super) impersonation: Vec<(HeaderName, HeaderValue)>,
    pub(super) namespace: Option<String>,
    /// `context 'dev' of /home/me/.kube/config`.
    pub(super) origin: String,
}

impl Config {
    /// The context asked for, or the one that the kubeconfig chooses, or the account of this pod.
    pub(super) fn find(env: &Env, options: &Options) -> Result<Self, ConfigError> {
        if let Some(file) = &options.kubeconfig {
            return of_context(&Kubeconfig::read(file)?, env, options);
        }
        let files = kubeconfig::usual_files(env);
        let kubeconfig = Kubeconfig::read_those_there(&files)?;
        let is_chosen = options.context.is_some() && !kubeconfig.is_empty();
        if is_chosen || kubeconfig.chooses() {
            return of_context(&kubeconfig, env, options);
        }
        if options.context.is_none()
            && let Some(config) = account::find(env, options)?
        {
            return Ok(config);
        }
        if kubeconfig.is_empty() {
            let looked = match files.as_slice() {
                [] => "there is neither KUBECONFIG nor a home folder".to_owned(),
                files => format!("{} has no context", kubeconfig::shown(files)),
            };
            return Err(ConfigError::NoCluster { looked });
        }
        of_context(&kubeconfig, env, options)
    }
}

fn of_context(
    kubeconfig: &Kubeconfig,
    env: &Env,
    options: &Options,
) -> Result<Config, ConfigError> {
    resolve::resolve(&kubeconfig.choose(options.context.as_deref())?, env, options.retry)
}
