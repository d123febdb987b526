//! A file of regsync as it is written. All scalars are texts.

use serde::Deserialize;
use serde_json::Value;

use crate::mirror::Parsed;
use crate::mirror::file::Mapping;
use crate::tagsync::file::foreign::{Flag, SecretMapping};
use crate::tagsync::file::go::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) version: Option<Parsed<u64>>,
    pub(super) creds: Option<Vec<SecretMapping<Creds>>>,
    pub(super) defaults: Option<Mapping<Defaults>>,
    pub(super) sync: Option<Vec<Mapping<Sync>>>,
}

/// A registry.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Creds {
    pub(super) registry: String,
    pub(super) hostname: Option<String>,
    pub(super) user: Option<String>,
    pub(super) pass: Option<String>,
    pub(super) token: Option<String>,
    pub(super) tls: Option<Parsed<Tls>>,
    pub(super) scheme: Option<String>,
    pub(super) path_prefix: Option<String>,
    pub(super) req_concurrent: Option<Parsed<u64>>,
    #[serde(rename = "repoAuth")]
    _repo_auth: Option<Parsed<Flag>>,
    #[serde(rename = "priority")]
    _priority: Option<Parsed<u64>>,
    #[serde(rename = "credExpire")]
    _cred_expire: Option<String>,
    #[serde(rename = "credHost")]
    _cred_host: Option<String>,
    // What is told.
    #[serde(rename = "credHelper")]
    pub(super) cred_helper: Option<Value>,
    pub(super) regcert: Option<Value>,
    #[serde(alias = "clientcert")]
    pub(super) client_cert: Option<Value>,
    #[serde(alias = "clientkey")]
    pub(super) client_key: Option<Value>,
    pub(super) mirrors: Option<Vec<String>>,
    pub(super) blob_chunk: Option<Value>,
    pub(super) blob_max: Option<Value>,
    pub(super) req_per_sec: Option<Value>,
    pub(super) api: Option<Value>,
    pub(super) api_opts: Option<Value>,
    pub(super) dns: Option<Value>,
}

/// How a registry is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    Enabled,
    Insecure,
    Disabled,
}

/// A text that is none of these.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not known: expected enabled, insecure or disabled")]
pub(super) struct TlsError(String);

impl std::str::FromStr for Tls {
    type Err = TlsError;

    fn from_str(text: &str) -> Result<Self, TlsError> {
        match text.to_ascii_lowercase().as_str() {
            "" | "enabled" => Ok(Self::Enabled),
            "insecure" => Ok(Self::Insecure),
            "disabled" => Ok(Self::Disabled),
            _ => Err(TlsError(crate::model::one_line(text, 40))),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Defaults {
    pub(super) backup: Option<String>,
    pub(super) interval: Option<Parsed<Duration>>,
    pub(super) schedule: Option<String>,
    pub(super) digest_tags: Option<Parsed<Flag>>,
    pub(super) referrers: Option<Parsed<Flag>>,
    pub(super) referrer_filters: Option<Vec<Value>>,
    pub(super) referrer_source: Option<String>,
    pub(super) referrer_target: Option<String>,
    #[serde(rename = "referrerSlow")]
    _referrer_slow: Option<Parsed<Flag>>,
    #[serde(alias = "fastCheck")]
    pub(super) fast_copy: Option<Parsed<Flag>>,
    pub(super) force_recursive: Option<Parsed<Flag>>,
    pub(super) include_external: Option<Parsed<Flag>>,
    pub(super) media_types: Option<Vec<String>>,
    pub(super) cleanup_tags: Option<Parsed<Flag>>,
    #[serde(rename = "cleanupTagsExclude")]
    _cleanup_tags_exclude: Option<Vec<String>>,
    // What is told.
    pub(super) ratelimit: Option<Value>,
    pub(super) hooks: Option<Value>,
    pub(super) parallel: Option<Value>,
    pub(super) blob_limit: Option<Value>,
    pub(super) cache_count: Option<Value>,
    #[serde(rename = "cacheTime")]
    _cache_time: Option<Value>,
    pub(super) skip_docker_config: Option<Parsed<Flag>>,
    pub(super) user_agent: Option<Value>,
}

/// What is copied.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Sync {
    pub(super) source: String,
    pub(super) target: String,
    #[serde(rename = "type")]
    pub(super) kind: Parsed<Kind>,
    #[serde(default)]
    pub(super) tags: Option<Mapping<TagSet>>,
    pub(super) tag_sets: Option<Vec<Mapping<TagSet>>>,
    pub(super) repos: Option<Mapping<AllowDeny>>,
    pub(super) target_tag: Option<String>,
    pub(super) platform: Option<String>,
    pub(super) platforms: Option<Vec<String>>,
    pub(super) backup: Option<String>,
    pub(super) interval: Option<Parsed<Duration>>,
    pub(super) schedule: Option<String>,
    pub(super) digest_tags: Option<Parsed<Flag>>,
    pub(super) referrers: Option<Parsed<Flag>>,
    pub(super) referrer_filters: Option<Vec<Value>>,
    pub(super) referrer_source: Option<String>,
    pub(super) referrer_target: Option<String>,
    #[serde(rename = "referrerSlow")]
    _referrer_slow: Option<Parsed<Flag>>,
    #[serde(alias = "fastCheck")]
    pub(super) fast_copy: Option<Parsed<Flag>>,
    pub(super) force_recursive: Option<Parsed<Flag>>,
    pub(super) include_external: Option<Parsed<Flag>>,
    pub(super) media_types: Option<Vec<String>>,
    pub(super) cleanup_tags: Option<Parsed<Flag>>,
    #[serde(rename = "cleanupTagsExclude")]
    _cleanup_tags_exclude: Option<Vec<String>>,
    pub(super) ratelimit: Option<Value>,
    pub(super) hooks: Option<Value>,
}

/// What the source of an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Registry,
    Repository,
    Image,
}

/// A text that is none of these.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not known: expected registry, repository or image")]
pub(super) struct KindError(String);

impl std::str::FromStr for Kind {
    type Err = KindError;

    fn from_str(text: &str) -> Result<Self, KindError> {
        match text {
            "registry" => Ok(Self::Registry),
            "repository" => Ok(Self::Repository),
            "image" => Ok(Self::Image),
            _ => Err(KindError(crate::model::one_line(text, 40))),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AllowDeny {
    pub(super) allow: Option<Vec<String>>,
    pub(super) deny: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TagSet {
    pub(super) allow: Option<Vec<String>>,
    pub(super) deny: Option<Vec<String>>,
    pub(super) semver_range: Option<Vec<String>>,
}

impl TagSet {
    /// Whether it takes all tags.
    pub(super) fn is_empty(&self) -> bool {
        [&self.allow, &self.deny, &self.semver_range]
            .iter()
            .all(|list| list.as_ref().is_none_or(Vec::is_empty))
    }
}

/// What a file says without the keys that are left to its owner, which begin with `x-`.
pub(super) fn without_extensions(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(key, _)| !key.starts_with("x-"));
            fields.map(|(key, value)| (key, without_extensions(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_extensions).collect(),
        other => other,
    }
}
