//! Signals: the first ends the work cleanly.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

fn start(home: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_longshore"))
        .args(arguments)
        .env("HOME", home)
        .env_remove("XDG_DATA_HOME")
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn an_interrupt_leaves_nothing_half_done() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let home = tempfile::tempdir().unwrap();
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let image = format!("{}/app:v1", silent.local_addr().unwrap());
        let child = start(home.path(), &["pull", "--plain-http", &image, "oci-archive:app.tar"]);
        let _asked = silent.accept().unwrap();
        send(&child, signal);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains("stopped"), "{stderr}");
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }
}

#[test]
fn serving_ends_well_on_a_signal() {
    let home = tempfile::tempdir().unwrap();
    let mut child = start(home.path(), &["serve", "--addr", "127.0.0.1:0", "registry"]);
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("serving registry at http://127.0.0.1:"), "{line}");
    send(&child, Signal::TERM);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
