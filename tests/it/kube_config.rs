//! Which cluster is found: kubeconfig files and their merging, the account of a pod, and what is told of bad files.

use std::fs;
use std::path::PathBuf;

use longshore::config::Env;
use longshore::kube::{Client, Options};
use tempfile::TempDir;

/// A home folder with files in it.
struct Home(TempDir);

impl Home {
    fn with(files: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(home)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `KUBECONFIG` for these files.
    fn list(&self, names: &[&str]) -> String {
        let paths: Vec<_> =
            names.iter().map(|name| self.path(name).display().to_string()).collect();
        paths.join(":")
    }

    /// The server and the namespace that are found, or what is told.
    fn find(&self, env: &Env, options: &Options) -> Result<(String, Option<String>), String> {
        let options = Options { account: Some(self.path("account")), ..options.clone() };
        match Client::new(env, &options) {
            Ok(client) => Ok((client.server(), client.namespace().map(str::to_owned))),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(|c| format!(": {c}"));
                let told = format!("{error}{}", cause.unwrap_or_default());
                Err(told.replace(&format!("{}/", self.0.path().display()), ""))
            }
        }
    }

    fn env(&self, kubeconfig: &str) -> Env {
        Env::fake(self.0.path(), [("KUBECONFIG", kubeconfig)])
    }
}

fn found(server: &str, namespace: &str) -> Result<(String, Option<String>), String> {
    Ok((server.to_owned(), Some(namespace.to_owned()).filter(|name| !name.is_empty())))
}

fn context(name: &str) -> Options {
    Options { context: Some(name.to_owned()), ..Options::default() }
}

const ONE: &str = "\
current-context: dev
clusters:
- {name: east, cluster: {server: 'https://east.example:6443'}}
contexts:
- {name: dev, context: {cluster: east, user: me, namespace: team}}
- {name: bare, context: {cluster: west}}
";
const TWO: &str = "\
current-context: bare
clusters:
- {name: east, cluster: {server: 'https://not-this.example'}}
- {name: west, cluster: {server: 'west.example/k8s/clusters/c-1'}}
users:
- {name: me, user: {token: hunter2}}
contexts:
- {name: dev, context: {cluster: west}}
- {name: lost, context: {cluster: nowhere}}
- {name: nobody, context: {cluster: west, user: ghost}}
";

#[test]
fn files_are_merged_and_the_first_wins() {
    let home = Home::with(&[("one", ONE), ("two", TWO), ("empty", "\n"), (".kube/config", TWO)]);
    let both = home.env(&home.list(&["none", "one", "empty", "two"]));
    let east = found("https://east.example:6443/", "team");
    let west = found("https://west.example/k8s/clusters/c-1", "");
    assert_eq!(home.find(&both, &Options::default()), east);
    assert_eq!(home.find(&both, &context("bare")), west);
    let turned = home.env(&home.list(&["two", "one"]));
    assert_eq!(home.find(&turned, &Options::default()), west);
    assert_eq!(home.find(&turned, &context("dev")), west);

    let usual = Env::fake(home.0.path(), []);
    assert_eq!(home.find(&usual, &context("dev")), west);
    let named = Options { kubeconfig: Some(home.path("none")), ..Options::default() };
    let told = home.find(&both, &named).unwrap_err();
    assert!(told.starts_with("cannot read none: "), "{told}");
    let named = Options { kubeconfig: Some(home.path("two")), ..context("dev") };
    assert_eq!(home.find(&both, &named), west);

    for (asked, told) in [
        ("gone", "there is no context 'gone' in one, empty, two (bare, dev, lost, nobody)"),
        ("lost", "there is no cluster 'nowhere' in one, empty, two (east, west)"),
        ("nobody", "there is no user 'ghost' in one, empty, two (me)"),
    ] {
        assert_eq!(home.find(&both, &context(asked)).unwrap_err(), told);
    }
}

