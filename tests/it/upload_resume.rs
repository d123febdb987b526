//! Uploads of a process that ended are gone on with by the next one, and whatever becomes of the journal costs only
//! time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::RANGE;
use longshore::config::Connection;
use longshore::model::{Descriptor, ImageRef};
use longshore::registry::{Journal, Remote};
use longshore::store::{Layout, Sink};
use tempfile::TempDir;

use crate::registry_client::{image_of, read};
use crate::support::embedded::Embedded;
use crate::support::faults::{Canned, Fault, Proxy};
use crate::support::layout::Layout as Fixture;
use crate::support::registry::Registry;
use crate::support::responder::{self, Reply, Responder};
use crate::support::shell::Shell;

const SIZE: u64 = 32 << 20;
const HALF: u64 = SIZE / 2;
/// What was sent and had not arrived, or was sent again because it came late.
const UNDER_WAY: u64 = SIZE / 20;

/// The embedded registry behind a proxy, a blob in a layout, and the journal of whoever uploads it.
struct Scene {
    registry: Embedded,
    proxy: Proxy,
    state: TempDir,
    _image: TempDir,
    layout: Layout,
    blob: Descriptor,
}

impl Scene {
    fn new() -> Self {
        let registry = Embedded::new();
        let proxy = Proxy::before(&registry.address());
        let (image, layout, blob) = image_of(SIZE);
        Self { registry, proxy, state: TempDir::new().unwrap(), _image: image, layout, blob }
    }

    /// The repository, as a new process sees it.
    fn remote(&self) -> Remote {
        let image: ImageRef = format!("{}/app", self.proxy.address()).parse().unwrap();
        let connection = Connection { plain_http: true, ..Connection::default() };
        let client = responder::client(&self.proxy.address(), None, connection);
        let journal = Arc::new(Journal::new(self.state.path().to_owned()));
        Remote::journaled(client, image.repository.clone(), image.repository, journal)
    }

    fn entries(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.state.path()).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    fn entry(&self) -> PathBuf {
        let entries = self.entries();
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries.into_iter().next().unwrap()
    }

    /// The bytes that the registry has of its only upload.
    fn kept(&self) -> u64 {
        let uploads = fs::read_dir(self.registry.root().join(".uploads")).unwrap();
        uploads.map(|upload| upload.unwrap().metadata().unwrap().len()).max().unwrap_or(0)
    }

