//! A session: endpoints opened as settings, auth files and `registries.conf` say.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use longshore::auth::{Credential, Secret};
use longshore::config::{ConnectionOptions, Env, Registries};
use longshore::mirror::Mapping;
use longshore::model::Endpoint;
use longshore::ops::{self, CopyReport, CopyRequest, Ends};
use longshore::session::{Session, SessionOptions};
use longshore::store::Open;
use longshore::transfer::Outcome;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::certificates::Authority;
use crate::support::layout::{Layout as Fixture, digest};
use crate::support::registry::Registry;
use crate::support::tokens::TokenServer;

/// A user with a home of their own, and a layout `images` in it.
struct User {
    home: TempDir,
    registries_conf: String,
}

impl User {
    fn new(registries_conf: &str) -> Self {
        let home = TempDir::new().unwrap();
        let path = home.path().join("registries.conf");
        fs::write(&path, registries_conf).unwrap();
        Self { registries_conf: path.display().to_string(), home }
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    fn session(&self, connection: ConnectionOptions) -> Arc<Session> {
        self.session_with(SessionOptions { connection, ..SessionOptions::default() })
    }

    fn session_with(&self, options: SessionOptions) -> Arc<Session> {
        let env = Env::fake(
            self.home.path(),
            [("CONTAINERS_REGISTRIES_CONF", self.registries_conf.as_str())],
        );
        let registries = Registries::load(&env).unwrap();
        Arc::new(Session::new(env, registries, options))
    }

    /// Puts an image `NAME` into the layout and gives its descriptor.
    fn image(&self, name: &str) -> Value {
        let fixture = Fixture::new(self.path("images"));
        let layer = fixture.layer(&[("etc/name", name)]);
        let image = fixture.image("linux/amd64", &[layer]);
        fixture.name(name, &image);
        image
    }
}

fn plain() -> ConnectionOptions {
    ConnectionOptions { plain_http: true, ..ConnectionOptions::default() }
}

async fn copy(session: &Arc<Session>, source: &str, destination: &str) -> CopyReport {
    let ends = Ends {
        source: Arc::clone(session) as Arc<dyn Open>,
        destination: Arc::clone(session) as Arc<dyn Open>,
    };
    let endpoint = |text: &str| text.parse::<Endpoint>().unwrap();
    let mapping = Mapping::new(endpoint(source), vec![endpoint(destination)]);
    let request = CopyRequest { mappings: vec![mapping], ..CopyRequest::default() };
    ops::copy(&ends, &request, Arc::new(())).await
}

/// Copies one image, which must succeed, and gives its digest.
async fn copied(session: &Arc<Session>, source: &str, destination: &str) -> String {
    let report = copy(session, source, destination).await;
    match &report.images[0].result {
        Ok(image) => image.digest.to_string(),
        Err(error) => panic!("{:?}", anyhow::Error::msg(chain(error))),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {}", chain(cause))).unwrap_or_default();
    format!("{error}{cause}")
}

async fn failure(session: &Arc<Session>, source: &str, destination: &str) -> String {
    chain(copy(session, source, destination).await.images[0].result.as_ref().unwrap_err())
}

#[tokio::test]
async fn logins_come_from_the_auth_file_and_certificates_from_the_file_given() {
    need!("docker-registry", "htpasswd");
    let authority = Authority::new();
    let registry = Registry::with_tls(&authority, "org+robot", "hunter2");
    let user = User::new("");
    let image = user.image("v1");
    let ca_file = Some(authority.certs().join("ca.crt"));
    let connection = ConnectionOptions { ca_file, ..ConnectionOptions::default() };
    let (from, to) =
        (format!("oci:{}:v1", user.path("images")), format!("{}/app", registry.address()));

    let stranger = failure(&user.session(connection.clone()), &from, &to).await;
    assert!(stranger.contains("wants a login"), "{stranger}");
    let unknown = failure(&user.session(ConnectionOptions::default()), &from, &to).await;
    assert!(unknown.contains("certificate"), "{unknown}");
    let plain = failure(&user.session(plain()), &from, &to).await;
    assert!(plain.contains("400"), "{plain}");

    fs::create_dir_all(user.home.path().join(".docker")).unwrap();
    let auth = serde_json::json!({"auths": {registry.address(): {"username": "org+robot", "password": "hunter2"}}});
    fs::write(user.home.path().join(".docker/config.json"), auth.to_string()).unwrap();
    let session = user.session(connection);
    assert_eq!(copied(&session, &from, &to).await, digest(&image));
    let back = format!("oci-archive:{}", user.path("back.tar"));
    assert_eq!(copied(&session, &format!("{to}:v1"), &back).await, digest(&image));
}

#[tokio::test]
async fn a_login_of_one_registry_goes_to_no_other() {
    need!("docker-registry", "htpasswd");
    let registries = ["ann", "bob"].map(|user| Registry::with_password(user, user));
    let [ann, bob] = registries.each_ref().map(|registry| format!("{}/app", registry.address()));
    let user = User::new("");
    let image = user.image("v1");
    let from = format!("oci:{}:v1", user.path("images"));
    // What is in the auth file is wrong, and is not looked at.
    let auth = serde_json::json!({"auths": {registries[0].address(): {"username": "ann", "password": "x"}}});
    fs::create_dir_all(user.home.path().join(".docker")).unwrap();
    fs::write(user.home.path().join(".docker/config.json"), auth.to_string()).unwrap();

    let login = |user: &str, password: &str| Credential::Basic {
        username: user.to_owned(),
        password: Secret::new(password.to_owned()),
    };
    let of = |index: usize| registries[index].address().parse().unwrap();
    let session = |logins: &[(usize, &str)], given: Option<(usize, &str)>| {
        let logins = logins.iter().map(|(index, user)| (of(*index), login(user, user)));
        user.session_with(SessionOptions {
            connection: plain(),
            logins: Arc::new(logins.collect()),
            given: given.map(|(index, password)| (of(index), login("ann", password))),
            ..SessionOptions::default()
        })
    };
    let both = session(&[(0, "ann"), (1, "bob")], None);
    assert_eq!(copied(&both, &from, &ann).await, digest(&image));
    assert_eq!(copied(&both, &format!("{ann}:v1"), &bob).await, digest(&image));
    let one = session(&[(0, "ann")], None);
    let refused = failure(&one, &format!("{ann}:v1"), &bob).await;
    assert!(refused.contains("wants a login"), "{refused}");
    // One that is given by hand counts more.
    let wrong = session(&[(0, "ann")], Some((0, "wrong")));
    failure(&wrong, &format!("{ann}:v1"), &format!("oci:{}", user.path("copy"))).await;
    let right = session(&[(0, "bob")], Some((0, "ann")));
    copied(&right, &format!("{ann}:v1"), &format!("oci:{}:v1", user.path("copy"))).await;
}

#[tokio::test]
async fn tokens_are_fetched_for_what_is_done_and_used_again() {
    need!("docker-registry");
    let server = TokenServer::new("12345678|robot", "hunter2", 300);
    let registry = Registry::with_tokens(&server);
    let user = User::new("");
    let image = user.image("v1");
    let auth = serde_json::json!({"auths": {registry.address(): {"username": "12345678|robot", "password": "hunter2"}}});
    fs::create_dir_all(user.home.path().join(".docker")).unwrap();
    fs::write(user.home.path().join(".docker/config.json"), auth.to_string()).unwrap();
    let session = user.session(plain());
    let from = format!("oci:{}:v1", user.path("images"));
    let one = format!("{}/one:v1", registry.address());
    assert_eq!(copied(&session, &from, &one).await, digest(&image));
    let report = copy(&session, &one, &format!("{}/two:v1", registry.address())).await;
    let two = report.images[0].result.as_ref().unwrap();
    assert_eq!((two.mounted, two.copied), (2, 0));
    let asked = server.asked().len();
    assert!(asked <= 5, "{:?}", server.asked());
    let again = copy(&session, &one, &format!("{}/two:v1", registry.address())).await;
    assert_eq!(again.images[0].result.as_ref().unwrap().outcome, Outcome::Present);
    assert_eq!(server.asked().len(), asked);
}

#[tokio::test]
async fn mirrors_are_asked_before_the_place_itself() {
    need!("docker-registry");
    let (mirror, primary) = (Registry::open(), Registry::open());
    let conf = format!(
        r#"
        unqualified-search-registries = ["registry.example"]
        [aliases]
        "short/app" = "registry.example/team/app"
        [[registry]]
        prefix = "registry.example/team"
        location = "{}/real"
        [[registry.mirror]]
        location = "{}/cache"
        [[registry]]
        location = "registry.example/secret"
        blocked = true
        "#,
        primary.address(),
        mirror.address()
    );
    let user = User::new(&conf);
    let image = user.image("v1");
    let session = user.session(plain());
    let from = format!("oci:{}:v1", user.path("images"));
    let to = |name: &str| format!("oci:{}", user.path(name));

    copied(&session, &from, &format!("{}/real/app:v1", primary.address())).await;
    let name = "registry.example/team/app:v1";
    assert_eq!(copied(&session, name, &to("from-primary")).await, digest(&image));
    copied(&session, &from, &format!("{}/cache/app:v2", mirror.address())).await;
    let only_in_mirror = "registry.example/team/app:v2";
    assert_eq!(copied(&session, only_in_mirror, &to("from-mirror")).await, digest(&image));
    assert_eq!(copied(&session, "short/app:v2", &to("by-alias")).await, digest(&image));
    let blocked = failure(&session, "registry.example/secret/app:v1", &to("blocked")).await;
    assert!(blocked.contains("is forbidden"), "{blocked}");
    assert!(!user.home.path().join("blocked").exists());
}

#[tokio::test]
async fn a_registry_that_the_settings_call_insecure_may_speak_plain_http() {
    need!("docker-registry");
    let registry = Registry::open();
    let conf = format!("[[registry]]\nlocation = \"{}\"\ninsecure = true\n", registry.address());
    let user = User::new(&conf);
    let image = user.image("v1");
    let session = user.session(ConnectionOptions::default());
    let from = format!("oci:{}:v1", user.path("images"));
    let to = format!("{}/app:v1", registry.address());
    assert_eq!(copied(&session, &from, &to).await, digest(&image));
    let strict = User::new("").session(ConnectionOptions::default());
    let refused = failure(&strict, &from, &to).await;
    assert!(refused.contains("speaks plain HTTP"), "{refused}");
}

/// Passes connections on to `registry`, except those that begin as TLS: they are closed.
fn closing_tls(registry: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, registry) = (listener.local_addr().unwrap().to_string(), registry.to_owned());
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut first = [0];
            if client.peek(&mut first).is_err() || first == [0x16] {
                continue;
            }
            let mut server = TcpStream::connect(&registry).unwrap();
            let (mut back, mut forth) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || io::copy(&mut client, &mut server));
            std::thread::spawn(move || io::copy(&mut forth, &mut back));
        }
    });
    address
}

