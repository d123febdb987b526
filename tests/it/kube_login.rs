//! Logging in to a cluster: certificates, tokens, passwords, plugins; and that none of it is told.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use longshore::config::Env;
use longshore::kube::{Client, Error, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::apiserver::quick;
use crate::support::certificates::{Authority, INNER_NAME};
use crate::support::faults::Proxy;
use crate::support::responder::{Asked, Reply, Responder};
use crate::support::tls_front::TlsFront;

const SECRET: &str = "hunter2-is-the-token";

/// A server behind TLS that lets in whoever `lets_in`, and a kubeconfig for it.
struct Site {
    home: TempDir,
    authority: Authority,
    server: Responder,
    front: TlsFront,
}

impl Site {
    fn new(lets_in: impl Fn(&Asked) -> bool + Send + Sync + 'static) -> Self {
        let server = Responder::new(move |asked| {
            Some(if lets_in(asked) {
                Reply::ok(r#"{"kind": "Thing"}"#)
            } else {
                let said = asked.authorization().unwrap_or_default();
                let body = json!({ "kind": "Status", "message": format!("no {said}"), "reason": "Unauthorized" });
                Reply::new(401).body(body.to_string())
            })
        });
        let authority = Authority::new();
        let front = TlsFront::before(server.address(), &authority);
        Self { home: tempfile::tempdir().unwrap(), authority, server, front }
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    /// A client for a kubeconfig with these fields of the cluster and of the user.
    fn client(&self, cluster: &Value, user: &Value) -> Result<Client, Error> {
        let mut cluster = cluster.clone();
        let fields = cluster.as_object_mut().unwrap();
        fields.entry("server").or_insert_with(|| self.front.url().into());
        if !fields.keys().any(|key| key.contains("certificate") || key.contains("insecure")) {
            let ca = self.authority.certs().join("ca.crt");
            fields.insert("certificate-authority".to_owned(), ca.to_str().unwrap().into());
        }
        let config = json!({
            "current-context": "test",
            "clusters": [{ "name": "c", "cluster": cluster }],
            "users": [{ "name": "u", "user": user }],
            "contexts": [{ "name": "test", "context": { "cluster": "c", "user": "u" } }],
        });
        let file = self.home().join("config");
        fs::write(&file, config.to_string()).unwrap();
        let path = format!("{}:{}", self.home().display(), std::env::var("PATH").unwrap());
        let vars = [("KUBECONFIG", file.to_str().unwrap()), ("PATH", &path)];
        Client::new(&Env::fake(self.home(), vars), &quick())
    }

    /// Asks once with this user.
    async fn ask(&self, user: &Value) -> Result<Value, Error> {
        get(&self.client(&json!({}), user).unwrap()).await
    }

    /// What requests came with.
    fn authorizations(&self) -> Vec<String> {
        let asked = self.server.asked();
        asked.iter().map(|asked| asked.authorization().unwrap_or("none").to_owned()).collect()
    }

    /// A program that counts its runs.
    fn program(&self, name: &str, body: &str) -> String {
        let path = self.home().join(name);
        let counts = self.home().join("runs");
        fs::write(&path, format!("#!/bin/sh\necho run >> {}\n{body}\n", counts.display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn runs(&self) -> usize {
        fs::read_to_string(self.home().join("runs")).map_or(0, |runs| runs.lines().count())
    }
}

async fn get(client: &Client) -> Result<Value, Error> {
    client.get("/apis/test/v1/things").await
}

fn told(error: &Error) -> String {
    let mut told = format!("{error:?} {error}");
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        told.push_str(&format!(": {error}"));
        next = error.source();
    }
    assert!(!told.contains("hunter2"), "{told}");
    told
}

fn v1(status: &Value) -> String {
    json!({ "kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": status })
        .to_string()
}

fn plugin(command: &str) -> Value {
    json!({ "exec": {
        "command": command,
        "apiVersion": "client.authentication.k8s.io/v1",
        "interactiveMode": "Never",
    }})
}

#[tokio::test]
async fn tokens_and_passwords_are_sent() {
    let site = Site::new(|_| true);
    let file = site.home().join("token");
    fs::write(&file, "from-file\n").unwrap();
    let pair = format!("Basic {}", STANDARD.encode("me:hunter2"));
    let cases = [
        (json!({ "token": SECRET }), format!("Bearer {SECRET}")),
        (json!({ "tokenFile": file }), "Bearer from-file".to_owned()),
        (json!({ "tokenFile": "token" }), "Bearer from-file".to_owned()),
        (json!({ "tokenFile": "gone", "token": SECRET }), format!("Bearer {SECRET}")),
        (json!({ "username": "me", "password": "hunter2" }), pair),
        (json!({}), "none".to_owned()),
    ];
    for (user, _) in &cases {
        site.ask(user).await.unwrap();
    }
    let expected: Vec<String> = cases.into_iter().map(|(_, expected)| expected).collect();
    assert_eq!(site.authorizations(), expected);

    let error = site.ask(&json!({ "tokenFile": "gone" })).await.unwrap_err();
    assert!(told(&error).contains("cannot read the token in"));
    let error = site.ask(&json!({ "token": "hunter2\nx" })).await.unwrap_err();
    assert!(told(&error).contains("cannot be sent"));
}

#[tokio::test]
async fn a_token_in_a_file_is_read_again_as_it_changes() {
    let site = Site::new(|asked| asked.authorization() != Some("Bearer stale"));
    let file = site.home().join("token");
    fs::write(&file, "one").unwrap();
    let client = site.client(&json!({}), &json!({ "tokenFile": file })).unwrap();
    get(&client).await.unwrap();
    fs::write(&file, "two").unwrap();
    get(&client).await.unwrap();
    assert_eq!(site.authorizations(), ["Bearer one", "Bearer two"]);

    fs::write(&file, "stale").unwrap();
    let error = get(&client).await.unwrap_err();
    assert!(told(&error).contains("does not take the login"), "{}", told(&error));
    assert_eq!(site.authorizations().len(), 3, "the same token is not sent twice");
}

#[tokio::test]
async fn client_certificates_are_shown() {
    let site = Site::new(|_| true);
    let (certificate, key) =
        (site.authority.mutual().join("client.cert"), site.authority.mutual().join("client.key"));
    let data = |path: &Path| STANDARD.encode(fs::read(path).unwrap());
    site.ask(&json!({ "client-certificate": certificate, "client-key": key })).await.unwrap();
    let inline =
        json!({ "client-certificate-data": data(&certificate), "client-key-data": data(&key) });
    site.ask(&inline).await.unwrap();
    site.ask(&json!({})).await.unwrap();
    // A plugin's certificate takes the place of that in the file.
    let status = json!({
        "clientCertificateData": fs::read_to_string(&certificate).unwrap(),
        "clientKeyData": fs::read_to_string(&key).unwrap(),
    });
    fs::write(site.home().join("answer"), v1(&status)).unwrap();
    let command = site.program("give", &format!("cat {}/answer", site.home().display()));
    site.ask(&plugin(&command)).await.unwrap();
    // Nobody's certificate is verified, and ours is shown all the same.
    let unproven = site.client(&json!({ "insecure-skip-tls-verify": true }), &inline).unwrap();
    get(&unproven).await.unwrap();

    let callers = site.front.callers();
    let shown: Vec<bool> = callers.iter().map(|caller| caller.certificate.is_some()).collect();
    assert_eq!(shown, [true, true, false, true, true]);
}

#[tokio::test]
async fn servers_have_to_prove_who_they_are() {
    let site = Site::new(|_| true);
    let ca = STANDARD.encode(fs::read(site.authority.certs().join("ca.crt")).unwrap());
    let other = Authority::new();
    let other = STANDARD.encode(fs::read(other.certs().join("ca.crt")).unwrap());
    let user = json!({ "token": SECRET });
    for (cluster, trusted) in [
        (json!({ "certificate-authority-data": ca }), true),
        (json!({ "certificate-authority-data": other }), false),
        (json!({ "certificate-authority-data": "" }), false),
        (json!({ "insecure-skip-tls-verify": true }), true),
        (json!({ "tls-server-name": INNER_NAME }), true),
        (json!({ "tls-server-name": "other.cluster.internal" }), false),
    ] {
        let got = get(&site.client(&cluster, &user).unwrap()).await;
        assert_eq!(got.is_ok(), trusted, "{cluster}: {got:?}");
        if let Err(error) = got {
            assert!(told(&error).contains("is not trusted"), "{}", told(&error));
        }
    }
    let names: Vec<_> = site.front.callers().into_iter().map(|caller| caller.name).collect();
    assert_eq!(names, [None, None, Some(INNER_NAME.to_owned())]);
    let hosts = site.server.asked().into_iter().map(|asked| asked.headers["host"].clone());
    let own = site.front.url().replace("https://", "");
    assert!(hosts.into_iter().all(|host| host == own.as_str()));
}

#[tokio::test]
async fn no_login_goes_over_plain_http() {
    let site = Site::new(|asked| asked.authorization().is_some());
    let cluster = json!({ "server": format!("http://{}", site.server.address()) });
    let client = site.client(&cluster, &json!({ "token": SECRET })).unwrap();
    let error = get(&client).await.unwrap_err();
    assert_eq!(site.authorizations(), ["none"]);
    assert!(told(&error).contains("None is sent over plain HTTP"), "{}", told(&error));
}

#[tokio::test]
async fn a_proxy_of_the_kubeconfig_is_used() {
    let site = Site::new(|_| true);
    let proxy = Proxy::before(&site.server.address());
    let cluster = json!({
        "server": "http://api.invalid:6443",
        "proxy-url": format!("http://me:hunter2@{}", proxy.address()),
    });
    get(&site.client(&cluster, &json!({})).unwrap()).await.unwrap();
    assert_eq!(proxy.count("GET", "/apis/test/v1/things"), 1);
    drop(proxy);
    let error = get(&site.client(&cluster, &json!({})).unwrap()).await.unwrap_err();
    assert!(told(&error).contains("no answer from http://api.invalid:6443/ (context 'test' of"));
}

#[tokio::test]
async fn impersonation_is_asked_for() {
    let site = Site::new(|_| true);
    let user = json!({ "token": SECRET, "as": "deputy", "as-uid": "7", "as-groups": ["a", "b"],
        "as-user-extra": { "Scopes/x": ["s"] } });
    site.ask(&user).await.unwrap();
    let headers = &site.server.asked()[0].headers;
    let all = |name: &str| {
        headers.get_all(name).iter().map(|v| v.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(all("impersonate-user"), ["deputy"]);
    assert_eq!(all("impersonate-uid"), ["7"]);
    assert_eq!(all("impersonate-group"), ["a", "b"]);
    assert_eq!(all("impersonate-extra-scopes%2fx"), ["s"]);
}

#[tokio::test]
async fn a_plugin_runs_once_until_its_login_expires_or_is_refused() {
    let site = Site::new(|asked| asked.authorization() != Some("Bearer refused"));
    let answer = site.home().join("answer");
    let give = |status: Value| fs::write(&answer, v1(&status)).unwrap();
    let command = site.program("give", &format!("cat {}", answer.display()));
    let client = site.client(&json!({}), &plugin(&command)).unwrap();

    give(json!({ "token": "one" }));
    get(&client).await.unwrap();
    get(&client).await.unwrap();
    let (a, b) = tokio::join!(get(&client), get(&client));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!((site.runs(), site.authorizations()), (1, vec!["Bearer one".to_owned(); 4]));

    // What has expired is asked for anew each time.
    let client = site.client(&json!({}), &plugin(&command)).unwrap();
    give(json!({ "token": "old", "expirationTimestamp": "2020-01-01T00:00:00Z" }));
    get(&client).await.unwrap();
    get(&client).await.unwrap();
    assert_eq!(site.runs(), 3);

    // What is refused is asked for once more, and the request is sent again with it.
    let client = site.client(&json!({}), &plugin(&command)).unwrap();
    give(json!({ "token": "refused", "expirationTimestamp": "2099-01-01T00:00:00Z" }));
    let error = get(&client).await.unwrap_err();
    assert!(told(&error).contains("does not take the login: log in again (`oc login`)"));
    assert_eq!(site.runs(), 5);
    let turns = format!(
        "if [ $(wc -l < {}/runs) -gt 6 ]; then echo '{}'; else echo '{}'; fi",
        site.home().display(),
        v1(&json!({ "token": "fresh" })),
        v1(&json!({ "token": "refused" }))
    );
    let command = site.program("turn", &turns);
    let client = site.client(&json!({}), &plugin(&command)).unwrap();
    get(&client).await.unwrap();
    assert_eq!(site.runs(), 7);
    assert_eq!(site.authorizations().last().unwrap(), "Bearer fresh");
}

#[tokio::test]
async fn a_plugin_is_told_what_is_wanted() {
    let site = Site::new(|_| true);
    let seen = site.home().join("seen");
    let script = format!(
        "printf '%s\\n' \"$KUBERNETES_EXEC_INFO\" \"$EXTRA\" \"$*\" > {}\necho '{}'",
        seen.display(),
        v1(&json!({ "token": "t" })).replace("/v1\"", "/v1beta1\"")
    );
    site.program("give", &script);
    let cluster = json!({
        "insecure-skip-tls-verify": true,
        "extensions": [{ "name": "client.authentication.k8s.io/exec", "extension": { "audience": "x" } }],
    });
    // With a slash it is beside the kubeconfig, without one it is sought on the PATH.
    for command in ["./give", "give"] {
        let user = json!({ "exec": {
            "command": command, "args": ["a", "b c"], "env": [{ "name": "EXTRA", "value": "hunter2" }],
            "apiVersion": "client.authentication.k8s.io/v1beta1", "provideClusterInfo": true,
        }});
        get(&site.client(&cluster, &user).unwrap()).await.unwrap();
        let text = fs::read_to_string(&seen).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1..], ["hunter2", "a b c"]);
        let info: Value = serde_json::from_str(lines[0]).unwrap();
        assert_eq!(
            info,
            json!({
                "kind": "ExecCredential",
                "apiVersion": "client.authentication.k8s.io/v1beta1",
                "spec": { "interactive": false, "cluster": {
                    "server": site.front.url(),
                    "insecure-skip-tls-verify": true,
                    "config": { "audience": "x" },
                }},
            })
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_plugin_is_told() {
    let site = Site::new(|_| true);
    let mut absent = plugin("no-such-plugin");
    absent["exec"]["installHint"] = "Get it from https://plugins.example".into();
    let mut asking = plugin("true");
    asking["exec"]["interactiveMode"] = "Always".into();
    for (user, expected) in [
        (
            absent,
            "cannot start 'no-such-plugin', which the kubeconfig names to log in: Get it from https://plugins.example",
        ),
        (asking, "needs a terminal (interactiveMode: Always)"),
        (plugin(&site.program("fail", "echo hunter2; exit 3")), "ended with exit status: 3"),
        (plugin(&site.program("prose", "echo hunter2")), "is not an ExecCredential"),
        (
            plugin(&site.program("large", "yes hunter2 | head -c 3000000")),
            "is larger than any login",
        ),
    ] {
        let error = site.ask(&user).await.unwrap_err();
        assert!(told(&error).contains(expected), "{}", told(&error));
        assert!(told(&error).contains("cannot log in to https://127.0.0.1"));
    }
    assert!(site.server.asked().is_empty());
}

/// A program that leaves another one running, which holds its output open.
fn leaving(site: &Site, body: &str) -> (String, std::path::PathBuf) {
    let left = site.home().join("left");
    let body = format!("sleep 120 2>&1 &\necho $! > {}\n{body}", left.display());
    (site.program("leave", &body), left)
}

#[tokio::test]
async fn what_a_plugin_leaves_running_is_not_waited_for() {
    let site = Site::new(|_| true);
    for (body, lets_in) in
        [(format!("echo '{}'", v1(&json!({ "token": "one" }))), true), ("exit 3".to_owned(), false)]
    {
        let (command, left) = leaving(&site, &body);
        let client = site.client(&json!({}), &plugin(&command)).unwrap();
        let got = tokio::time::timeout(Duration::from_secs(60), get(&client)).await;
        kill(&left);
        assert_eq!(got.expect("it waits for what the plugin left").is_ok(), lets_in);
    }
    assert_eq!(site.authorizations(), ["Bearer one"]);
}

#[tokio::test]
async fn a_time_limit_is_for_the_plugin_too() {
    let site = Site::new(|_| true);
    let command = site.program("wait", "exec sleep 120");
    drop(site.client(&json!({}), &plugin(&command)));
    let vars = [("KUBECONFIG", site.home().join("config"))];
    let vars = vars.each_ref().map(|(name, path)| (*name, path.to_str().unwrap()));
    let options = Options { timeout: Some(Duration::from_millis(200)), ..quick() };
    let client = Client::new(&Env::fake(site.home(), vars), &options).unwrap();
    let error = tokio::time::timeout(Duration::from_secs(60), get(&client)).await.unwrap();
    let error = told(&error.unwrap_err());
    assert!(
        error.contains("which the kubeconfig names to log in, did not end within 200ms"),
        "{error}"
    );
    assert!(site.server.asked().is_empty());
}

fn kill(file: &Path) {
    let pid = fs::read_to_string(file).unwrap().trim().parse().unwrap();
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
}

#[tokio::test]
async fn a_pod_shows_its_token_to_its_own_server() {
    let site = Site::new(|_| true);
    let account = site.home().join("account");
    fs::create_dir(&account).unwrap();
    fs::write(account.join("token"), "of-the-pod\n").unwrap();
    fs::copy(site.authority.certs().join("ca.crt"), account.join("ca.crt")).unwrap();
    let url = site.front.url();
    let port = url.rsplit(':').next().unwrap();
    let vars = [("KUBERNETES_SERVICE_HOST", "127.0.0.1"), ("KUBERNETES_SERVICE_PORT", port)];
    let options = Options { account: Some(account.clone()), ..quick() };
    let client = Client::new(&Env::fake(site.home(), vars), &options).unwrap();
    get(&client).await.unwrap();
    fs::write(account.join("token"), "renewed").unwrap();
    get(&client).await.unwrap();
    assert_eq!(site.authorizations(), ["Bearer of-the-pod", "Bearer renewed"]);
}
