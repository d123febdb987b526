//! From the entries of a kubeconfig to how a cluster is reached: files are read, texts are checked.

use std::net::IpAddr;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::ConfigError;
use super::config::Config;
use super::document::{Cluster, Exec, Text, User, bytes, fault};
use super::kubeconfig::{Chosen, Entry, beside};
use super::login::Login;
use super::plugin::{self, Interaction, Plugin};
use crate::auth::Secret;
use crate::config::Env;
use crate::http::{PeerOptions, RetryPolicy, Trust, Url};
use crate::model::one_line;

/// The name under which a cluster keeps what is for its plugin.
const PLUGIN_EXTENSION: &str = "client.authentication.k8s.io/exec";

/// What a certificate in PEM form starts with (RFC 7468, section 5).
const PEM: &str = "-----BEGIN ";

/// How the cluster of this context is reached. Over plain HTTP no login is sent, so none is read.
pub(super) fn resolve(
    chosen: &Chosen<'_>,
    env: &Env,
    retry: RetryPolicy,
) -> Result<Config, ConfigError> {
    let Entry { value: cluster, file } = chosen.cluster;
    let server = server(cluster, file)?;
    let user = chosen.user.filter(|_| server.scheme() == "https");
    let trust = trust(cluster, file)?;
    let proxy = proxy(cluster, file)?;
    let server_name = server_name(cluster, file)?;
    let login = match user {
        Some(user) => login(user, cluster, &trust, env)?,
        None => Login::Nobody,
    };
    Ok(Config {
        peer: PeerOptions {
            server,
            trust,
            server_name,
            identity: user.map(identity).transpose()?.flatten(),
            proxy,
            retry,
        },
        login,
        impersonation: user.map(impersonation).transpose()?.unwrap_or_default(),
        namespace: chosen.context.value.namespace.clone().filter(|name| !name.is_empty()),
        origin: format!("context '{}' of {}", chosen.name, chosen.context.file.display()),
    })
}

fn server(cluster: &Cluster, file: &Path) -> Result<Url, ConfigError> {
    let Some(text) = given(cluster.server.as_ref()) else {
        return Err(ConfigError::NoServer { path: file.to_owned() });
    };
    let with_scheme = if text.value.contains("://") {
        text.value.clone()
    } else {
        format!("https://{}", text.value)
    };
    Url::parse(&with_scheme)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .filter(|url| url.username().is_empty() && url.password().is_none())
        .filter(|url| url.query().is_none() && url.fragment().is_none())
        .ok_or_else(|| {
            fault(file, text.referenced, "'server' is no address: expected https://HOST[:PORT]")
        })
}

fn trust(cluster: &Cluster, file: &Path) -> Result<Trust, ConfigError> {
    let (data, path) = (
        given(cluster.certificate_authority_data.as_ref()),
        given(cluster.certificate_authority.as_ref()),
    );
    if let (true, Some(text)) = (cluster.insecure_skip_tls_verify, data.or(path)) {
        let what = "a certificate authority and insecure-skip-tls-verify exclude each other";
        return Err(fault(file, text.referenced, what));
    }
    if cluster.insecure_skip_tls_verify {
        return Ok(Trust::Anything);
    }
    let Some(text) = data.or(path) else { return Ok(Trust::System) };
    let pem = pem("certificate-authority", data, path, file)?;
    if pem.expose().contains("-----BEGIN CERTIFICATE-----") {
        Ok(Trust::Only(pem.expose().as_bytes().to_vec()))
    } else {
        Err(fault(file, text.referenced, "this is no certificate in PEM form"))
    }
}

/// Kubernetes reads `tls-server-name` as a name to ask for and to verify.
fn server_name(cluster: &Cluster, file: &Path) -> Result<Option<String>, ConfigError> {
    let Some(text) = given(cluster.tls_server_name.as_ref()) else { return Ok(None) };
    let is_name = text.value.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    });
    if !is_name || text.value.parse::<IpAddr>().is_ok() || text.value.len() > 253 {
        return Err(fault(file, text.referenced, "'tls-server-name' is no host name"));
    }
    if cluster.proxy_url.as_ref().is_some_and(|proxy| !proxy.value.0.expose().is_empty()) {
        let what = "'tls-server-name' and 'proxy-url' cannot be used together here";
        return Err(fault(file, text.referenced, what));
    }
    Ok(Some(text.value.to_ascii_lowercase()))
}

