//! What follows when a tag moves is not lost when something else fails, nor told to those whom it does not concern.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::Scene;
use crate::reaction_webhook::signature;
use crate::support::program::longshore;
use crate::support::responder::{Reply, Responder};

impl Scene {
    /// A stream whose tag `app:v1` is behind the registry. Returns the digest there.
    fn behind(&self) -> String {
        self.follow("app:v1", "one", "team/app:v1");
        self.push("two", "team/app:v1")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = longshore(self.shell.home());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn is_there(&self, file: &str) -> bool {
        self.shell.path(file).exists()
    }
}

fn full() -> Stdio {
    Stdio::from(File::create("/dev/full").unwrap())
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_full_output_stops_no_reaction() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.behind();
    let run = |arguments: &[&str]| {
        let _ = fs::remove_file(scene.shell.path("ran"));
        let all = [arguments, &["--on-change", "touch ran"]].concat();
        let output = scene.command(&all).stdout(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
        assert!(stderr(&output).contains("cannot write to standard output"), "{output:?}");
        assert!(scene.is_there("ran"), "{arguments:?}");
    };
    run(&["import-image", "app:v1"]);
    run(&["stream", "rollback", "app:v1"]);
    run(&["tag", "--insecure", &scene.image("team/app:v1"), "app:v1"]);
    scene.push("three", "team/app:v1");
    run(&["import-image", "app:v1", "-o", "env"]);

    scene.push("four", "team/app:v1");
    let all = ["import-image", "--all-streams", "-o", "env", "--github-output"];
    let outputs = scene.shell.path("outputs");
    let output = scene.command(&all).env("GITHUB_OUTPUT", outputs).stdout(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert!(scene.read("outputs").starts_with("changed=true\n"));
}

#[test]
fn what_cannot_be_used_is_refused_before_the_import() {
    need!("docker-registry");
    let scene = Scene::new();
    let digest = scene.behind();
    mknodat(CWD, scene.shell.path("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    for (flags, told) in [
        (&["--github-output"][..], "cannot write GITHUB_OUTPUT, /nonexist/x"),
        (&["--apply-triggers", "missing.yaml"], "cannot read missing.yaml"),
        (&["--apply-triggers", "pipe"], "pipe is neither a file nor a folder"),
    ] {
        let all = [&["import-image", "app:v1", "--on-change", "touch ran"], flags].concat();
        let output = scene.command(&all).env("GITHUB_OUTPUT", "/nonexist/x").output().unwrap();
        assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
        assert!(!scene.is_there("ran") && scene.history("app:v1")[0] != digest);
    }
}

#[test]
fn an_output_for_later_steps_that_fails_hides_no_other_failure() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.behind();
    let all = ["import-image", "app:v1", "--github-output", "--on-change", "echo words; exit 3"];
    let output = scene.command(&all).env("GITHUB_OUTPUT", "/dev/full").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    for told in ["cannot write GITHUB_OUTPUT", "v1 | words", "ended with exit status: 3"] {
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
}

#[test]
fn the_last_words_of_a_command_are_in_the_json_error() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.behind();
    let script = "yes 0123456 | head -n 20000; echo words; exit 3";
    let said =
        scene.shell.fails(1, &["import-image", "app:v1", "-o", "json", "--on-change", script]);
    let error = said.lines().find(|line| line.starts_with("{\"error\"")).unwrap();
    let error: Value = serde_json::from_str(error).unwrap();
    let output = &error["error"]["output"];
    let lines = output["lines"].as_array().unwrap();
    assert_eq!((lines.len(), &lines[18], &lines[19]), (20, &"0123456".into(), &"words".into()));
    assert_eq!(output["bytesLeftOut"], 20000 * 8 - 19 * 8);
    assert!(!said.contains(" | "), "{said}");
}

#[test]
fn a_command_that_takes_too_long_is_stopped() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.behind();
    let flags = ["--on-change-timeout", "1s", "--on-change", "echo begun; sleep 1000"];
    let said = scene.shell.fails(1, &[&["import-image", "app:v1"][..], &flags].concat());
    assert!(said.contains("v1 | begun") && said.contains("stopped after 1 s"), "{said}");
}

#[test]
fn what_is_posted_is_signed_and_no_other_program_sees_the_address_or_the_key() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.behind();
    let host = Responder::new(|_| Some(Reply::new(204)));
    let url = format!("http://{}/hooks/geheim", host.address());
    let secret = |command: &mut Command| {
        command.env("LONGSHORE_ON_CHANGE_URL", &url).env("LONGSHORE_ON_CHANGE_SECRET", "geheim");
        let output = command.output().unwrap();
        assert!(!stderr(&output).contains("geheim"), "{}", stderr(&output));
        output
    };
    let output =
        secret(&mut scene.command(&["import-image", "app:v1", "--on-change", "env >seen"]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    scene.push("three", "team/app:v1");
    fs::write(scene.shell.path("key"), "another\n").unwrap();
    let flags = ["import-image", "app:v1", "--on-change-secret-file", "key"];
    assert_eq!(secret(&mut scene.command(&flags)).status.code(), Some(0));
    let asked = host.asked();
    let signatures = asked.iter().map(|asked| &asked.headers["x-longshore-signature-256"]);
    let expected = [signature("geheim", &asked[0].body), signature("another", &asked[1].body)];
    assert_eq!(signatures.collect::<Vec<_>>(), expected.each_ref());

    let plugin = r#"{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: [-c, "env >plugin; exit 1"]}"#;
    let config = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:1'}}}}]\n\
         users: [{{name: u, user: {{exec: {plugin}}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n"
    );
    fs::write(scene.shell.path("kubeconfig"), config).unwrap();
    secret(&mut scene.command(&["stream", "get", "--kubeconfig", "kubeconfig"]));
    for file in ["seen", "plugin"] {
        let seen = scene.read(file);
        assert!(seen.contains("HOME=") && !seen.contains("geheim"), "{file}: {seen}");
    }
}

#[test]
fn what_a_webhook_refuses_is_told_in_its_own_terms() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.behind();
    let nobody = Responder::new(|_| None).address();
    for (status, hint) in [
        (400, None),
        (403, Some("the key that it expects")),
        (404, Some("the address of the webhook")),
    ] {
        let host = Responder::new(move |_| Some(Reply::new(status)));
        let said = posted(&scene, &host.address());
        assert!(hint.is_none_or(|hint| said.contains(hint)), "{said}");
        assert_eq!(said.contains("hint: "), hint.is_some(), "{said}");
    }
    let said = posted(&scene, &nobody);
    assert!(said.contains("check the host of the webhook"), "{said}");
}

/// What is said when a move is posted to `host`, which does not take it.
fn posted(scene: &Scene, host: &str) -> String {
    scene.push(&host.replace(['.', ':'], "-"), "team/app:v1");
    let url = format!("http://{host}/");
    let ran = scene.shell.run(&["import-image", "app:v1", "--on-change-url", &url]);
    assert_ne!(ran.code, Some(0));
    ran.stderr
}

/// A command that does not hear a polite signal, and tells its number.
const STUBBORN: &str =
    "trap '' TERM HUP; sh -c 'echo $$ > pid.new; mv pid.new pid; exec sleep 1000'";

impl Scene {
    /// Starts what runs `STUBBORN`; its process.
    fn started(&self, command: &mut Command) -> (Child, String) {
        let mut child = command.spawn().unwrap();
        while !self.is_there("pid") {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::sleep(Duration::from_millis(10));
        }
        (child, self.read("pid").trim().to_owned())
    }
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Waits until a process that was killed is no more.
pub(super) fn is_gone(process: &str) {
    let stat = Path::new("/proc").join(process).join("stat");
    let begun = Instant::now();
    while fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{process} still runs");
        std::thread::sleep(Duration::from_millis(10));
    }
}

const UNTOLD: &str = "stopped before what follows default/app:v1 had ended";

#[test]
fn an_import_that_is_stopped_names_whom_it_did_not_come_to() {
    need!("docker-registry");
    for signal in [Signal::TERM, Signal::HUP] {
        let scene = Scene::new();
        let digest = scene.behind();
        let import = ["import-image", "app:v1", "--on-change", STUBBORN];
        let (child, process) = scene.started(&mut scene.command(&import));
        send(&child, signal);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(143));
        let said = stderr(&output);
        assert!(said.contains(UNTOLD) && said.contains(&digest), "{said}");
        assert!(!said.contains("goes on from there"), "{said}");
        is_gone(&process);
    }
}

