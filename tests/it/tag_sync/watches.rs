//! A watch, as it runs for months: what moves comes over, what fails is told once, and nothing is done twice at once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{Scene, arguments, asked_since};
use crate::support::faults::{Canned, Fault};
use crate::support::program;

/// The shortest interval that there is.
const SHORT: [&str; 2] = ["--interval", "10s"];

/// Longer than anything here may take.
const DEADLINE: Duration = Duration::from_secs(90);

/// A watch that is running. Dropping it kills it.
struct Watch {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Watch {
    fn start(scene: &Scene, more: &[&str]) -> Self {
        let mut command = program::longshore(scene.shell.home());
        command.args(arguments("watch", &[&SHORT[..], &["--retries", "0"], more].concat()));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said: Arc<Mutex<String>> = Arc::default();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        for pipe in [Box::new(out) as Box<dyn std::io::Read + Send>, Box::new(err)] {
            let said = Arc::clone(&said);
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let mut said = said.lock().unwrap();
                    said.push_str(&line);
                    said.push('\n');
                }
            });
        }
        Self { child, said }
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    fn count(&self, part: &str) -> usize {
        self.said().matches(part).count()
    }

    /// Waits until this was said so many times.
    fn hears(&self, times: usize, part: &str) {
        self.until(part, || self.count(part) >= times);
    }

    fn until(&self, what: &str, mut come: impl FnMut() -> bool) {
        let start = Instant::now();
        while !come() {
            assert!(start.elapsed() < DEADLINE, "{what} did not come\n{}", self.said());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ends it by a signal, and waits for that.
    fn end(mut self) -> (Option<i32>, String) {
        self.signal(Signal::TERM);
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code(), self.said());
            }
            assert!(start.elapsed() < DEADLINE, "it does not end\n{}", self.said());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// A page of its metrics: status line, headers and body.
    fn page(&self, path: &str) -> String {
        let said = self.said();
        let (_, rest) = said.split_once("metrics at http://").unwrap();
        let address = rest.split('/').next().unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Scene {
    /// How many times upstream was asked for its tags.
    fn rounds(&self) -> usize {
        self.from.count("GET", "/tags/list")
    }

    fn target_is_down(&self) {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH"] {
            self.to.fault(usize::MAX, method, "/v2/", Fault::Answer(Canned::status(503)));
        }
    }
}

#[test]
fn what_moves_comes_over_and_a_target_that_is_down_for_a_while_loses_nothing() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_all("org/app", &["v1", "v2"]);
    scene.rules("- {name: app, source: SOURCE/org/app, to: TARGET/app}");
    let watch = Watch::start(&scene, &[]);
    watch.hears(1, "app: 2 copied (");
    scene.has("app", "v1 v2");

    let moved = scene.push("org/app:v1");
    watch.hears(1, "app: 1 copied (");
    assert_eq!(scene.at("app:v1"), moved);

    scene.target_is_down();
    let moved = scene.push("org/app:v1");
    scene.push("org/app:v3");
    let before = scene.rounds();
    // The first failure is told, and the second is not.
    watch.until("another round", || scene.rounds() >= before + 3);
    assert_eq!(watch.count("error: "), 1, "{}", watch.said());
    assert_eq!(watch.count("works again"), 0);
    scene.to.heal();
    watch.hears(1, "works again: rule app");
    watch.hears(2, "app: 2 copied (");
    scene.has("app", "v1 v2 v3");
    assert_eq!(scene.at("app:v1"), moved);
    let (code, said) = watch.end();
    assert_eq!(code, Some(0), "{said}");
    // Nothing is told of rounds in which nothing moved.
    assert_eq!(said.matches("copied (").count(), 3, "{said}");
}

