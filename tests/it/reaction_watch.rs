//! `import-image --all-streams`, once and again and again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use longshore::imagestream::requests::scheduled;
use longshore::ops::{Event, Refresh, refresh, watch};
use longshore::reaction::{Command, Reactions};
use tokio::time::{Instant, sleep};

use crate::support::streams::FakeStreams;

const MINUTE: Duration = Duration::from_secs(60);

fn all(streams: &Arc<FakeStreams>) -> Refresh {
    Refresh {
        streams: Arc::clone(streams) as _,
        namespace: None,
        ask: Box::new(scheduled),
        reactions: Arc::default(),
        triggers: None,
    }
}

/// What was told, in short.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn hear(&self, event: Event) {
        let text = match event {
            Event::Listed(_) | Event::Imported(..) => return,
            Event::Moved(change) => {
                let old = change.old.map_or_else(|| "nothing".to_owned(), |old| old.digest);
                let (stream, tag) = (change.stream, change.tag);
                format!("{stream}:{tag} {old} -> {}", change.new.digest)
            }
            Event::Told(outcome) => format!("told of {}", outcome.change.stream),
            Event::Manifests(report) => format!("{} files", report.files.len()),
            Event::Failed(trouble) => format!("failed {trouble}"),
            Event::Recovered(trouble) => format!("recovered {trouble}"),
        };
        self.0.lock().unwrap().push(text);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Watches every 15 minutes while `act` goes on, and ends when that does.
async fn watched(refresh: &Refresh, told: &Told, act: impl Future<Output = ()> + Send) {
    let interval = "15m".parse().unwrap();
    watch(refresh, interval, act, &|event| told.hear(event)).await;
}