#[tokio::test]
async fn a_registry_that_the_settings_call_insecure_may_hang_up_on_tls() {
    need!("docker-registry");
    let registry = Registry::open();
    let address = closing_tls(registry.address());
    let conf = format!("[[registry]]\nlocation = \"{address}\"\ninsecure = true\n");
    let user = User::new(&conf);
    let image = user.image("v1");
    let session = user.session(ConnectionOptions::default());
    let from = format!("oci:{}:v1", user.path("images"));
    assert_eq!(copied(&session, &from, &format!("{address}/app:v1")).await, digest(&image));
}

#[tokio::test]
async fn a_registry_that_the_settings_call_insecure_may_be_on_port_80_alone() {
    need!("docker-registry");
    // Not everybody may serve there, and one of us at a time can.
    let Ok(listener) = TcpListener::bind("127.0.0.1:80") else { return };
    if TcpStream::connect("127.0.0.1:443").is_ok() {
        return;
    }
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = client.read(&mut [0; 4096]);
            let _ = client.write_all(answer.as_bytes());
        }
    });
    let user = User::new("[[registry]]\nlocation = \"127.0.0.1\"\ninsecure = true\n");
    let session = user.session(ConnectionOptions::default());
    let told = failure(&session, "127.0.0.1/app:v1", "oci:x:v1").await;
    assert!(told.contains("404"), "{told}");
}