#[test]
fn a_pod_is_in_its_cluster_unless_a_kubeconfig_says_otherwise() {
    let account = [("account/token", "t\n"), ("account/namespace", "builds\n"), ("one", ONE)];
    let home = Home::with(&account);
    let service = [("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("KUBERNETES_SERVICE_PORT", "443")];
    let pod = Env::fake(home.0.path(), service);
    assert_eq!(home.find(&pod, &Options::default()), found("https://10.0.0.1/", "builds"));
    let six = [("KUBERNETES_SERVICE_HOST", "fd00::1"), ("KUBERNETES_SERVICE_PORT", "6443")];
    let pod_of_six = Env::fake(home.0.path(), six);
    let got = home.find(&pod_of_six, &Options::default());
    assert_eq!(got, found("https://[fd00::1]:6443/", "builds"));

    let bad = [("KUBERNETES_SERVICE_HOST", "a/b"), ("KUBERNETES_SERVICE_PORT", "x")];
    let told = home.find(&Env::fake(home.0.path(), bad), &Options::default()).unwrap_err();
    assert!(told.contains("KUBERNETES_SERVICE_HOST and"), "{told}");

    let list = home.list(&["one"]);
    let [(host, address), (port, number)] = service;
    let both = Env::fake(home.0.path(), [(host, address), (port, number), ("KUBECONFIG", &list)]);
    let east = found("https://east.example:6443/", "team");
    fs::write(home.path("one"), format!("{ONE}users: [{{name: me, user: {{}}}}]\n")).unwrap();
    assert_eq!(home.find(&both, &Options::default()), east);

    fs::remove_file(home.path("account/token")).unwrap();
    let told = home.find(&pod, &Options::default()).unwrap_err();
    assert!(told.starts_with("no cluster is known: .kube/config has no context"), "{told}");
    assert!(told.contains("oc login") && told.contains("KUBECONFIG"), "{told}");
}

#[test]
fn without_a_choice_the_contexts_are_named() {
    let home = Home::with(&[("two", &TWO.replace("current-context: bare\n", ""))]);
    let told = home.find(&home.env(&home.list(&["two"])), &Options::default()).unwrap_err();
    let expected =
        "two chooses no context (current-context): name one with --context (dev, lost, nobody)";
    assert_eq!(told, expected);
}

#[test]
fn what_is_wrong_with_a_file_is_told_where_it_stands() {
    let plugin = "exec: {command: x, apiVersion: client.authentication.k8s.io/v1";
    let cases: [(&str, &str, &str); 19] = [
        ("server: ftp://x", "", "4:13: 'server' is no address"),
        ("server: https://me:hunter2@x", "", "4:13: 'server' is no address"),
        ("server: 'https://x?y'", "", "4:13: 'server' is no address"),
        ("certificate-authority: a", "", "the cluster that was chosen has no 'server' in config"),
        (
            "server: https://x\n    certificate-authority-data: '!hunter2'",
            "",
            "5:33: 'certificate-authority-data' is not base64",
        ),
        (
            "server: https://x\n    certificate-authority-data: aHVudGVyMg==",
            "",
            "5:33: 'certificate-authority-data' is not in PEM form",
        ),
        ("server: https://x\n    certificate-authority: gone.crt", "", "cannot read gone.crt"),
        (
            "server: https://x\n    certificate-authority: config",
            "",
            "config, which 'certificate-authority' names, is not in PEM form",
        ),
        (
            "server: https://x\n    insecure-skip-tls-verify: true\n    certificate-authority: x",
            "",
            "exclude each other",
        ),
        ("server: https://x\n    proxy-url: ftp://hunter2", "", "5:16: 'proxy-url' is no address"),
        (
            "server: https://x\n    tls-server-name: 10.0.0.1",
            "",
            "5:22: 'tls-server-name' is no host name",
        ),
        (
            "server: https://x\n    tls-server-name: y\n    proxy-url: http://z",
            "",
            "cannot be used together",
        ),
        (
            "server: https://x",
            "client-key-data: aHVudGVyMg==",
            "8:22: a client certificate needs 'client-certificate' or",
        ),
        (
            "server: https://x",
            "{token: hunter2, username: me, password: hunter2}",
            "a token or a password, not both",
        ),
        (
            "server: https://x",
            "auth-provider: {name: gcp}",
            "the auth-provider 'gcp' is not supported: use 'exec'",
        ),
        (
            "server: https://x",
            "exec: {command: x, apiVersion: v1}",
            "the apiVersion of a plugin is client.authentication.k8s.io/v1 or",
        ),
        (
            "server: https://x",
            &format!("{plugin}, interactiveMode: Perhaps}}"),
            "interactiveMode is Never, IfAvailable or Always",
        ),
        ("server: https://x", "token: [hunter2]", "8:12: this is not how a kubeconfig is written"),
        ("server: https://x", "as: \"a\\nhunter2\"", "8:9: no header can hold this"),
    ];
    for (cluster, user, told) in cases {
        let text = format!(
            "clusters:\n- name: c\n  cluster:\n    {cluster}\nusers:\n- name: u\n  user:\n    {user}\n\
             contexts: [{{name: x, context: {{cluster: c, user: u}}}}]\ncurrent-context: x\n"
        );
        let home = Home::with(&[("config", &text)]);
        let got = home.find(&home.env(&home.list(&["config"])), &Options::default());
        let got = got.expect_err(&text);
        assert!(got.contains(told), "{got}\n  expected {told}");
        assert!(!got.contains("hunter2"), "{got}");
    }
}

#[test]
fn a_file_of_any_size_is_not_read() {
    let home = Home::with(&[("large", &"#".repeat(5 << 20))]);
    let told = home.find(&home.env(&home.list(&["large"])), &Options::default()).unwrap_err();
    assert_eq!(told, "large is larger than 4194304 bytes");
    let endless = Options { kubeconfig: Some("/dev/zero".into()), ..Options::default() };
    let told = home.find(&home.env("x"), &endless).unwrap_err();
    assert_eq!(told, "/dev/zero is larger than 4194304 bytes");
}
