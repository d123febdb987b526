//! Writers of one stream at the same time, and writers that are killed. The writers are this binary, started anew.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use longshore::imagestream::api::{ObjectMeta, SpecTag, StatusTag, TagEvent};
use longshore::imagestream::files::Error;
use longshore::imagestream::{Files, ImageStream, Namespace, StreamName};

use crate::support::program;
use crate::support::shell::Shell;

const ROOT: &str = "LONGSHORE_TEST_STREAMS";
const TAG: &str = "LONGSHORE_TEST_TAG";
const TIMES: &str = "LONGSHORE_TEST_TIMES";

fn stream_name() -> StreamName {
    StreamName::new(Namespace::default(), "app").unwrap()
}

fn writer(root: &Path, tag: &str, times: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "imagestream_writers::a_writer", "--nocapture"])
        .envs([(ROOT, root.as_os_str()), (TAG, tag.as_ref()), (TIMES, times.to_string().as_ref())])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// What a writer does: it adds to the history of its tag, and says so after each time. Alone it has nothing to do.
#[test]
fn a_writer() {
    let Some(root) = std::env::var_os(ROOT) else { return };
    let files = Files::open(Path::new(&root)).unwrap();
    let tag = std::env::var(TAG).unwrap();
    for _ in 0..std::env::var(TIMES).unwrap().parse::<usize>().unwrap() {
        let length: usize =
            files.writer().unwrap().edit(&stream_name(), |before| add(before, &tag)).unwrap();
        println!("written {length}");
    }
}

fn add(before: Option<&ImageStream>, tag: &str) -> Result<(Option<ImageStream>, usize), Error> {
    let mut stream = before.cloned().unwrap_or_else(|| ImageStream::new("default", "app"));
    if stream.status_tag(tag).is_none() {
        stream.status.tags.push(StatusTag { tag: tag.to_owned(), ..StatusTag::default() });
    }
    let history = &mut stream.status.tags.iter_mut().find(|t| t.tag == tag).unwrap().items;
    let number = history.len() + 1;
    history.insert(
        0,
        TagEvent {
            created: serde_json::from_value("2026-11-24T10:00:00Z".into()).unwrap(),
            docker_image_reference: format!("q.io/app:{number}"),
            image: String::new(),
            generation: i64::try_from(number).unwrap(),
            rest: serde_json::Map::new(),
        },
    );
    Ok((Some(stream), number))
}

/// The lengths of the histories, all of which are without gaps.
fn history(files: &Files, tag: &str) -> usize {
    let Some(stream) = files.get(&stream_name()).unwrap() else { return 0 };
    let items = stream.status_tag(tag).map(|tag| tag.items.clone()).unwrap_or_default();
    for (i, item) in items.iter().enumerate() {
        assert_eq!(usize::try_from(item.generation).unwrap(), items.len() - i);
    }
    items.len()
}

#[test]
fn no_writer_loses_what_another_wrote() {
    let root = tempfile::tempdir().unwrap();
    let files = Files::open(root.path()).unwrap();
    let writers: Vec<Child> =
        ["a", "b", "a"].iter().map(|tag| writer(root.path(), tag, 20)).collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    assert_eq!((history(&files, "a"), history(&files, "b")), (40, 20));
}

#[test]
fn a_killed_writer_leaves_a_whole_file_with_all_that_it_wrote() {
    let root = tempfile::tempdir().unwrap();
    let files = Files::open(root.path()).unwrap();
    for round in 0..12u64 {
        let mut child = writer(root.path(), "a", usize::MAX);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let first = lines.find(|line| line.contains("written")).unwrap();
        std::thread::sleep(Duration::from_micros(round * 1700));
        child.kill().unwrap();
        child.wait().unwrap();
        let last = lines.filter(|line| line.contains("written")).last().unwrap_or(first);
        let told: usize = last.rsplit(' ').next().unwrap().parse().unwrap();
        let found = history(&files, "a");
        assert!(found == told || found == told + 1, "{told} were written, {found} are there");
    }
    let before = history(&files, "a");
    assert_eq!(
        files.writer().unwrap().edit(&stream_name(), |stream| add(stream, "a")).unwrap(),
        before + 1
    );
    let left = std::fs::read_dir(root.path().join("default")).unwrap().count();
    assert_eq!(left, 1, "what killed writers left is swept by the next");
}

#[test]
fn who_waits_for_another_writer_says_so() {
    let shell = Shell::new();
    shell.ok(&["tag", "--reference", "q.io/org/app:v1", "app:v1", "--store=streams"]);
    let lock = File::options().write(true).open(shell.path("streams/.lock")).unwrap();
    lock.lock().unwrap();
    let mut child = program::longshore(shell.home())
        .args(["stream", "delete", "app", "--store=streams"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("waiting for another writer"), "{said}");
    drop(lock);
    assert!(child.wait().unwrap().success());
}

/// A stream so long that nobody writes it at once.
fn long(generation: i64) -> ImageStream {
    let mut stream = ImageStream::new("default", "app");
    for number in 0..2000 {
        let tag = format!("tag-{number}");
        let (added, _) = add(Some(&stream).filter(|_| number < 20), &tag).unwrap();
        match added {
            Some(added) if number < 20 => stream = added,
            _ => stream.spec.tags.push(SpecTag { name: tag, ..SpecTag::default() }),
        }
    }
    stream.metadata.generation = generation;
    stream
}

#[test]
fn a_reader_never_meets_a_part_of_a_stream() {
    let root = tempfile::tempdir().unwrap();
    let files = Files::open(root.path()).unwrap();
    let whole = long(1);
    let write = |stream: &ImageStream| {
        let written: Result<(), Error> =
            files.writer().unwrap().edit(&stream_name(), |_| Ok((Some(stream.clone()), ())));
        written.unwrap();
    };
    write(&whole);
    let path = root.path().join("default/app.yaml");
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut read = 0;
            while !is_done.load(Ordering::Relaxed) {
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(text.starts_with("apiVersion:"), "{} bytes", text.len());
                assert!(text.ends_with("tag: tag-19\n"), "{} bytes", text.len());
                read += 1;
            }
            read
        });
        let mut inode = std::fs::metadata(&path).unwrap().ino();
        for generation in 2..12 {
            write(&ImageStream {
                metadata: ObjectMeta { generation, ..whole.metadata.clone() },
                ..whole.clone()
            });
            let new = std::fs::metadata(&path).unwrap().ino();
            assert_ne!(new, inode, "it was written into, not replaced");
            inode = new;
        }
        is_done.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
    });
}
