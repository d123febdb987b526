//! How files of regsync say that registries are reached.

use std::num::NonZeroUsize;

use super::Reader;
use super::written::{Creds, Tls};
use crate::auth::{Credential, Secret};
use crate::mirror::file::{RegistrySettings, Said};
use crate::model::{ReferenceError, Registry, one_line};
use crate::tagsync::file::foreign::Reach;
use crate::tagsync::file::go::{self, Text};
use crate::yaml::{self, Step};

/// As with `--max-per-host`.
const MAX_REQUESTS: u64 = 256;

type Result<T> = std::result::Result<T, yaml::Error>;

impl Reader<'_> {
    /// Takes note of a registry.
    pub(super) fn creds(&mut self, index: usize, creds: &Creds) -> Result<()> {
        let path: yaml::Path = [Step::from("creds"), Step::from(index)].into_iter().collect();
        let at = |key: &str| with(&path, key);
        let name = self.known(&at("registry"), &creds.registry)?;
        let registry: Registry = name.parse().map_err(|error: ReferenceError| {
            self.foreign.wrong(&at("registry"), &error.to_string())
        })?;
        self.refuse_elsewhere(&path, creds, &registry)?;
        self.tell_creds(&path, creds);
        let said = |value: bool, key: &str| {
            value.then(|| Said { value, position: self.foreign.position(&at(key)) })
        };
        let tls = creds.tls.as_ref().map(|tls| tls.0);
        let is_plain = tls == Some(Tls::Disabled) || creds.scheme.as_deref() == Some("http");
        let most = creds.req_concurrent.as_ref().map(|most| most.0.min(MAX_REQUESTS));
        let most = most.and_then(|most| NonZeroUsize::new(usize::try_from(most).ok()?));
        let settings = RegistrySettings {
            plain_http: said(is_plain, "tls"),
            insecure: said(tls == Some(Tls::Insecure), "tls"),
            max_per_host: most
                .map(|value| Said { value, position: self.foreign.position(&at("reqConcurrent")) }),
            ..RegistrySettings::default()
        };
        let login = self.login(&path, creds)?;
        self.foreign.registry(&path, registry, settings, Reach { login, is_unverified: false })
    }

    /// Refuses what would bring other images, or from elsewhere.
    fn refuse_elsewhere(
        &self,
        path: &yaml::Path,
        creds: &Creds,
        registry: &Registry,
    ) -> Result<()> {
        let other =
            creds.hostname.as_deref().filter(|name| !name.is_empty() && *name != registry.host());
        if other.is_some_and(|name| name != registry.as_str()) {
            let message = "a registry is asked where its name says: registries.conf can give it another location";
            return Err(self.foreign.wrong(&with(path, "hostname"), message));
        }
        match creds.path_prefix.as_deref() {
            None | Some("") => Ok(()),
            Some(_) => {
                let message =
                    "names are taken as they are: write the prefix in front of the repositories";
                Err(self.foreign.wrong(&with(path, "pathPrefix"), message))
            }
        }
    }

    fn tell_creds(&mut self, path: &yaml::Path, creds: &Creds) {
        let certs = "not used: put it into the registry's folder of certs.d";
        let told = [
            (
                "credHelper",
                creds.cred_helper.is_some(),
                "not asked: name it under credHelpers of the auth file",
            ),
            ("regcert", creds.regcert.is_some(), certs),
            ("clientCert", creds.client_cert.is_some(), certs),
            ("clientKey", creds.client_key.is_some(), certs),
            (
                "mirrors",
                creds.mirrors.as_ref().is_some_and(|list| !list.is_empty()),
                "not asked: registries.conf names mirrors",
            ),
            ("blobChunk", creds.blob_chunk.is_some(), "not used: how blobs are sent is found out"),
            ("blobMax", creds.blob_max.is_some(), "not used: how blobs are sent is found out"),
            (
                "reqPerSec",
                creds.req_per_sec.is_some(),
                "not used: a registry that has enough says so, and reqConcurrent bounds requests",
            ),
            ("api", creds.api.is_some(), "not used"),
            ("apiOpts", creds.api_opts.is_some(), "not used"),
            ("dns", creds.dns.is_some(), "not used"),
        ];
        for (key, _, text) in told.into_iter().filter(|(_, is_there, _)| *is_there) {
            self.foreign.note(&with(path, key), text);
        }
    }

    fn login(&mut self, path: &yaml::Path, creds: &Creds) -> Result<Option<Credential>> {
        let user = creds.user.as_deref().unwrap_or_default();
        let username = self.known(&with(path, "user"), user)?;
        let password = self.secret(&with(path, "pass"), creds.pass.as_deref())?;
        let token = self.secret(&with(path, "token"), creds.token.as_deref())?;
        if !token.expose().is_empty() {
            return Ok(Some(Credential::IdentityToken(token)));
        }
        if !password.expose().is_empty() {
            return Ok(Some(Credential::Basic { username, password }));
        }
        if creds.user.is_some() || creds.pass.is_some() {
            self.foreign.note(
                path,
                "no password is given: the login is that of the auth files, if they have one",
            );
        }
        Ok(None)
    }

    /// What a template of a secret stands for. It may hold the secret itself, so it is not quoted.
    fn secret(&self, path: &yaml::Path, template: Option<&str>) -> Result<Secret> {
        let data = go::Data { surroundings: self.surroundings, field: &|_| None };
        let text = go::expand(template.unwrap_or_default(), &data).map_err(|why| match why {
            go::Why::File { .. } => self.foreign.wrong(path, &why.to_string()),
            go::Why::Form(_) => self
                .foreign
                .wrong(path, r#"of templates, {{env "NAME"}} and {{file "PATH"}} are known"#),
        })?;
        Ok(Secret::new(text.known().unwrap_or_default()))
    }

    /// What a template stands for that asks for nothing of an entry.
    fn known(&self, path: &yaml::Path, template: &str) -> Result<String> {
        let text = self.expand(path, template, &|_| None)?;
        self.whole(path, &text)
    }

    /// A text of which nothing is open.
    pub(super) fn whole(&self, path: &yaml::Path, text: &Text) -> Result<String> {
        text.known().ok_or_else(|| {
            let message =
                format!("'{}' would be another one each time", one_line(&text.template(), 80));
            self.foreign.wrong(path, &message)
        })
    }
}

/// The way to a key.
pub(super) fn with(path: &yaml::Path, key: &str) -> yaml::Path {
    let mut path = path.clone();
    path.0.push(Step::from(key));
    path
}
