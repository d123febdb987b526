//! Signals: the first ends the work cleanly.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::Response;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use longshore::model::Digest;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::serving::{Body, Broken, Served, full, serve};

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

/// A registry with one image, whose layer of 1000 bytes never comes to its end.
fn endless_layer() -> Served {
    let digest = Digest::of(b"whatever");
    let layer = "application/vnd.oci.image.layer.v1.tar";
    let config = "application/vnd.oci.image.config.v1+json";
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
        "config":{{"mediaType":"{config}","digest":"{}","size":2}},
        "layers":[{{"mediaType":"{layer}","digest":"{digest}","size":1000}}]}}"#,
        Digest::of(b"{}")
    );
    let config = Digest::of(b"{}").to_string();
    serve(move |request| {
        let path = request.uri().path();
        let answer = if path.contains("/manifests/") {
            let kind = "application/vnd.oci.image.manifest.v1+json";
            Response::builder().header("content-type", kind).body(full(manifest.clone()))
        } else if path.ends_with(&config) {
            Response::builder().body(full("{}"))
        } else {
            Response::builder().header("content-length", 1000).body(begun())
        };
        async { Ok(answer?) }
    })
}

/// Some bytes, and then nothing for ever.
fn begun() -> Body {
    let first = Ok::<_, Broken>(Frame::data(Bytes::from(vec![0; 500])));
    StreamBody::new(stream::iter([first]).chain(stream::pending())).boxed_unsync()
}

#[test]
fn an_interrupt_amid_a_layer_leaves_what_can_be_continued_and_no_name() {
    for (flags, is_kept) in [(&[][..], true), (&["--no-resume"], false)] {
        let home = tempfile::tempdir().unwrap();
        let registry = endless_layer();
        let image = format!("{}/app:v1", registry.address());
        let pull = [&["pull", "--plain-http", &image, "oci:layout:v1"], flags].concat();
        let child = start(home.path(), &pull);
        let layout = home.path().join("layout");
        while !files(&layout).iter().any(|name| name.contains("partial")) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        send(&child, Signal::INT);
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
        let partial = files(&layout).into_iter().filter(|name| name.contains("partial")).count();
        assert_eq!(partial > 0, is_kept);
        assert!(!layout.join("blobs/sha256").join(Digest::of(b"whatever").hex()).exists());
        let index = fs::read_to_string(layout.join("index.json")).unwrap_or_default();
        assert!(!index.contains("v1\""), "{index}");
    }
}

/// All files below `dir`, as far as it is there.
fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.display().to_string());
        }
    }
    found
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