#[test]
fn the_file_is_read_again_and_one_that_is_bad_changes_nothing() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    for repository in ["org/app", "org/new"] {
        scene.push(&format!("{repository}:v1"));
    }
    let one = "- {name: app, source: SOURCE/org/app, to: TARGET/app, prune: tags}";
    scene.rules(one);
    let watch = Watch::start(&scene, &["--metrics", "127.0.0.1:0"]);
    watch.hears(1, "app: 1 copied (");
    for path in ["/readyz", "/healthz"] {
        assert!(watch.page(path).starts_with("HTTP/1.1 200 OK"), "{path}");
    }
    assert!(watch.page("/nothing").starts_with("HTTP/1.1 404"));
    watch.until("the run in the metrics", || {
        watch.page("/metrics").contains("longshore_tag_sync_runs_total{rule=\"app\"} ")
    });
    let page = watch.page("/metrics");
    for line in [
        "longshore_tag_sync_copied_tags_total{rule=\"app\"} 1\n",
        "longshore_tag_sync_tags_in_step{rule=\"app\"} 1\n",
        "longshore_tag_sync_failed_tags{rule=\"app\"} 0\n",
        "longshore_tag_sync_next_run_timestamp_seconds{rule=\"app\"} ",
        "longshore_tag_sync_last_success_timestamp_seconds{rule=\"app\"} ",
        "longshore_tag_sync_reloads_total{result=\"success\"} 0\n",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }

    scene.file("tag-sync.yaml", "version: 1\nrules: [oops");
    watch.signal(Signal::HUP);
    watch.hears(1, "the rules stay as they are");
    let moved = scene.push("org/app:v1");
    watch.hears(2, "app: 1 copied (");
    assert_eq!(scene.at("app:v1"), moved);

    scene.put("app:stray");
    scene.rules(&format!("{one}\n- {{name: 'n \"e\\w', source: SOURCE/org/new, to: TARGET/new}}"));
    watch.signal(Signal::HUP);
    watch.hears(1, "tag-sync.yaml is read again");
    watch.hears(1, "n \"e\\w: 1 copied (");
    scene.has("new", "v1");
    watch.hears(1, "undo: longshore tag-sync undo ");
    watch.hears(1, "0 copied (0 B), 1 in step, 1 deleted");
    scene.has("app", "v1");
    let page = watch.page("/metrics");
    for line in [
        "longshore_tag_sync_deleted_tags_total{rule=\"app\"} 1\n",
        "longshore_tag_sync_copied_tags_total{rule=\"n \\\"e\\\\w\"} 1\n",
        "longshore_tag_sync_reloads_total{result=\"success\"} 1\n",
        "longshore_tag_sync_reloads_total{result=\"failure\"} 1\n",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    assert_eq!(watch.end().0, Some(0));
}

#[test]
fn a_signal_amid_a_copy_ends_it_and_the_next_run_goes_on() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push_all("org/app", &["v1", "v2"]);
    scene.rules("- {name: app, source: SOURCE/org/app, to: TARGET/app}");
    scene.from.fault(1, "GET", "/blobs/", Fault::Stall(100));
    let watch = Watch::start(&scene, &["--metrics", "127.0.0.1:0"]);
    watch.until("the blob", || scene.from.stalled() == 1);
    let (code, said) = watch.end();
    assert_eq!(code, Some(0), "{said}");
    scene.from.heal();
    scene.ok("run", &[]);
    scene.has("app", "v1 v2");
    for tag in ["v1", "v2"] {
        let [from, to] = [format!("org/app:{tag}"), format!("app:{tag}")];
        assert_eq!(scene.target.fetch(&to), scene.source.fetch(&from));
    }
}

#[test]
fn no_rule_runs_twice_at_once_and_rules_of_one_target_take_turns() {
    need!("docker-registry", "skopeo");
    let scene = Scene::new();
    scene.push("org/app:v1");
    scene.push("two/app:w1");
    scene.push("three/app:x1");
    // Two of them write to one place, with different limits.
    scene.rules(
        "- {name: slow, source: SOURCE/org/app, to: TARGET/app}\n\
         - {name: apart, source: SOURCE/three/app, to: 'oci:apart'}\n\
         - {name: same, source: SOURCE/two/, to: TARGET/, window: [{from: '00:00', to: '24:00', limit-rate: 50M}]}",
    );
    scene.to.fault(1, "PUT", "/v2/app/manifests/v1", Fault::Delay(Duration::from_secs(24)));
    let watch = Watch::start(&scene, &[]);
    watch.until("the third round of another target", || {
        scene.from.count("GET", "/v2/three/app/tags/list") >= 3
    });
    assert_eq!(
        scene.from.count("GET", "/v2/org/app/tags/list"),
        1,
        "{} {:?}",
        watch.said(),
        asked_since(&scene.to, 0)
    );
    assert_eq!(scene.from.count("GET", "/v2/_catalog"), 0);
    watch.hears(1, "slow: 1 copied (");
    watch.hears(1, "same: 1 copied (");
    scene.has("app", "v1 w1");
    assert_eq!(watch.end().0, Some(0));
}