#[tokio::test]
async fn images_that_go_to_one_archive_are_all_in_it() {
    let user = User::new("");
    let fixture = Fixture::new(user.path("images"));
    for name in ["a", "b"] {
        let image = fixture.image("linux/amd64", &[fixture.layer(&[("etc/name", name)])]);
        fixture.name(name, &image);
    }
    let session = user.session(ConnectionOptions::default());
    let ends = Ends { source: session.clone(), destination: session.clone() };
    let archive = format!("oci-archive:{}", user.path("both.tar"));
    let mapping = |name: &str| {
        Mapping::new(
            format!("oci:{}:{name}", user.path("images")).parse().unwrap(),
            vec![archive.parse().unwrap()],
        )
    };
    let request =
        CopyRequest { mappings: vec![mapping("a"), mapping("b")], ..CopyRequest::default() };
    let report = ops::copy(&ends, &request, Arc::new(())).await;
    assert!(report.images.iter().all(|image| image.result.is_ok()), "{report:?}");
    let names = ops::tags(session.as_ref(), &archive.parse().unwrap()).await.unwrap();
    assert_eq!(names.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a", "b"]);
}

#[tokio::test]
async fn a_file_is_not_two_kinds_of_archive() {
    let user = User::new("");
    let image = user.image("v1");
    let session = user.session(plain());
    let (from, file) = (format!("oci:{}:v1", user.path("images")), user.path("a.tar"));
    let archives = ["oci-archive", "docker-archive"].map(|kind| format!("{kind}:{file}:v1"));
    let mapping = Mapping::new(
        from.parse().unwrap(),
        archives.iter().map(|archive| archive.parse().unwrap()).collect(),
    );
    let ends = Ends { source: session.clone(), destination: session.clone() };
    let request = CopyRequest { mappings: vec![mapping], ..CopyRequest::default() };
    let images = ops::copy(&ends, &request, Arc::new(())).await.images;
    assert!(images[0].result.is_ok());
    let error = chain(images[1].result.as_ref().unwrap_err());
    assert!(error.contains("another kind"), "{error}");
    let copy = format!("oci:{}:v1", user.path("copy"));
    assert_eq!(copied(&session, &archives[0], &copy).await, digest(&image));
}

#[tokio::test]
async fn one_failure_does_not_stop_the_others() {
    let user = User::new("");
    user.image("there");
    let session = user.session(ConnectionOptions::default());
    let ends = Ends { source: session.clone(), destination: session.clone() };
    let mapping = |name: &str| {
        Mapping::new(
            format!("oci:{}:{name}", user.path("images")).parse().unwrap(),
            vec![format!("oci:{}", user.path("copy")).parse().unwrap()],
        )
    };
    let request = CopyRequest {
        mappings: vec![mapping("missing"), mapping("there")],
        ..CopyRequest::default()
    };
    let report = ops::copy(&ends, &request, Arc::new(())).await;
    assert!(report.images[0].result.is_err() && report.images[1].result.is_ok());
}

#[tokio::test]
async fn an_image_that_is_not_there_leaves_no_folder_behind() {
    let user = User::new("");
    user.image("there");
    let session = user.session(ConnectionOptions::default());
    let from = format!("oci:{}:missing", user.path("images"));
    for transport in ["oci", "oci-archive", "docker-archive", "dir"] {
        let error = failure(&session, &from, &format!("{transport}:{}", user.path("new"))).await;
        assert!(error.contains("missing"), "{error}");
        assert!(!user.home.path().join("new").exists(), "{transport}");
    }
}
