//! The account of the pod that this runs in («Accessing the API from a Pod» of the Kubernetes documentation).

use std::path::Path;

use super::ConfigError;
use super::config::{Config, Options};
use super::document;
use super::kubeconfig::absent;
use super::login::Login;
use crate::config::Env;
use crate::http::{PeerOptions, Trust, Url};
use crate::model::one_line;

const FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The cluster that this pod is in; none when this is no pod, or one without an account.
pub(super) fn find(env: &Env, options: &Options) -> Result<Option<Config>, ConfigError> {
    let folder = options.account.as_deref().unwrap_or(Path::new(FOLDER));
    let (host, port) = (env.var("KUBERNETES_SERVICE_HOST"), env.var("KUBERNETES_SERVICE_PORT"));
    let (Some(host), Some(port)) = (host, port) else { return Ok(None) };
    let Some(_) = read_if_there(&folder.join("token"))? else { return Ok(None) };
    let (host, port) = (host.to_string_lossy(), port.to_string_lossy());
    let peer = PeerOptions {
        server: address(&host, &port)?,
        trust: read_if_there(&folder.join("ca.crt"))?.map_or(Trust::System, Trust::Only),
        server_name: None,
        identity: None,
        proxy: None,
        retry: options.retry,
    };
    let namespace = read_if_there(&folder.join("namespace"))?;
    let namespace = namespace.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    Ok(Some(Config {
        peer,
        login: Login::TokenFile { path: folder.join("token"), otherwise: None },
        impersonation: Vec::new(),
        namespace: namespace.filter(|name| !name.is_empty()),
        origin: "the account of this pod".to_owned(),
    }))
}

fn address(host: &str, port: &str) -> Result<Url, ConfigError> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let text = format!("https://{host}:{port}/");
    Url::parse(&text)
        .ok()
        .filter(|url| url.path() == "/" && url.username().is_empty())
        .ok_or_else(|| ConfigError::Service(one_line(&text, 200)))
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, ConfigError> {
    match document::bytes(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}
