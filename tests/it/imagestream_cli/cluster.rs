//! The program in place of oc: it is run as oc was when it was recorded, against a server that gives the recorded
//! answers to the recorded requests and to no others.

use crate::support::apiserver::ApiServer;
use crate::support::program::Ran;
use crate::support::recording::Recording;
use crate::support::shell::Shell;

/// Cases in which it does something else than oc, and why.
#[rustfmt::skip]
const BETTER: [(&str, &str); 18] = [
    ("01-new-no-confirm", "looks which streams there are"),
    ("07-all-60-tags", REMEMBERED),
    ("11-all-few-from-again-confirm", REMEMBERED),
    ("13-all-few-new-upstream-tag", "asks for the tags by rank, not in the order of a hash table"),
    ("15-all-one-tag-missing-manifest", REMEMBERED),
    ("85-tag-insecure-then-import", KEPT),
    ("87-tag-preserve-then-import", KEPT),
    ("89-tag-source-docker-digest", "does not ask what the server serves"),
    ("93-tag-delete-missing", "says which tags there are"),
    ("95-tag-bad-tag", "looks at the arguments before it asks"),
    ("107-private-all", REMEMBERED),
    ("113-http-insecure-annotation-flag-false", "--insecure=false takes back what is stored"),
    ("115-output-json", "writes the stream as it is afterwards"),
    ("117-output-template", "has no templates"),
    ("119-args-none", ARGUMENTS),
    ("125-args-bad-mode", ARGUMENTS),
    ("99-tag-bad-mode", ARGUMENTS),
    ("129-args-two", "refuses an argument that would have no meaning"),
];
const REMEMBERED: &str = "remembers the repository";
const KEPT: &str = "keeps the policies that are stored";
const ARGUMENTS: &str = "says in its own words what it can be given";

/// Cases in which it says more than oc.
const TELLS_MORE: [(&str, &str); 4] = [
    ("21-missing-manifest-again", "error: tag broken failed: "),
    (
        "127-args-from-invalid2",
        "error: ImageStreamImport.image.openshift.io \"app\" is invalid: spec.images[0].from.name: ",
    ),
    ("153-blocked-registry", "error: tag latest failed: forbidden: "),
    ("159-itms-mirror-all", "error: repository upstream.example.test/vendor/few failed: "),
];

/// Runs what was recorded of oc, with its output as oc writes it.
fn run(recording: &Recording, server: &ApiServer) -> Ran {
    let kubeconfig = server.kubeconfig();
    let words = recording.command[1..].iter().map(String::as_str);
    let mut line: Vec<&str> = words.collect();
    let namespace = namespace(recording);
    line.extend(["--kubeconfig", kubeconfig.to_str().unwrap(), "--namespace", namespace]);
    if line[0] == "import-image" && !line.contains(&"-o") {
        line.extend(["-o", "describe"]);
    }
    Shell::new().run(&line)
}

/// The namespace that the user of the recording was in.
fn namespace(recording: &Recording) -> &str {
    let paths = recording.exchanges.iter().map(|exchange| exchange.path.as_str());
    let named = paths.filter_map(|path| path.split_once("/namespaces/")).map(|(_, rest)| rest);
    named.filter_map(|rest| rest.split('/').next()).next().unwrap_or("demo")
}

/// Text without what is of the moment, and without the tags that oc gets wrong.
fn timeless(text: &str) -> String {
    let line = |line: &str| match (line.rsplit_once('\t'), line.strip_suffix(" ago")) {
        (Some((label, _)), Some(_)) => format!("{label}\tago"),
        (None, Some(_)) => "ago".to_owned(),
        _ if line.starts_with("Image Name:") => "Image Name:".to_owned(),
        _ => line.to_owned(),
    };
    let lines = text.trim_end().lines().filter(|line| line.is_empty() || !line.trim().is_empty());
    lines.map(line).collect::<Vec<_>>().join("\n")
}

/// Its errors, without hints, and without who says so.
fn errors(stderr: &str) -> Vec<&str> {
    let of_server = |line| match str::strip_prefix(line, "Error from server (") {
        Some(rest) => rest.split_once("): ").map(|(_, error)| error),
        None => line.strip_prefix("error: "),
    };
    stderr.lines().filter_map(of_server).collect()
}

/// What differs from oc.
fn differences(recording: &Recording) -> Vec<String> {
    let server = ApiServer::replaying(recording);
    let ran = run(recording, &server);
    let mut told = server.faults();
    if (ran.code == Some(0)) != (recording.exit == 0) {
        told.push(format!("exit {:?} in place of {}", ran.code, recording.exit));
    }
    if timeless(&ran.stdout) != timeless(&recording.stdout) {
        told.push(format!("writes\n{}\nin place of\n{}", ran.stdout, recording.stdout));
    }
    let more = TELLS_MORE.iter().find(|(case, _)| *case == recording.name);
    let is_told = match more {
        Some((_, said)) => ran.stderr.starts_with(said),
        None => errors(&ran.stderr) == errors(&recording.stderr),
    };
    if !is_told {
        told.push(format!("says\n{}\nin place of\n{}", ran.stderr, recording.stderr));
    }
    told
}

#[test]
fn it_asks_and_tells_what_oc_does() {
    let mut told = Vec::new();
    let mut replayed = 0;
    for recording in Recording::all() {
        let [oc, verb, ..] = recording.command.as_slice() else { continue };
        if oc != "oc" || !["import-image", "tag"].contains(&verb.as_str()) {
            continue;
        }
        replayed += 1;
        let differences = differences(&recording);
        if !BETTER.iter().any(|(case, _)| *case == recording.name) {
            told.extend(differences.iter().map(|what| format!("{}: {what}", recording.name)));
        } else if differences.is_empty() {
            told.push(format!("{}: does what oc does, and is called better", recording.name));
        }
    }
    assert!(told.is_empty(), "\n{}", told.join("\n"));
    assert_eq!(replayed, 72, "cases came or went");
}
