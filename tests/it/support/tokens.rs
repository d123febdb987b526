//! A token server (distribution, «Token Authentication Specification»): signs for `docker-registry` what a user may do.
//!
//! Users that it knows may do everything, anyone may pull below `public/`.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::prelude::*;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Response, StatusCode};
use http_body_util::BodyExt;
use rcgen::{CertificateParams, KeyPair};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::serving::{self, Served, full};

/// What the registry calls itself.
pub(crate) const SERVICE: &str = "registry of the tests";
/// What the token server calls itself.
pub(crate) const ISSUER: &str = "token server of the tests";
/// A token that `grant_type=refresh_token` takes for a password.
pub(crate) const IDENTITY_TOKEN: &str = "identity-of-the-only-user";

/// One request for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// The parameters of the query or of the form, in their order.
    pub(crate) parameters: Vec<(String, String)>,
    /// Who was recognised.
    pub(crate) user: Option<String>,
}

/// A running token server. Dropping it ends it.
pub(crate) struct TokenServer {
    served: Served,
    folder: TempDir,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl TokenServer {
    /// A server that knows one user, and whose tokens claim to last for `lifetime` seconds.
    pub(crate) fn new(user: &str, password: &str, lifetime: u64) -> Self {
        let signer = Arc::new(Signer::new(lifetime));
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("tokens.pem"), &signer.certificate).unwrap();
        let known = Arc::new((user.to_owned(), password.to_owned()));
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let record = Arc::clone(&asked);
        let served = serving::serve(move |request| {
            let (known, signer) = (Arc::clone(&known), Arc::clone(&signer));
            let record = Arc::clone(&record);
            async move {
                let (head, body) = request.into_parts();
                let form = body.collect().await?.to_bytes();
                let credential = Credential::read(&head, &form);
                let user = credential.check(&known);
                record.lock().unwrap().push(Asked {
                    method: head.method.clone(),
                    parameters: credential.parameters.clone(),
                    user: user.clone().flatten(),
                });
                Ok(match user {
                    Some(user) => signer.answer(&credential, user.as_deref()),
                    None => refusal(),
                })
            }
        });
        Self { served, folder, asked }
    }

    /// Where tokens are to be had.
    pub(crate) fn realm(&self) -> String {
        format!("http://{}/token", self.served.address())
    }

    /// The file with the certificate that proves its signatures.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("tokens.pem")
    }

    /// All requests up to now.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn refusal() -> Response<serving::Body> {
    let body =
        json!({"errors": [{"code": "UNAUTHORIZED", "message": "wrong user name or password"}]});
    let mut response = Response::new(full(body.to_string()));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response
}

/// What a request brings with it.
struct Credential {
    parameters: Vec<(String, String)>,
    basic: Option<(String, String)>,
}

impl Credential {
    fn read(head: &http::request::Parts, form: &Bytes) -> Self {
        let posted = std::str::from_utf8(form).unwrap();
        let query =
            if head.method == Method::POST { posted } else { head.uri.query().unwrap_or("") };
        let basic = head.headers.get(AUTHORIZATION).map(|value| {
            let encoded = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
            let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded).unwrap()).unwrap();
            let (user, password) = decoded.split_once(':').unwrap();
            (user.to_owned(), password.to_owned())
        });
        let url = reqwest::Url::parse(&format!("http://localhost/?{query}")).unwrap();
        Self { parameters: url.query_pairs().into_owned().collect(), basic }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn scopes(&self) -> impl Iterator<Item = &str> {
        let scopes = self.parameters.iter().filter(|(key, _)| key == "scope");
        scopes.flat_map(|(_, value)| value.split(' '))
    }

    /// Who this is; `Some(None)` for anybody, `None` for someone with a wrong password.
    fn check(&self, known: &(String, String)) -> Option<Option<String>> {
        let proven = match self.parameter("grant_type") {
            Some("refresh_token") => self.parameter("refresh_token")? == IDENTITY_TOKEN,
            Some("password") => {
                self.parameter("username")? == known.0 && self.parameter("password")? == known.1
            }
            Some(_) => false,
            None => match &self.basic {
                Some(given) => given == known,
                None => return Some(None),
            },
        };
        proven.then(|| Some(known.0.clone()))
    }
}

/// Signs JSON web tokens with ES256.
struct Signer {
    key: EcdsaKeyPair,
    certificate: String,
    chain: String,
    lifetime: u64,
}

impl Signer {
    fn new(lifetime: u64) -> Self {
        let pair = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new([ISSUER.replace(' ', "-")]).unwrap().self_signed(&pair).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &pair.serialize_der(),
            &SystemRandom::new(),
        );
        Self {
            key: key.unwrap(),
            certificate: certificate.pem(),
            chain: BASE64_STANDARD.encode(certificate.der()),
            lifetime,
        }
    }

    fn answer(&self, credential: &Credential, user: Option<&str>) -> Response<serving::Body> {
        let access: Vec<Value> =
            credential.scopes().filter_map(|scope| granted(scope, user.is_some())).collect();
        let token = self.token(user, &access);
        let key =
            if credential.parameter("grant_type").is_some() { "access_token" } else { "token" };
        let mut body = json!({key: token, "expires_in": self.lifetime});
        if user.is_some() && credential.parameter("offline_token") == Some("true") {
            body["refresh_token"] = json!(IDENTITY_TOKEN);
        }
        let mut response = Response::new(full(body.to_string()));
        response.headers_mut().insert(CONTENT_TYPE, "application/json".parse().unwrap());
        response
    }

    fn token(&self, user: Option<&str>, access: &[Value]) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let header = json!({"typ": "JWT", "alg": "ES256", "x5c": [self.chain]});
        let claims = json!({
            "iss": ISSUER, "sub": user.unwrap_or(""), "aud": SERVICE, "jti": format!("{now}"),
            "nbf": now - 10, "iat": now, "exp": now + self.lifetime, "access": access,
        });
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What of `repository:NAME:pull,push` is granted.
fn granted(scope: &str, known: bool) -> Option<Value> {
    let (kind, rest) = scope.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    let actions: Vec<&str> = actions
        .split(',')
        .filter(|action| known || *action == "pull" && name.starts_with("public/"))
        .collect();
    (!actions.is_empty()).then(|| json!({"type": kind, "name": name, "actions": actions}))
}
