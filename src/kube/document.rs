//! A kubeconfig file as it is written (`clientcmd/api/v1/types.go` of client-go), with the places of what may be wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, de};
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use super::ConfigError;
use crate::auth::Secret;

/// What a kubeconfig, a certificate or a token may have at most.
pub(super) const LIMIT: u64 = 4 * 1024 * 1024;

/// A text, and where it stands.
pub(super) type Text = Spanned<String>;

/// A whole file.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Document {
    #[serde(default)]
    pub(super) current_context: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) clusters: Vec<ClusterEntry>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) users: Vec<UserEntry>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) contexts: Vec<ContextEntry>,
}

#[derive(Deserialize)]
pub(super) struct ClusterEntry {
    pub(super) name: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) cluster: Cluster,
}

#[derive(Deserialize)]
pub(super) struct UserEntry {
    pub(super) name: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) user: User,
}

#[derive(Deserialize)]
pub(super) struct ContextEntry {
    pub(super) name: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) context: Context,
}

/// A server.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Cluster {
    #[serde(default)]
    pub(super) server: Option<Text>,
    #[serde(default)]
    pub(super) tls_server_name: Option<Text>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) insecure_skip_tls_verify: bool,
    #[serde(default)]
    pub(super) certificate_authority: Option<Text>,
    #[serde(default)]
    pub(super) certificate_authority_data: Option<Text>,
    #[serde(default)]
    pub(super) proxy_url: Option<Spanned<Hidden>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) extensions: Vec<Extension>,
}

/// What other programs keep in the file.
#[derive(Clone, Deserialize)]
pub(super) struct Extension {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) name: String,
    #[serde(default)]
    pub(super) extension: Value,
}

/// A login.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct User {
    #[serde(default)]
    pub(super) client_certificate: Option<Text>,
    #[serde(default)]
    pub(super) client_certificate_data: Option<Text>,
    #[serde(default)]
    pub(super) client_key: Option<Text>,
    #[serde(default)]
    pub(super) client_key_data: Option<Spanned<Hidden>>,
    #[serde(default)]
    pub(super) token: Option<Spanned<Hidden>>,
    #[serde(default, rename = "tokenFile")]
    pub(super) token_file: Option<Text>,
    #[serde(default, rename = "as")]
    pub(super) act_as: Option<Text>,
    #[serde(default)]
    pub(super) as_uid: Option<Text>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) as_groups: Vec<Text>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) as_user_extra: BTreeMap<String, Vec<Text>>,
    #[serde(default)]
    pub(super) username: Option<Text>,
    #[serde(default)]
    pub(super) password: Option<Spanned<Hidden>>,
    #[serde(default)]
    pub(super) auth_provider: Option<AuthProvider>,
    #[serde(default)]
    pub(super) exec: Option<Exec>,
}

/// A way to log in that Kubernetes 1.26 took out.
#[derive(Clone, Deserialize)]
pub(super) struct AuthProvider {
    pub(super) name: Text,
}

/// A program that gives logins.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Exec {
    pub(super) command: Text,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) args: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) env: Vec<Variable>,
    pub(super) api_version: Text,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) install_hint: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) provide_cluster_info: bool,
    #[serde(default)]
    pub(super) interactive_mode: Option<Text>,
}

/// A variable of the environment.
#[derive(Clone, Deserialize)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) value: Hidden,
}

/// A server, a login, and a namespace.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Context {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) cluster: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) user: String,
    #[serde(default)]
    pub(super) namespace: Option<String>,
}

/// A secret that is read from a file.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Hidden(pub(super) Secret);

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Hidden;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Hidden, E> {
                Ok(Hidden(Secret::new(text.to_owned())))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Hidden, E> {
                Ok(Hidden(Secret::new(text)))
            }
        }

        deserializer.deserialize_string(Visitor)
    }
}

fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads the kubeconfig at `path`. An empty file is one without entries.
pub(super) fn read(path: &Path) -> Result<Document, ConfigError> {
    let text = String::from_utf8(bytes(path)?)
        .map_err(|_| syntax(path, 1, 1, "the file is not UTF-8".to_owned()))?;
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Ok(Document::default());
    }
    parse(path, &text)
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    serde_saphyr::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), place);
        // What the parser says may quote what stands there, and that may be a token.
        let told = error.without_snippet().to_string();
        let what = match told.split_once("missing field `") {
            Some((_, rest)) => {
                format!("'{}' is missing here", rest.split('`').next().unwrap_or_default())
            }
            None => "this is not how a kubeconfig is written".to_owned(),
        };
        syntax(path, line, column, what)
    })
}

/// The bytes of the file at `path`, within bounds.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(ConfigError::read(path))?;
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(ConfigError::read(path))?;
    if bytes.len() as u64 > LIMIT {
        return Err(ConfigError::TooLarge { path: path.to_owned(), limit: LIMIT });
    }
    Ok(bytes)
}

/// A fault of what stands at `location`.
pub(super) fn fault(path: &Path, location: Location, what: impl Into<String>) -> ConfigError {
    let (line, column) = place(location);
    syntax(path, line, column, what.into())
}

fn syntax(path: &Path, line: u64, column: u64, what: String) -> ConfigError {
    ConfigError::Syntax { path: path.to_owned(), line, column, what }
}

fn place(location: Location) -> (u64, u64) {
    (location.line(), location.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Result<Document, ConfigError> {
        parse(Path::new("config"), text)
    }

    #[test]
    fn texts_know_their_places() {
        let found = document(
            "clusters:\n- name: a\n  cluster:\n    server: https://x\n    proxy-url: null\nusers: null\ncontexts:\n- name: c\n  context: {cluster: a, user: 7}\n",
        )
        .unwrap();
        let server = found.clusters[0].cluster.server.as_ref().unwrap();
        assert_eq!((server.value.as_str(), server.referenced.line()), ("https://x", 4));
        assert_eq!(server.referenced.column(), 13);
        assert!(found.clusters[0].cluster.proxy_url.is_none());
        assert_eq!(found.contexts[0].context.user, "7");
    }

    #[test]
    fn json_is_read_too() {
        let found = document(
            r#"{"users": [{"name": "u", "user": {"token": "12345", "exec": null, "tokenFile": "t"}}]}"#,
        )
        .unwrap();
        let token = found.users[0].user.token.as_ref().unwrap();
        assert_eq!(token.value.0.expose(), "12345");
        assert_eq!(found.users[0].user.token_file.as_ref().unwrap().value, "t");
    }

    #[test]
    fn faults_are_told_with_their_place_and_without_what_stands_there() {
        for (text, told) in [
            ("users:\n- name: u\n  user:\n    token: [hunter2]\n", "config:4:12: this is not"),
            (
                "users:\n- name: u\n  user:\n    exec:\n      command: x\n",
                "'apiVersion' is missing",
            ),
            ("users: [\n", "this is not"),
            ("a: b: hunter2\n", "config:1:"),
        ] {
            let error = document(text).err().unwrap().to_string();
            assert!(error.contains(told), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
