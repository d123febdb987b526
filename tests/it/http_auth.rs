//! Logins and tokens against registries and token servers of many habits.

use std::io;
use std::sync::{Arc, Mutex};

use base64::prelude::*;
use longshore::auth::{Credential, Secret};
use longshore::http::{Error, Proof, Request, Scope};
use longshore::model::Repository;
use tracing::Level;

use crate::support::registry::Registry;
use crate::support::responder::{Asked, Reply, Responder, password};
use crate::support::tokens::{IDENTITY_TOKEN, TokenServer};

/// A registry whose token server is `tokens`: it takes all tokens but those in `refused`.
fn registry(tokens: &Responder, refused: &'static [&'static str]) -> Responder {
    let challenge = format!("Bearer realm=\"http://{}/token\",service=\"s\"", tokens.other_name());
    Responder::new(move |asked| {
        let bad = match asked.authorization().and_then(|value| value.strip_prefix("Bearer ")) {
            Some(token) => refused.contains(&token),
            None => true,
        };
        Some(if bad {
            Reply::new(401)
                .header("www-authenticate", &challenge)
                .body(r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#)
        } else {
            Reply::ok("fine")
        })
    })
}

/// A token server whose tokens are `token-0`, `token-1` and so on.
fn numbered() -> Responder {
    Responder::new(|asked| Some(token(&format!("token-{}", asked.number))))
}

fn token(token: &str) -> Reply {
    Reply::ok(format!(r#"{{"token":"{token}","expires_in":300}}"#))
}

fn pull(path: &str) -> Request {
    let repository = Repository::new("127.0.0.1:1".parse().unwrap(), path).unwrap();
    Request::get(format!("/v2/{path}/manifests/v1")).scope(Scope::pull(&repository))
}

fn push(path: &str) -> Request {
    let repository = Repository::new("127.0.0.1:1".parse().unwrap(), path).unwrap();
    Request::put(format!("/v2/{path}/manifests/v1")).scope(Scope::push(&repository))
}

#[tokio::test]
async fn a_token_is_fetched_once_and_used_from_the_start() {
    let tokens = numbered();
    let registry = registry(&tokens, &[]);
    let client = registry.client(None);
    for _ in 0..3 {
        client.send(pull("org/app")).await.unwrap();
    }
    assert_eq!(tokens.asked().len(), 1);
    let sent: Vec<_> =
        registry.asked().iter().map(|asked| asked.authorization().map(str::to_owned)).collect();
    let bearer = Some("Bearer token-0".to_owned());
    assert_eq!(sent, [None, bearer.clone(), bearer.clone(), bearer]);
    assert_eq!(tokens.asked()[0].target, "/token?service=s&scope=repository%3Aorg%2Fapp%3Apull");
    assert_eq!(tokens.asked()[0].authorization(), None);
}

#[tokio::test]
async fn many_at_once_share_one_token() {
    let tokens = numbered();
    let registry = registry(&tokens, &[]);
    let client = registry.client(None);
    let requests = (0..12).map(|_| client.send(pull("org/app")));
    for result in futures_util::future::join_all(requests).await {
        result.unwrap();
    }
    assert_eq!(tokens.asked().len(), 1);
}

#[tokio::test]
async fn a_token_for_more_is_good_for_less() {
    let tokens = numbered();
    let registry = registry(&tokens, &[]);
    let client = registry.client(None);
    client.send(push("org/app")).await.unwrap();
    client.send(pull("org/app")).await.unwrap();
    assert_eq!(tokens.asked().len(), 1);
    client.send(pull("org/other")).await.unwrap();
    assert_eq!(tokens.asked().len(), 2);
}

#[tokio::test]
async fn a_token_that_ends_early_is_renewed() {
    let tokens = numbered();
    let old = Arc::new(Mutex::new(false));
    let ended = Arc::clone(&old);
    let challenge = format!("Bearer realm=\"http://{}/token\"", tokens.address());
    let registry = Responder::new(move |asked| {
        let good = match asked.authorization() {
            Some("Bearer token-0") => !*ended.lock().unwrap(),
            other => other.is_some(),
        };
        Some(if good {
            Reply::ok("")
        } else {
            Reply::new(401).header("www-authenticate", &challenge)
        })
    });
    let client = registry.client(None);
    client.send(pull("org/app")).await.unwrap();
    *old.lock().unwrap() = true;
    client.send(pull("org/app")).await.unwrap();
    assert_eq!(tokens.asked().len(), 2);
}

#[tokio::test]
async fn a_short_lived_token_is_renewed_before_it_ends() {
    let tokens = Responder::new(|asked| {
        Some(Reply::ok(format!(r#"{{"access_token":"token-{}","expires_in":0}}"#, asked.number)))
    });
    let registry = registry(&tokens, &[]);
    let client = registry.client(None);
    client.send(pull("org/app")).await.unwrap();
    client.send(pull("org/app")).await.unwrap();
    assert_eq!(tokens.asked().len(), 2);
    let unauthorized = registry.asked().iter().filter(|a| a.authorization().is_none()).count();
    assert_eq!(unauthorized, 1);
}

#[tokio::test]
async fn a_token_that_does_not_help_is_no_loop() {
    let tokens = numbered();
    let registry = registry(&tokens, &["token-0", "token-1"]);
    let error = registry.client(None).send(pull("org/app")).await.unwrap_err();
    let Error::Unauthorized { had_credential: false, errors, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(errors.to_string(), "UNAUTHORIZED: authentication required");
    assert_eq!(tokens.asked().len(), 1);
    assert_eq!(registry.asked().len(), 2);
}

#[tokio::test]
async fn a_token_without_actions_is_no_permission() {
    let claims = r#"{"access":[{"type":"repository","name":"org/app","actions":[]}]}"#;
    let jwt = format!("e30.{}.x", BASE64_URL_SAFE_NO_PAD.encode(claims));
    let tokens = Responder::new(move |_| Some(token(&jwt)));
    let challenge = format!("Bearer realm=\"http://{}/token\"", tokens.address());
    let registry =
        Responder::new(move |_| Some(Reply::new(401).header("www-authenticate", &challenge)));
    let error = registry.client(None).send(pull("org/app")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no permission for repository:org/app:pull on {}", registry.address())
    );
    let error = registry.client(password("ann", "pw")).send(push("org/app")).await.unwrap_err();
    assert!(matches!(error, Error::NoPermission { had_credential: true, .. }), "{error:?}");
}

#[tokio::test]
async fn what_the_registry_asks_for_besides_is_added_once() {
    let tokens = numbered();
    let realm = tokens.address();
    let registry = Responder::new(move |asked| {
        let challenge = format!(
            "Basic realm=\"x\", Bearer scope=\"repository:org/app:pull repository:base-{}:pull\",realm=\"http://{realm}/token\"",
            asked.number
        );
        Some(Reply::new(401).header("www-authenticate", challenge))
    });
    registry.client(None).send(pull("org/app")).await.unwrap_err();
    let asked: Vec<_> = tokens.asked().iter().map(|asked| asked.target.clone()).collect();
    assert_eq!(
        asked,
        [
            "/token?scope=repository%3Aorg%2Fapp%3Apull",
            "/token?scope=repository%3Abase-1%3Apull&scope=repository%3Aorg%2Fapp%3Apull"
        ]
    );
}

#[tokio::test]
async fn basic_is_sent_when_asked_for_and_from_then_on() {
    let expected = format!("Basic {}", BASE64_STANDARD.encode("12345678|robot:p:w"));
    let registry = Responder::new(move |asked| {
        Some(match asked.authorization() {
            Some(given) if given == expected => Reply::ok(""),
            _ => Reply::new(401).header("www-authenticate", "Basic realm=\"a, b\""),
        })
    });
    let client = registry.client(password("12345678|robot", "p:w"));
    assert_eq!(client.ping().await.unwrap(), Proof::Taken);
    client.send(pull("org/app")).await.unwrap();
    assert_eq!(registry.asked().len(), 3);

    let wrong = registry.client(password("org+robot", "no")).ping().await.unwrap_err();
    assert!(matches!(wrong, Error::Unauthorized { had_credential: true, .. }), "{wrong:?}");
    let nobody = registry.client(None).ping().await.unwrap_err();
    assert!(matches!(nobody, Error::Unauthorized { had_credential: false, .. }), "{nobody:?}");
}

#[tokio::test]
async fn an_open_registry_proves_nothing() {
    let registry = Responder::new(|_| Some(Reply::ok("{}")));
    assert_eq!(registry.client(password("a", "b")).ping().await.unwrap(), Proof::NotAsked);
    assert_eq!(registry.asked()[0].authorization(), None);
}

#[tokio::test]
async fn a_token_server_that_knows_only_post_is_asked_by_post() {
    for status in [404, 405] {
        let tokens = Responder::new(move |asked| {
            Some(if asked.method == "GET" { Reply::new(status) } else { token("t") })
        });
        let registry = registry(&tokens, &[]);
        registry.client(password("org+robot", "p w")).send(pull("org/app")).await.unwrap();
        assert_eq!(tokens.lines(), ["GET /token", "POST /token"]);
        assert_eq!(
            tokens.asked()[1].body,
            "grant_type=password&client_id=longshore&service=s&scope=repository%3Aorg%2Fapp%3Apull\
             &username=org%2Brobot&password=p+w"
        );
    }
}

#[tokio::test]
async fn an_identity_token_is_exchanged() {
    let tokens = Responder::new(|_| Some(Reply::ok(r#"{"access_token":"t"}"#)));
    let registry = registry(&tokens, &[]);
    let login = Credential::IdentityToken(Secret::new("refresh-me".to_owned()));
    registry.client(Some(login)).send(pull("org/app")).await.unwrap();
    let [asked] = &tokens.asked()[..] else { panic!("{:?}", tokens.lines()) };
    assert!(asked.body.contains("grant_type=refresh_token"), "{}", asked.body);
    assert!(asked.body.contains("refresh_token=refresh-me"), "{}", asked.body);
}

#[tokio::test]
async fn a_registry_token_is_used_as_it_is() {
    let tokens = numbered();
    let registry = registry(&tokens, &[]);
    let login = Credential::RegistryToken(Secret::new("as-it-is".to_owned()));
    registry.client(Some(login)).send(pull("org/app")).await.unwrap();
    assert_eq!(registry.asked()[1].authorization(), Some("Bearer as-it-is"));
    assert!(tokens.asked().is_empty());
}

#[tokio::test]
async fn a_refused_login_is_told_in_the_token_servers_words() {
    let tokens = Responder::new(|_| {
        Some(Reply::new(401).body(r#"{"details":"incorrect username or password"}"#))
    });
    let registry = registry(&tokens, &[]);
    let error = registry.client(password("a", "b")).ping().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{} does not take the login: incorrect username or password", registry.address())
    );
    assert_eq!(tokens.asked().len(), 1);
}

#[tokio::test]
async fn a_token_server_in_trouble_is_asked_again() {
    let tokens =
        Responder::new(|asked| Some(if asked.number < 2 { Reply::new(503) } else { token("t") }));
    registry(&tokens, &[]).client(None).send(pull("org/app")).await.unwrap();

    let tokens = Responder::new(|_| Some(Reply::new(503)));
    let error = registry(&tokens, &[]).client(None).send(pull("org/app")).await.unwrap_err();
    assert!(matches!(error, Error::Token { .. }), "{error:?}");
    assert!(!error.is_transient());
    assert_eq!(tokens.asked().len(), 5);

    let tokens = Responder::new(|_| Some(Reply::ok("<html>")));
    let error = registry(&tokens, &[]).client(None).send(pull("org/app")).await.unwrap_err();
    assert!(matches!(error, Error::Token { .. }), "{error:?}");
}

#[tokio::test]
async fn a_realm_that_is_no_token_server_is_refused() {
    for realm in ["ftp://x/token", "http://169.254.169.254/token", "http://u:p@127.0.0.1/token"] {
        let registry = Responder::new(move |_| {
            Some(Reply::new(401).header("www-authenticate", format!("Bearer realm=\"{realm}\"")))
        });
        let error = registry.client(password("a", "b")).ping().await.unwrap_err();
        assert!(matches!(error, Error::Realm { .. }), "{realm}: {error:?}");
        assert!(!error.to_string().contains("u:p"), "{error}");
    }
}

#[tokio::test]
async fn an_unknown_way_of_asking_is_named() {
    let registry =
        Responder::new(|_| Some(Reply::new(401).header("www-authenticate", "Negotiate")));
    let error = registry.client(password("a", "b")).ping().await.unwrap_err();
    assert!(error.to_string().ends_with("negotiate"), "{error}");
}

#[tokio::test]
async fn a_token_refused_in_an_upload_is_replaced_for_the_next_try() {
    let tokens = numbered();
    let registry = registry(&tokens, &["token-0"]);
    let client = registry.client(None);
    let chunk = || {
        let bytes = futures_util::stream::iter([Ok(bytes::Bytes::from("abc"))]);
        Request { method: http::Method::PATCH, ..pull("org/app") }.stream(Some(3), Box::pin(bytes))
    };
    let error = client.send(chunk()).await.unwrap_err();
    assert!(matches!(error, Error::TokenRefused { .. }), "{error:?}");
    let mut attempts = client.attempts();
    attempts.after(error).await.unwrap();
    let error = client.send(chunk()).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
}

#[tokio::test]
async fn a_real_registry_believes_our_tokens() {
    need!("docker-registry");
    let tokens = TokenServer::new("org+robot", "s3cret", 300);
    let registry = Registry::with_tokens(&tokens);
    let ask = async |login| {
        let connection = longshore::config::Connection { plain_http: true, ..Default::default() };
        let client = crate::support::responder::client(registry.address(), login, connection);
        client.send(pull("team/app")).await.map(|response| response.status)
    };
    let missing = ask(password("org+robot", "s3cret")).await.unwrap_err();
    assert_eq!(missing.status().unwrap(), 404, "{missing:?}");
    let identity = Credential::IdentityToken(Secret::new(IDENTITY_TOKEN.to_owned()));
    assert_eq!(ask(Some(identity)).await.unwrap_err().status().unwrap(), 404);
    let anybody = ask(None).await.unwrap_err();
    assert!(matches!(anybody, Error::NoPermission { had_credential: false, .. }), "{anybody:?}");
    let wrong = ask(password("org+robot", "wrong")).await.unwrap_err();
    assert!(matches!(wrong, Error::Unauthorized { had_credential: true, .. }), "{wrong:?}");
}

/// Everything that is logged, at any level, by anyone.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn secrets_are_in_no_log_and_no_error() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let tokens = Responder::new(|_| Some(token("jwt-secret")));
    let storage = Responder::new(|_| Some(Reply::new(503)));
    let (realm, to) = (tokens.other_name(), storage.other_name());
    let registry = Responder::new(move |asked: &Asked| {
        Some(match asked.authorization() {
            None => Reply::new(401)
                .header("www-authenticate", format!("Bearer realm=\"http://{realm}/t\"")),
            Some(_) => Reply::new(307).header("location", format!("http://{to}/b?sig=url-secret")),
        })
    });
    let client = registry.client(password("ann", "pw-secret"));
    let error = client.send(pull("org/app")).await.unwrap_err();

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let basic = BASE64_STANDARD.encode("ann:pw-secret");
    let host = storage.other_name();
    assert!(
        logged.contains(&format!("{host} answers 503 (service unavailable): waiting")),
        "{logged}"
    );
    for text in [logged, format!("{error} {error:?}")] {
        for secret in ["jwt-secret", "url-secret", "pw-secret", &basic] {
            assert!(!text.contains(secret), "{secret} is in: {text}");
        }
    }
}

#[tokio::test]
async fn a_registry_that_says_the_login_back_is_not_quoted() {
    let registry = Responder::new(|asked| {
        Some(match asked.authorization() {
            None => Reply::new(401).header("www-authenticate", "Basic realm=\"r\""),
            Some(login) => Reply::new(400).body(format!("what is '{login}' or 'hunter2'?")),
        })
    });
    let client = registry.client(password("robot", "hunter2"));
    let error = client.send(Request::get("/v2/")).await.unwrap_err().to_string();
    assert!(error.contains("what is 'Basic [secret]' or '[secret]'?"), "{error}");
}
