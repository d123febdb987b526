//! `longshore serve`, killed while it works: nothing that it left behind is broken, and uploads go on.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use longshore::model::Digest;
use serde_json::{Value, json};

use crate::support::raw_http::{Answer, Request};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

const PROGRAM: &str = env!("CARGO_BIN_EXE_longshore");
const SERVE: [&str; 3] = ["serve", "--addr", "127.0.0.1:0"];

/// A running `longshore serve`.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(root: &Path) -> Self {
        Self::run(Command::new(PROGRAM).args(SERVE).arg(root), root)
    }

    fn run(command: &mut Command, root: &Path) -> Self {
        let mut child =
            command.env_clear().env("HOME", root).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (_, address) = line.trim().rsplit_once("http://").expect("where it listens");
        Self { address: address.parse().unwrap(), child }
    }

    fn request(&self, method: &str, target: &str) -> Request {
        Request::new(self.address, method, target)
    }

    fn ask(&self, method: &str, target: &str) -> Answer {
        self.request(method, target).send()
    }
}

/// SIGKILL, which gives no time for anything.
impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn noise(length: usize) -> Vec<u8> {
    std::iter::repeat_with(|| fastrand::u8(..)).take(length).collect()
}

#[test]
fn an_upload_goes_on_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = noise(2 * 1024 * 1024);
    let half = bytes.len() / 2;
    let process = Process::start(folder.path());
    let location = process.ask("POST", "/v2/a/blobs/uploads/").expect(202).location("");
    let request = process.request("PATCH", &location);
    let mut torn = request.header("Content-Length", &bytes.len().to_string()).begin();
    torn.write_all(&bytes[..half]).unwrap();
    let stands = format!("0-{}", half - 1);
    let deadline = Instant::now() + Duration::from_secs(30);
    while process.ask("GET", &location).expect(204).header("range") != Some(&stands) {
        assert!(Instant::now() < deadline, "the bytes do not arrive");
    }
    drop(process);

    let process = Process::start(folder.path());
    let status = process.ask("GET", &location).expect(204);
    assert_eq!(status.header("range"), Some(stands.as_str()));
    let digest = Digest::of(&bytes);
    let put = process.request("PUT", &status.location(&format!("digest={digest}")));
    let put = put.header("Content-Range", &format!("{half}-{}", bytes.len() - 1));
    let done = put.body(&bytes[half..]).send().expect(201);
    assert!(process.ask("GET", &done.location("")).body == bytes);
}

#[test]
fn whenever_it_is_killed_what_has_a_name_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..10 {
        let process = Process::start(folder.path());
        assert_eq!(push(&process, 0, 0), Some(201));
        std::thread::scope(|scope| {
            for client in 1..=3 {
                let process = &process;
                scope.spawn(move || push_on(process, client));
            }
            std::thread::sleep(Duration::from_millis(fastrand::u64(..150)));
            kill(&process);
        });
        drop(process);
        assert_sound(&folder.path().join("a"));
    }
    let process = Process::start(folder.path());
    let tags = process.ask("GET", "/v2/a/tags/list").expect(200).json();
    for tag in tags["tags"].as_array().unwrap() {
        let target = format!("/v2/a/manifests/{}", tag.as_str().unwrap());
        process.ask("GET", &target).expect(200);
    }
}

/// Kills the process while others hold on to it.
fn kill(process: &Process) {
    let pid = rustix::process::Pid::from_child(&process.child);
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

/// Pushes one image after the other, until the registry is gone.
fn push_on(process: &Process, client: usize) {
    let end = Instant::now() + Duration::from_secs(60);
    let accepted = (0..).take_while(|number| push(process, client, *number) == Some(201)).count();
    assert!(Instant::now() < end, "after {accepted} images it was not killed");
}

/// Pushes an image. Tells the status of the last answer, or that there was none.
fn push(process: &Process, client: usize, number: usize) -> Option<u16> {
    let layer = noise(100_000);
    for bytes in [&layer[..], b"{}"] {
        let target = format!("/v2/a/blobs/uploads/?digest={}", Digest::of(bytes));
        process.request("POST", &target).body(bytes).attempt().filter(|status| *status == 201)?;
    }
    let describe = |bytes: &[u8]| json!({"mediaType": "x/y", "digest": Digest::of(bytes).as_str(), "size": bytes.len()});
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": describe(b"{}"), "layers": [describe(&layer)],
    });
    let target = format!("/v2/a/manifests/tag-{client}-{}", number % 5);
    let put = process.request("PUT", &target).header("Content-Type", MANIFEST);
    put.body(manifest.to_string()).attempt()
}

/// All that has a name in a layout is there and whole, whoever was killed when.
fn assert_sound(layout: &Path) {
    let blob = |digest: &str| {
        let digest: Digest = digest.parse().unwrap();
        std::fs::read(layout.join("blobs/sha256").join(digest.hex()))
    };
    let index = std::fs::read(layout.join("index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    for entry in index["manifests"].as_array().unwrap() {
        let manifest = blob(entry["digest"].as_str().unwrap()).expect("a manifest that is listed");
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        let layers = manifest["layers"].as_array().unwrap();
        for content in layers.iter().chain([&manifest["config"]]) {
            blob(content["digest"].as_str().unwrap()).expect("a blob that is needed");
        }
    }
    for entry in std::fs::read_dir(layout.join("blobs/sha256")).unwrap() {
        let path = entry.unwrap().path();
        let digest = Digest::of(&std::fs::read(&path).unwrap());
        assert_eq!(path.file_name().unwrap().to_str(), Some(digest.hex()), "a blob is not whole");
    }
}

/// Files of more than a mebibyte fail here as all do on a full disk: with an error in the middle of a write.
#[test]
fn what_does_not_fit_is_refused_and_the_log_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let (root, log) = (folder.path().join("root"), folder.path().join("log"));
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$@\"", "sh", PROGRAM]).args(SERVE);
    command.arg(&root).stderr(std::fs::File::create(&log).unwrap());
    let process = Process::run(&mut command, folder.path());

    let bytes = noise(3 * 1024 * 1024);
    let digest = Digest::of(&bytes);
    let target = format!("/v2/a/blobs/uploads/?digest={digest}");
    process.request("POST", &target).body(&bytes).send().expect(500);
    process.ask("HEAD", &format!("/v2/a/blobs/{digest}")).expect(404);
    let uploads = root.join(".uploads");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains(&format!("cannot write {}", uploads.display())), "{log}");
    assert_eq!(std::fs::read_dir(uploads).unwrap().count(), 0);

    let small = &bytes[..1000];
    let target = format!("/v2/a/blobs/uploads/?digest={}", Digest::of(small));
    process.request("POST", &target).body(small).send().expect(201);
}