#[tokio::test(start_paused = true)]
async fn a_moving_tag_is_told_once() {
    let streams = FakeStreams::default()
        .following("dev/app", "latest", "q.io/app:latest")
        .following("dev/web", "v1", "q.io/web:v1")
        .with("dev/still", &[("v1", "q.io/still@sha256:9")]);
    streams.serve("q.io/app:latest", Ok("q.io/app@sha256:1"));
    streams.serve("q.io/web:v1", Ok("q.io/web@sha256:5"));
    let (streams, told) = (Arc::new(streams), Told::default());
    watched(&all(&streams), &told, async {
        sleep(MINUTE).await;
        let mut first = told.take();
        first.sort();
        assert_eq!(first, ["app:latest nothing -> sha256:1", "web:v1 nothing -> sha256:5"]);
        sleep(20 * MINUTE).await;
        assert_eq!(told.take(), [""; 0], "nothing has moved");
        assert_eq!(streams.imported().len(), 4, "two streams, twice");
        streams.serve("q.io/app:latest", Ok("q.io/app@sha256:2"));
        sleep(20 * MINUTE).await;
        assert_eq!(told.take(), ["app:latest sha256:1 -> sha256:2"]);
        assert!(!streams.imported().contains(&"dev/still".to_owned()));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_told_once_and_stops_nothing() {
    let streams = FakeStreams::default()
        .following("dev/app", "latest", "q.io/app:latest")
        .following("dev/app", "next", "q.io/app:next")
        .following("dev/bad", "v1", "q.io/bad:v1")
        .following("dev/web", "v1", "q.io/web:v1");
    streams.serve("q.io/app:latest", Ok("q.io/app@sha256:1"));
    streams.serve("q.io/app:next", Err("no access"));
    streams.serve("q.io/bad:v1", Err("whole"));
    streams.serve("q.io/web:v1", Ok("q.io/web@sha256:5"));
    let (streams, told) = (Arc::new(streams), Told::default());
    watched(&all(&streams), &told, async {
        sleep(MINUTE).await;
        let mut first = told.take();
        first.sort();
        assert_eq!(
            first,
            [
                "app:latest nothing -> sha256:1",
                "failed dev/app:next: no access",
                "failed dev/bad: the whole import failed",
                "web:v1 nothing -> sha256:5",
            ]
        );
        sleep(60 * MINUTE).await;
        assert_eq!(told.take(), [""; 0], "the same is not told again");
        streams.serve("q.io/app:next", Err("not there"));
        streams.serve("q.io/bad:v1", Ok("q.io/bad@sha256:7"));
        sleep(20 * MINUTE).await;
        let mut then = told.take();
        then.sort();
        assert_eq!(
            then,
            [
                "bad:v1 nothing -> sha256:7",
                "failed dev/app:next: not there",
                "recovered dev/bad: the whole import failed",
            ]
        );
        streams.break_down(Some("the disk is gone"));
        sleep(60 * MINUTE).await;
        assert_eq!(told.take(), ["failed the disk is gone"]);
        streams.break_down(None);
        sleep(20 * MINUTE).await;
        assert_eq!(told.take(), ["recovered the disk is gone"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn rounds_keep_their_interval_and_leave_out_who_is_still_busy() {
    let streams = FakeStreams::taking(40 * MINUTE).following("dev/slow", "v1", "q.io/slow:v1");
    streams.serve("q.io/slow:v1", Ok("q.io/slow@sha256:1"));
    let (streams, told) = (Arc::new(streams), Told::default());
    watched(&all(&streams), &told, async {
        sleep(39 * MINUTE).await;
        streams.change("dev/new", |_| {});
        sleep(60 * MINUTE).await;
    })
    .await;
    assert_eq!(streams.most_at_once(), 1);
    assert_eq!(streams.imported().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_registry_is_not_asked_by_all_at_once() {
    let mut streams = FakeStreams::taking(MINUTE);
    for number in 0..6 {
        let stream = format!("dev/s{number}");
        streams = streams.following(&stream, "v1", "q.io/app:v1");
    }
    streams.serve("q.io/app:v1", Ok("q.io/app@sha256:1"));
    let streams = Arc::new(streams);
    let begun = Instant::now();
    assert_eq!(refresh(&all(&streams), &|_| {}).await, 0);
    assert_eq!((streams.most_at_once(), begun.elapsed() / 60), (2, Duration::from_secs(3)));

    let mut streams = FakeStreams::taking(MINUTE);
    for number in 0..6 {
        let (stream, from) = (format!("dev/s{number}"), format!("q{number}.io/app:v1"));
        streams = streams.following(&stream, "v1", &from);
        streams.serve(&from, Ok("q.io/app@sha256:1"));
    }
    let streams = Arc::new(streams);
    assert_eq!(refresh(&all(&streams), &|_| {}).await, 0);
    assert_eq!(streams.most_at_once(), 6);
}

#[tokio::test(start_paused = true)]
async fn the_imports_of_a_round_are_spread_and_those_of_the_first_are_not() {
    let mut streams = FakeStreams::default();
    for number in 0..20 {
        streams = streams.following(&format!("dev/s{number}"), "v1", &format!("q{number}.io/a:v1"));
    }
    let (streams, told) = (Arc::new(streams), Told::default());
    watched(&all(&streams), &told, sleep(20 * MINUTE)).await;
    let begun = streams.begun();
    let over = |round: &[Instant]| {
        let first = round.iter().min().unwrap();
        round.iter().max().unwrap().duration_since(*first)
    };
    assert_eq!((begun.len(), over(&begun[..20])), (40, Duration::ZERO));
    let second = over(&begun[20..]);
    assert!(second > Duration::from_secs(20) && second <= MINUTE, "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn one_round_ends_and_counts_what_failed() {
    let streams = FakeStreams::default().following("dev/app", "v1", "q.io/app:v1").following(
        "prod/app",
        "v1",
        "q.io/app:v2",
    );
    streams.serve("q.io/app:v1", Ok("q.io/app@sha256:1"));
    let (streams, told) = (Arc::new(streams), Told::default());
    assert_eq!(refresh(&all(&streams), &|event| told.hear(event)).await, 1);
    let mut heard = told.take();
    heard.sort();
    assert_eq!(heard, ["app:v1 nothing -> sha256:1", "failed prod/app:v1: not there"]);
    let dev = Refresh { namespace: Some("dev".parse().unwrap()), ..all(&streams) };
    assert_eq!(refresh(&dev, &|event| told.hear(event)).await, 0);
    assert_eq!((told.take(), streams.imported().len()), (Vec::new(), 3));
}

#[tokio::test(start_paused = true)]
async fn an_import_that_runs_may_end_and_one_that_waits_does_not_begin() {
    for (takes, moved) in [(Duration::from_secs(5), 2), (10 * MINUTE, 0)] {
        let mut streams = FakeStreams::taking(takes);
        for number in 0..6 {
            streams = streams.following(&format!("dev/s{number}"), "v1", "q.io/app:v1");
        }
        streams.serve("q.io/app:v1", Ok("q.io/app@sha256:1"));
        let (streams, told) = (Arc::new(streams), Told::default());
        let begun = Instant::now();
        watched(&all(&streams), &told, sleep(Duration::from_secs(1))).await;
        assert!(begun.elapsed() <= Duration::from_secs(12), "{:?}", begun.elapsed());
        assert_eq!(told.take().len(), moved);
        assert_eq!(streams.imported().len(), moved);
    }
}

#[tokio::test]
async fn whoever_reacts_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("app.yaml");
    let trigger = r#"[{"from":{"kind":"ImageStreamTag","name":"app:v1"},"fieldPath":"spec.containers[0].image"}]"#;
    let text = format!(
        "kind: Pod\nmetadata:\n  name: app\n  annotations:\n    image.openshift.io/triggers: '{trigger}'\nspec:\n  containers:\n  - image: IMAGE # here\n"
    );
    std::fs::write(&manifest, &text).unwrap();
    let streams = FakeStreams::default().with("dev/app", &[("v1", "q.io/app@sha256:1")]).following(
        "dev/app",
        "v1",
        "q.io/app:v1",
    );
    streams.serve("q.io/app:v1", Ok("q.io/app@sha256:1"));
    let (streams, told) = (Arc::new(streams), Told::default());
    let refresh_all = Refresh {
        reactions: Arc::new(Reactions::new(Some(Command::new("true", MINUTE)), None)),
        triggers: Some(longshore::reaction::triggers::Options {
            paths: vec![folder.path().to_owned()],
            namespace: "dev".parse().unwrap(),
            mode: longshore::reaction::triggers::Mode::Write,
        }),
        ..all(&streams)
    };
    let hear = |event| told.hear(event);
    // Nothing moves, but an earlier run was killed before it came to the manifest.
    refresh(&refresh_all, &hear).await;
    assert_eq!(told.take(), ["1 files"]);
    let written = || std::fs::read_to_string(&manifest).unwrap();
    assert_eq!(written(), text.replace("IMAGE", "q.io/app@sha256:1"));
    refresh(&refresh_all, &hear).await;
    assert_eq!(told.take(), [""; 0]);
    streams.serve("q.io/app:v1", Ok("q.io/app@sha256:2"));
    refresh(&refresh_all, &hear).await;
    let mut heard = told.take();
    heard.sort();
    assert_eq!(heard, ["1 files", "app:v1 sha256:1 -> sha256:2", "told of app"]);
    assert_eq!(written(), text.replace("IMAGE", "q.io/app@sha256:2"));
}
