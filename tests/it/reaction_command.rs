//! `--on-change CMD`: what a command is given, and that none outlives or blocks the run.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use longshore::reaction::{Change, Command, CommandError, Reactions, Via};

use crate::support::streams::a_change;

const LONG: Duration = Duration::from_secs(60);

async fn run(script: &str) -> Result<longshore::reaction::Output, CommandError> {
    Command::new(script, LONG).run(&a_change()).await
}

#[tokio::test]
async fn it_is_told_by_environment_and_by_json() {
    let script = r#"
        echo "$LONGSHORE_NAMESPACE|$LONGSHORE_STREAM|$LONGSHORE_TAG"
        echo "$LONGSHORE_OLD_DIGEST|$LONGSHORE_OLD_REFERENCE"
        echo "$LONGSHORE_NEW_DIGEST|$LONGSHORE_NEW_REFERENCE" >&2
        cat
    "#;
    let change = a_change();
    let lines = run(script).await.unwrap().lines();
    assert_eq!(
        lines[..3],
        [
            "dev|app|v1".to_owned(),
            "sha256:1|q.io/org/app@sha256:1".to_owned(),
            "sha256:2|q.io/org/app@sha256:2".to_owned(),
        ]
    );
    assert_eq!(lines[3], change.to_json());
    let new = Change { old: None, ..change };
    let output = Command::new(r#"echo "[${LONGSHORE_OLD_DIGEST-unset}]""#, LONG).run(&new).await;
    assert_eq!(output.unwrap().lines(), ["[]"]);
}

#[tokio::test]
async fn one_that_reads_nothing_is_no_error() {
    let change = Change { stream: "x".repeat(1 << 20), ..a_change() };
    // More than a pipe holds; the environment of a process is smaller than that.
    let refused = Command::new("true", LONG).run(&change).await;
    assert!(matches!(refused, Err(CommandError::Start(_))), "{refused:?}");
    let change = Change { stream: "x".repeat(100_000), ..a_change() };
    let script = "exec <&-; sleep 0.1; echo done";
    let output = Command::new(script, LONG).run(&change).await.unwrap();
    assert_eq!(output.lines(), ["done"]);
}

#[tokio::test]
async fn a_failure_tells_status_and_last_words() {
    let error = run("echo one; echo 'two\u{1b}[31m' >&2; exit 7").await.unwrap_err();
    assert_eq!(error.to_string(), "the command ended with exit status: 7");
    assert_eq!(error.output().unwrap().lines(), ["one", "two[31m"]);
    let error = run("kill -9 $$").await.unwrap_err();
    assert!(error.to_string().contains("signal: 9"), "{error}");
}

#[tokio::test]
async fn of_much_output_the_end_is_kept() {
    let output = run("yes 0123456789 | head -n 500000; echo end").await.unwrap();
    let lines = output.lines();
    assert_eq!(lines.last().unwrap(), "end");
    assert_eq!(lines.join("\n").len() as u64 + 1 + output.dropped(), 500_000 * 11 + 4);
    assert!((1000..6000).contains(&lines.len()), "{}", lines.len());
    for (count, expected) in [(0, &[][..]), (1, &["end"]), (2, &["0123456789", "end"])] {
        let end = output.end(count);
        assert_eq!(end.lines(), expected);
        let shown: usize = expected.iter().map(|line| line.len() + 1).sum();
        assert_eq!(end.dropped() + shown as u64, 500_000 * 11 + 4);
    }
    assert_eq!(run("echo a; printf b").await.unwrap().end(1).lines(), ["b"]);
    assert_eq!(run("echo a; printf b").await.unwrap().end(9).lines(), ["a", "b"]);
}

/// Waits until `path` is there, and reads the number of a process in it.
async fn process_in(path: &Path) -> String {
    loop {
        match fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Whether a process is there and is no zombie.
fn runs(process: &str) -> bool {
    fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap().trim_start().starts_with('Z'))
}

/// The process whose number is in `file`, while it runs.
async fn seen_running(file: &Path) -> String {
    let process = process_in(file).await;
    assert!(runs(&process), "{process}");
    process
}

async fn is_gone(process: &str) {
    let begun = Instant::now();
    while runs(process) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{process} still runs");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A script whose child, a `sleep` that no longer hears a polite signal, writes its number to `file`.
fn with_child(file: &Path) -> String {
    let file = file.display();
    format!("trap '' TERM; sh -c 'echo $$ > {file}; exec sleep 1000' & echo begun; wait")
}

#[tokio::test]
async fn one_that_takes_too_long_is_stopped_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let (script, change) = (with_child(&file), a_change());
    let command = Command::new(script, Duration::from_secs(1));
    let (ran, process) = tokio::join!(command.run(&change), process_in(&file));
    let error = ran.unwrap_err();
    assert!(matches!(error, CommandError::Timeout { .. }), "{error}");
    assert_eq!(error.to_string(), "the command was stopped after 1 s");
    assert_eq!(error.output().unwrap().lines(), ["begun"]);
    is_gone(&process).await;
}

#[tokio::test]
async fn when_the_run_ends_so_does_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let command = Command::new(with_child(&file), LONG);
    let change = a_change();
    let process = tokio::select! {
        _ = command.run(&change) => panic!("it ends by itself"),
        process = seen_running(&file) => process,
    };
    is_gone(&process).await;
}

#[tokio::test]
async fn what_runs_on_in_the_background_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!("sleep 1000 & echo $! > {}; echo done", file.display());
    let begun = Instant::now();
    assert_eq!(run(&script).await.unwrap().lines(), ["done"]);
    assert!(begun.elapsed() < Duration::from_secs(30));
    let process = seen_running(&file).await;
    let process = rustix::process::Pid::from_raw(process.parse().unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
}

#[tokio::test]
async fn four_run_at_once_and_one_that_fails_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let script = format!(
        "echo + >> {0}; sleep 0.2; echo - >> {0}; test $LONGSHORE_STREAM != s3",
        log.display()
    );
    let reactions = Reactions::new(Some(Command::new(script, LONG)), None);
    let changes: Vec<Change> =
        (0..9).map(|n| Change { stream: format!("s{n}"), ..a_change() }).collect();
    // As two streams of a watch: the places for commands are shared.
    let (first, second) = (reactions.tell(&changes[..5]), reactions.tell(&changes[5..]));
    let (first, second) = tokio::join!(first.collect::<Vec<_>>(), second.collect::<Vec<_>>());
    let mut outcomes: Vec<_> = first.into_iter().chain(second).collect();
    outcomes.sort_by_key(|outcome| outcome.change.stream.clone());
    let told: Vec<_> = outcomes.iter().map(|o| (&o.change.stream[..], o.result.is_ok())).collect();
    let expected: Vec<_> = changes.iter().map(|c| (&c.stream[..], c.stream != "s3")).collect();
    assert_eq!(told, expected);
    assert!(outcomes.iter().all(|outcome| outcome.via == Via::Command));
    let (mut now, mut most) = (0, 0);
    for line in fs::read_to_string(&log).unwrap().lines() {
        now += if line == "+" { 1 } else { -1 };
        most = most.max(now);
    }
    assert_eq!((now, most), (0, 4));
}