#[test]
fn a_watch_that_is_stopped_twice_takes_its_commands_along() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.behind();
    let watch = ["import-image", "--all-streams", "--watch", "--on-change", STUBBORN];
    let (mut child, process) = scene.started(&mut scene.command(&watch));
    while child.try_wait().unwrap().is_none() {
        send(&child, Signal::TERM);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(child.wait().unwrap().code(), Some(143), "not the clean end, which takes its time");
    is_gone(&process);
}

#[test]
fn what_is_started_to_outlive_its_terminal_does() {
    need!("docker-registry");
    let scene = Scene::new();
    scene.behind();
    let program = env!("CARGO_BIN_EXE_longshore");
    let script = format!(
        "trap '' HUP; exec {program} import-image app:v1 --on-change 'echo 1 > pid; until test -e go; do sleep 0.01; done'"
    );
    let mut shell = Command::new("sh");
    let own = scene.command(&[]);
    shell.env_clear().envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.args(["-c", &script]).current_dir(scene.shell.home());
    let (child, _) = scene.started(shell.stdout(Stdio::piped()).stderr(Stdio::piped()));
    send(&child, Signal::HUP);
    fs::write(scene.shell.path("go"), "").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn what_fails_among_all_streams_is_told_with_what_helps() {
    need!("docker-registry");
    let scene = Scene::new();
    // The registry has no TLS.
    scene.push("one", "team/app:v1");
    scene.shell.run(&["tag", "--scheduled", &scene.image("team/app:v1"), "app:v1"]);
    let refusing =
        Responder::new(|_| Some(Reply::new(401).header("www-authenticate", "Basic realm=x")));
    let image = format!("{}/team/app:v1", refusing.address());
    scene.shell.run(&["tag", "--scheduled", "--insecure", &image, "closed:v1"]);
    let said = scene.shell.fails(1, &["import-image", "--all-streams", "--scheduled"]);
    for (tag, hint) in [
        ("default/app:v1: ", "  hint: if that is meant to be so, import it with --insecure"),
        ("default/closed:v1: ", &format!("  hint: log in: longshore login {}", refusing.address())),
    ] {
        let mut lines = said.lines().skip_while(|line| !line.contains(tag));
        assert!(lines.any(|line| line.starts_with(hint)), "{tag}{hint}\n{said}");
    }
}