    /// Begins the upload, which ends suddenly when the registry has half of it.
    async fn interrupted(&self) {
        let remote = self.remote();
        let enough = async {
            while self.kept() < HALF {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            result = remote.put_blob(&self.blob, &self.layout) => panic!("it ended: {result:?}"),
            () = enough => {}
        }
    }

    /// Uploads to the end, as a new process; gives the bytes that were sent.
    async fn finished(&self) -> u64 {
        let before = self.proxy.uploaded();
        let remote = self.remote();
        remote.put_blob(&self.blob, &self.layout).await.unwrap();
        assert_eq!(read(&remote, &self.blob).await.unwrap(), self.blob.size);
        self.proxy.uploaded() - before
    }
}

#[tokio::test]
async fn an_upload_goes_on_in_the_next_process() {
    let scene = Scene::new();
    scene.interrupted().await;
    let sent = scene.finished().await;
    assert!(sent <= HALF + UNDER_WAY, "{sent} of {SIZE}");
    assert_eq!(scene.proxy.count("POST", "/blobs/uploads/"), 1);
    assert!(scene.entries().is_empty());
}

#[tokio::test]
async fn an_upload_goes_on_after_a_process_that_was_told_less_than_there_is() {
    let scene = Scene::new();
    scene.interrupted().await;
    let less = Canned::status(204).header(RANGE, "0-99999");
    scene.proxy.fault(1, "GET", "/blobs/uploads/", Fault::Answer(less));
    scene.finished().await;
    let statuses = scene.proxy.count("GET", "/blobs/uploads/");
    assert!(statuses >= 2, "{statuses}");
    assert_eq!(scene.proxy.count("POST", "/blobs/uploads/"), 1);
}

const LONG_AGO: Duration = Duration::from_secs(8 * 24 * 60 * 60);

/// Does something to an entry.
type Spoil = fn(&Path);

#[tokio::test]
async fn an_entry_that_is_worth_nothing_costs_only_time() {
    let spoil: [(&str, Spoil); 5] = [
        ("removed", |entry| fs::remove_file(entry).unwrap()),
        ("damaged", |entry| fs::write(entry, [0xff; 100]).unwrap()),
        ("emptied", |entry| fs::write(entry, "").unwrap()),
        ("of another blob", |entry| replace(entry, "\"size\":", "\"size\":1")),
        ("old", |entry| {
            let file = fs::File::options().write(true).open(entry).unwrap();
            file.set_modified(SystemTime::now() - LONG_AGO).unwrap();
        }),
    ];
    for (how, spoil) in spoil {
        let scene = Scene::new();
        scene.interrupted().await;
        spoil(&scene.entry());
        assert!(scene.finished().await >= scene.blob.size, "{how}");
        assert!(scene.entries().is_empty(), "{how}");
    }
}

fn replace(entry: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(entry).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(entry, text.replace(from, to)).unwrap();
}

#[tokio::test]
async fn an_upload_that_the_registry_forgot_is_begun_anew() {
    let scene = Scene::new();
    scene.interrupted().await;
    for upload in fs::read_dir(scene.registry.root().join(".uploads")).unwrap() {
        fs::remove_file(upload.unwrap().path()).unwrap();
    }
    assert!(scene.finished().await >= scene.blob.size);
    assert!(scene.entries().is_empty());
}

#[tokio::test]
async fn an_entry_is_not_followed_to_another_host() {
    let other = Responder::new(|_| Some(Reply::new(204).header("range", "0-99")));
    for host in [other.address(), other.other_name()] {
        let scene = Scene::new();
        scene.interrupted().await;
        let location = |host: &str| format!("\"location\":\"http://{host}/");
        replace(&scene.entry(), &location(&scene.proxy.address()), &location(&host));
        assert!(scene.finished().await >= scene.blob.size);
        assert_eq!(other.lines(), Vec::<String>::new());
        assert!(scene.entries().is_empty());
    }
}

#[tokio::test]
async fn bytes_that_turn_out_to_be_others_are_sent_anew() {
    let scene = Scene::new();
    scene.interrupted().await;
    let refused = Fault::Answer(Canned::status(400));
    scene.proxy.fault(1, "PUT", "/blobs/uploads/", refused);
    let sent = scene.finished().await;
    assert!(sent >= scene.blob.size, "{sent} of {SIZE}");
    assert_eq!(scene.proxy.count("POST", "/blobs/uploads/"), 2);
    assert!(scene.entries().is_empty());
}

#[tokio::test]
async fn a_source_whose_bytes_became_others_is_found_out_after_going_on_too() {
    let scene = Scene::new();
    // The last byte, which is going to be another, has not been sent.
    let half = usize::try_from(HALF).unwrap();
    scene.proxy.fault(1, "PATCH", "/blobs/uploads/", Fault::CutUpload(half));
    scene.proxy.fault(1, "GET", "/blobs/uploads/", Fault::Delay(Duration::from_secs(3600)));
    scene.interrupted().await;
    let path = scene.layout.blob_path(&scene.blob.digest);
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let error = scene.remote().put_blob(&scene.blob, &scene.layout).await.unwrap_err();
    assert!(error.to_string().contains("is damaged"), "{error}");
    assert!(!scene.remote().has_blob(&scene.blob).await.unwrap());
    assert!(scene.entries().is_empty());
}

#[tokio::test]
async fn another_blob_is_another_upload() {
    let scene = Scene::new();
    scene.interrupted().await;
    let (_image, layout, blob) = image_of(SIZE + 1);
    let before = scene.proxy.uploaded();
    scene.remote().put_blob(&blob, &layout).await.unwrap();
    assert!(scene.proxy.uploaded() - before >= blob.size);
    let sent = scene.finished().await;
    assert!(sent <= HALF + UNDER_WAY, "{sent} of {SIZE}");
}

#[tokio::test]
async fn two_who_upload_the_same_do_not_disturb_each_other() {
    let scene = Scene::new();
    let (one, other) = (scene.remote(), scene.remote());
    let (first, second) = tokio::join!(
        one.put_blob(&scene.blob, &scene.layout),
        other.put_blob(&scene.blob, &scene.layout)
    );
    first.unwrap();
    second.unwrap();
    assert_eq!(scene.proxy.count("POST", "/blobs/uploads/"), 2);
    assert!(scene.entries().is_empty());
}

#[tokio::test]
async fn what_the_registry_is_away_for_is_gone_on_with_later() {
    let scene = Scene::new();
    scene.interrupted().await;
    let away = Fault::Answer(Canned::status(503));
    scene.proxy.fault(usize::MAX, "GET", "/blobs/uploads/", away);
    scene.remote().put_blob(&scene.blob, &scene.layout).await.unwrap_err();
    assert_eq!(scene.entries().len(), 1);
}

/// An image of one layer in the layout `image`.
fn image(shell: &Shell) {
    let layout = Fixture::new(shell.path("image"));
    let layer = layout.noise_layer(3, SIZE);
    layout.name("v1", &layout.image("linux/amd64", &[layer]));
}

/// Runs the command, kills it when the proxy has seen so many bytes, and runs it again: gives the bytes sent then.
fn killed(shell: &Shell, proxy: &Proxy, args: &[&str], at: u64) -> u64 {
    let mut child = shell.start(args);
    let before = proxy.uploaded();
    while proxy.uploaded() < before + at {
        assert!(child.try_wait().unwrap().is_none(), "it was done before it could be killed");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = proxy.uploaded();
    shell.ok(args);
    proxy.uploaded() - before
}

fn state(shell: &Shell) -> usize {
    fs::read_dir(shell.path(".local/state/longshore/uploads")).unwrap().count()
}

#[test]
fn a_killed_push_goes_on_where_it_was() {
    let (registry, shell) = (Embedded::new(), Shell::new());
    let proxy = Proxy::before(&registry.address());
    image(&shell);
    for (round, at) in [HALF, fastrand::u64(1..HALF), fastrand::u64(HALF..SIZE - UNDER_WAY)]
        .into_iter()
        .enumerate()
    {
        let to = format!("{}/round-{round}:v1", proxy.address());
        let sent = killed(&shell, &proxy, &["push", "--plain-http", "oci:image:v1", &to], at);
        assert!(sent <= SIZE - at + UNDER_WAY, "{sent} of {SIZE} after {at}");
        assert_eq!(state(&shell), 0);
        shell.ok(&["pull", "--plain-http", &to, &format!("oci:copy-{round}:v1")]);
    }
}

#[test]
fn a_killed_mirror_goes_on_where_it_was() {
    need!("docker-registry");
    let (source, registry, shell) = (Registry::open(), Embedded::new(), Shell::new());
    let proxy = Proxy::before(&registry.address());
    image(&shell);
    let from = format!("{}/app:v1", source.address());
    shell.ok(&["push", "--plain-http", "oci:image:v1", &from]);
    let to = format!("{}/app:v1", proxy.address());
    let args = ["mirror", "--src-plain-http", "--dest-plain-http", &from, &to];
    let sent = killed(&shell, &proxy, &args, HALF);
    assert!(sent <= HALF + UNDER_WAY, "{sent} of {SIZE}");
    assert_eq!(state(&shell), 0);
}

#[test]
fn nothing_is_kept_for_who_wants_to_start_over() {
    let (registry, shell) = (Embedded::new(), Shell::new());
    let proxy = Proxy::before(&registry.address());
    image(&shell);
    let to = format!("{}/app:v1", proxy.address());
    let args = ["push", "--plain-http", "--no-resume", "oci:image:v1", &to];
    let sent = killed(&shell, &proxy, &args, HALF);
    assert!(sent >= SIZE, "{sent} of {SIZE}");
    assert!(!shell.path(".local").exists());
}

/// It binds an upload to the bytes that it acknowledged, and forgets one that it has more of.
#[test]
fn a_killed_push_to_a_registry_that_forgets_is_begun_anew() {
    need!("docker-registry");
    let (registry, shell) = (Registry::open(), Shell::new());
    let proxy = Proxy::before(registry.address());
    image(&shell);
    let to = format!("{}/app:v1", proxy.address());
    let sent = killed(&shell, &proxy, &["push", "--plain-http", "oci:image:v1", &to], HALF);
    assert!(sent >= SIZE, "{sent} of {SIZE}");
    assert_eq!(state(&shell), 0);
}