fn proxy(cluster: &Cluster, file: &Path) -> Result<Option<Url>, ConfigError> {
    let Some(text) = cluster.proxy_url.as_ref().filter(|text| !text.value.0.expose().is_empty())
    else {
        return Ok(None);
    };
    Url::parse(text.value.0.expose())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https" | "socks5") && url.has_host())
        .map(Some)
        .ok_or_else(|| {
            let what =
                "'proxy-url' is no address: expected http://, https:// or socks5://HOST[:PORT]";
            fault(file, text.referenced, what)
        })
}

/// The client certificate with its key.
fn identity(user: &Entry<User>) -> Result<Option<Secret>, ConfigError> {
    let Entry { value, file } = user;
    let key_data = value.client_key_data.as_ref();
    let key_data = key_data
        .map(|text| Text::new(text.value.0.expose().to_owned(), text.referenced, text.defined));
    let certificate =
        (given(value.client_certificate_data.as_ref()), given(value.client_certificate.as_ref()));
    let key = (given(key_data.as_ref()), given(value.client_key.as_ref()));
    let half = |text: &Text, missing| {
        fault(file, text.referenced, format!("a client certificate needs {missing} beside it"))
    };
    match (certificate.0.or(certificate.1), key.0.or(key.1)) {
        (None, None) => Ok(None),
        (Some(text), None) => Err(half(text, "'client-key' or 'client-key-data'")),
        (None, Some(text)) => Err(half(text, "'client-certificate' or 'client-certificate-data'")),
        (Some(_), Some(_)) => {
            let certificate = pem("client-certificate", certificate.0, certificate.1, file)?;
            let key = pem("client-key", key.0, key.1, file)?;
            Ok(Some(Secret::new(format!("{}\n{}", certificate.expose(), key.expose()))))
        }
    }
}

/// What `data` holds in base64, or the file that `path` names. The data counts where both are there.
fn pem(
    field: &'static str,
    data: Option<&Text>,
    path: Option<&Text>,
    file: &Path,
) -> Result<Secret, ConfigError> {
    let (at, bytes, place) = match (data, path) {
        (Some(text), _) => {
            let bytes = STANDARD.decode(text.value.trim()).map_err(|_| {
                fault(file, text.referenced, format!("'{field}-data' is not base64"))
            })?;
            (text, bytes, format!("'{field}-data'"))
        }
        (None, Some(text)) => {
            let path = beside(file, &text.value);
            let place = format!("{}, which '{field}' names,", path.display());
            (text, bytes(&path)?, place)
        }
        (None, None) => return Ok(Secret::new(String::new())),
    };
    match String::from_utf8(bytes) {
        Ok(pem) if pem.contains(PEM) => Ok(Secret::new(pem)),
        _ => Err(fault(file, at.referenced, format!("{place} is not in PEM form"))),
    }
}

fn login(
    user: &Entry<User>,
    cluster: &Cluster,
    trust: &Trust,
    env: &Env,
) -> Result<Login, ConfigError> {
    let Entry { value, file } = user;
    let token = value.token.as_ref().filter(|token| !token.value.0.expose().is_empty());
    let token_file = given(value.token_file.as_ref());
    if let Some(username) = given(value.username.as_ref()) {
        if token.is_some() || token_file.is_some() {
            let what = "a user has a token or a password, not both";
            return Err(fault(file, username.referenced, what));
        }
        let password = value.password.as_ref().map(|text| text.value.0.clone());
        return Ok(Login::Basic {
            username: username.value.clone(),
            password: password.unwrap_or_else(|| Secret::new(String::new())),
        });
    }
    if let Some(text) = token_file {
        let otherwise = token.map(|token| token.value.0.clone());
        return Ok(Login::TokenFile { path: beside(file, &text.value), otherwise });
    }
    if let Some(token) = token {
        return Ok(Login::Token(token.value.0.clone()));
    }
    if let Some(exec) = &value.exec {
        return Ok(Login::Plugin(Box::new(program(exec, cluster, trust, file, env)?)));
    }
    if let Some(provider) = &value.auth_provider {
        let name = one_line(&provider.name.value, 80);
        let what =
            format!("the auth-provider '{name}' is not supported: use 'exec' with a plugin for it");
        return Err(fault(file, provider.name.referenced, what));
    }
    Ok(Login::Nobody)
}

fn program(
    exec: &Exec,
    cluster: &Cluster,
    trust: &Trust,
    file: &Path,
    env: &Env,
) -> Result<Plugin, ConfigError> {
    let version = plugin::VERSIONS.into_iter().find(|known| *known == exec.api_version.value);
    let version = version.ok_or_else(|| {
        let what = format!(
            "the apiVersion of a plugin is {} or {}",
            plugin::VERSIONS[0],
            plugin::VERSIONS[1]
        );
        fault(file, exec.api_version.referenced, what)
    })?;
    let interaction =
        match given(exec.interactive_mode.as_ref()).map(|mode| (mode, mode.value.as_str())) {
            None | Some((_, "IfAvailable")) => Interaction::IfAvailable,
            Some((_, "Never")) => Interaction::Never,
            Some((_, "Always")) => Interaction::Always,
            Some((mode, _)) => {
                let what = "interactiveMode is Never, IfAvailable or Always";
                return Err(fault(file, mode.referenced, what));
            }
        };
    if exec.command.value.is_empty() {
        return Err(fault(file, exec.command.referenced, "the command of a plugin is empty"));
    }
    let has_folder = exec.command.value.contains('/');
    let command = if has_folder {
        beside(file, &exec.command.value)
    } else {
        exec.command.value.clone().into()
    };
    let variables =
        exec.env.iter().map(|variable| (variable.name.clone(), variable.value.0.clone()));
    Ok(Plugin::new(plugin::Program {
        command,
        arguments: exec.args.clone(),
        variables: variables.collect(),
        search: env.var("PATH").map(Into::into),
        version,
        cluster: exec.provide_cluster_info.then(|| told(cluster, trust)),
        interaction,
        hint: one_line(&exec.install_hint, 400),
    }))
}

/// What a plugin is told of its cluster (`ExecCredentialSpec.cluster`).
fn told(cluster: &Cluster, trust: &Trust) -> Value {
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone());
    let authority = match trust {
        Trust::Only(pem) => Some(STANDARD.encode(pem)),
        Trust::System | Trust::Anything => None,
    };
    let config = cluster.extensions.iter().find(|extension| extension.name == PLUGIN_EXTENSION);
    let fields = [
        ("server", text(&cluster.server).map(Value::from)),
        ("tls-server-name", text(&cluster.tls_server_name).map(Value::from)),
        ("insecure-skip-tls-verify", cluster.insecure_skip_tls_verify.then(|| json!(true))),
        ("certificate-authority-data", authority.map(Value::from)),
        ("proxy-url", cluster.proxy_url.as_ref().map(|text| text.value.0.expose().into())),
        ("config", config.map(|found| found.extension.clone())),
    ];
    let fields = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(fields.collect())
}

/// The headers that ask to act as somebody else («User impersonation» of the Kubernetes documentation).
fn impersonation(user: &Entry<User>) -> Result<Vec<(HeaderName, HeaderValue)>, ConfigError> {
    let Entry { value, file } = user;
    let mut texts: Vec<(String, &Text)> = Vec::new();
    texts.extend(value.act_as.as_ref().map(|text| ("impersonate-user".to_owned(), text)));
    texts.extend(value.as_uid.as_ref().map(|text| ("impersonate-uid".to_owned(), text)));
    texts.extend(value.as_groups.iter().map(|text| ("impersonate-group".to_owned(), text)));
    for (key, values) in &value.as_user_extra {
        let name = format!("impersonate-extra-{}", escaped(key));
        texts.extend(values.iter().map(|text| (name.clone(), text)));
    }
    let header = |(name, text): (String, &Text)| {
        let name = name.parse().ok();
        let value = HeaderValue::from_str(&text.value).ok();
        name.zip(value).ok_or_else(|| fault(file, text.referenced, "no header can hold this"))
    };
    texts.into_iter().map(header).collect()
}

/// A key of `as-user-extra` as it stands in a header's name.
fn escaped(key: &str) -> String {
    let as_it_is = |b: u8| b.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&b);
    let parts = key.bytes().map(|b| {
        if as_it_is(b) {
            char::from(b.to_ascii_lowercase()).to_string()
        } else {
            format!("%{b:02X}")
        }
    });
    parts.collect()
}

fn given(text: Option<&Text>) -> Option<&Text> {
    text.filter(|text| !text.value.is_empty())
}
