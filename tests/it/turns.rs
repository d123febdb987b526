//! Reads and writes that wait for each other's turn all come to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt};
use longshore::model::{Descriptor, Digest, Manifest, RefName, Repository};
use longshore::store::{self, BlobStream, Reference, Result, Sink, Source};
use longshore::transfer::{Copier, CopyOptions, ImageResult, Job, Selection, Target};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::support::embedded::Embedded;
use crate::support::faults::{Fault, Proxy};
use crate::support::layout::Layout;
use crate::support::shell::Shell;

/// More than is read ahead of who reads last.
const LAYER: u64 = 12 << 20;
/// For longer than anything here takes, unless it never ends.
const FOR_EVER: Duration = Duration::from_secs(60);

/// A source whose blobs are read one at a time.
struct InTurns {
    layout: store::Layout,
    turn: Arc<Semaphore>,
    opened: Arc<AtomicUsize>,
}

#[async_trait]
impl Source for InTurns {
    fn place(&self) -> String {
        Source::place(&self.layout)
    }

    async fn manifest(&self, reference: &Reference) -> Result<Manifest> {
        self.layout.manifest(reference).await
    }

    async fn blob(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        let turn = Arc::clone(&self.turn).acquire_owned().await.unwrap();
        self.opened.fetch_add(1, Ordering::SeqCst);
        let stream = self.layout.blob(blob, offset).await?;
        Ok(Box::pin(stream.inspect(move |_| assert_eq!(turn.num_permits(), 1))))
    }

    async fn blob_at_once(&self, blob: &Descriptor, offset: u64) -> Result<BlobStream> {
        self.layout.blob(blob, offset).await
    }

    async fn names(&self) -> Result<Vec<RefName>> {
        self.layout.names().await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        self.layout.referrers(subject).await
    }
}

/// A sink that reads what it is given, and keeps nothing.
struct Reads {
    name: &'static str,
    /// How often a large blob is begun anew in the middle.
    stumbles: usize,
    /// Let it have the bytes of a large blob.
    may: Semaphore,
    /// How long it takes to end after the last byte.
    ends_after: Duration,
    read: AtomicUsize,
}

impl Reads {
    fn new(name: &'static str, stumbles: usize, may: usize) -> Arc<Self> {
        Arc::new(Self::that_ends(Duration::ZERO, name, stumbles, may))
    }

    fn that_ends(ends_after: Duration, name: &'static str, stumbles: usize, may: usize) -> Self {
        Self { name, stumbles, may: Semaphore::new(may), ends_after, read: AtomicUsize::new(0) }
    }

    fn target(sink: &Arc<Self>) -> Target {
        Target { image: 0, sink: Arc::clone(sink) as Arc<dyn Sink>, name: None }
    }
}

#[async_trait]
impl Sink for Reads {
    fn place(&self) -> String {
        self.name.to_owned()
    }

    async fn has_blob(&self, _: &Descriptor) -> Result<bool> {
        Ok(false)
    }

    async fn mount_blob(&self, _: &Descriptor, _: &Repository) -> Result<bool> {
        Ok(false)
    }

    async fn put_blob(&self, blob: &Descriptor, source: &dyn Source) -> Result<()> {
        let is_large = blob.size >= LAYER;
        if is_large {
            for _ in 0..self.stumbles {
                let mut stream = source.blob(blob, 0).await?;
                let mut read = 0;
                while read < LAYER / 2 {
                    read += stream.next().await.unwrap()?.len() as u64;
                }
            }
        }
        let stream = source.blob(blob, 0).await?;
        if is_large {
            self.may.acquire().await.unwrap().forget();
        }
        let read = stream.try_fold(0, |sum, chunk| async move { Ok(sum + chunk.len() as u64) });
        assert_eq!(read.await?, blob.size);
        tokio::time::sleep(self.ends_after).await;
        self.read.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn manifest_digest(&self, _: &Reference) -> Result<Option<Digest>> {
        Ok(None)
    }

    async fn put_manifest(&self, _: &Manifest, _: Option<&RefName>) -> Result<()> {
        Ok(())
    }

    async fn finish(&self) -> Result<()> {
        Ok(())
    }
}

/// An image of so many large layers and a configuration, read in turns.
fn image(folder: &TempDir, layers: u64) -> InTurns {
    let layout = Layout::new(folder.path());
    let layers: Vec<_> = (0..layers).map(|seed| layout.noise_layer(seed, LAYER)).collect();
    layout.name("v1", &layout.image("linux/amd64", &layers));
    let layout = store::Layout::open(folder.path()).unwrap();
    InTurns { layout, turn: Arc::new(Semaphore::new(1)), opened: Arc::default() }
}

/// Copies the image with so many blobs at a time.
async fn copy(source: InTurns, jobs: usize, targets: Vec<Target>) -> Vec<ImageResult> {
    let (source, selection) = (Arc::new(source), Selection::default());
    let job = Job { source, reference: Reference::Only, selection, targets };
    Copier::new(&CopyOptions { jobs, ..CopyOptions::default() }, Arc::new(())).copy(job).await
}

#[tokio::test]
async fn destinations_that_begin_anew_do_not_wait_for_a_read_that_nobody_needs_any_more() {
    let folder = TempDir::new().unwrap();
    let sinks = ["a", "b"].map(|name| Reads::new(name, 1, 1));
    let targets = sinks.iter().map(Reads::target).collect();
    let copied = copy(image(&folder, 1), 16, targets);
    let results = tokio::time::timeout(FOR_EVER, copied).await.unwrap();
    assert!(results.iter().all(ImageResult::is_ok), "{results:?}");
}

#[tokio::test]
async fn a_destination_that_others_do_not_wait_for_any_more_reads_without_a_turn() {
    let folder = TempDir::new().unwrap();
    let (quick, slow) = (Reads::new("quick", 0, 1), Reads::new("slow", 0, 0));
    let source = image(&folder, 1);
    let turn = Arc::clone(&source.turn);
    let copied = copy(source, 16, vec![Reads::target(&quick), Reads::target(&slow)]);
    let somebody_else = async {
        while quick.read.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let _turn = turn.acquire().await.unwrap();
        slow.may.add_permits(1);
        while slow.read.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let both = async { tokio::join!(copied, somebody_else).0 };
    let results = tokio::time::timeout(FOR_EVER, both).await.unwrap();
    assert!(results.iter().all(ImageResult::is_ok), "{results:?}");
}

#[tokio::test]
async fn blobs_that_waited_long_for_their_turn_are_read_once_for_all_nevertheless() {
    let folder = TempDir::new().unwrap();
    let sinks = [("a", 0), ("b", 100)].map(|(name, millis)| {
        Arc::new(Reads::that_ends(Duration::from_millis(millis), name, 0, 0))
    });
    let source = image(&folder, 2);
    let opened = Arc::clone(&source.opened);
    let copied = copy(source, 1, sinks.iter().map(Reads::target).collect());
    let after_a_while = async {
        tokio::time::sleep(Duration::from_millis(3300)).await;
        sinks.iter().for_each(|sink| sink.may.add_permits(2));
    };
    let both = async { tokio::join!(copied, after_a_while).0 };
    let results = tokio::time::timeout(FOR_EVER, both).await.unwrap();
    assert!(results.iter().all(ImageResult::is_ok), "{results:?}");
    assert_eq!(opened.load(Ordering::SeqCst), 3);
}

#[test]
fn with_one_slot_everywhere_a_shared_read_and_another_do_not_wait_for_each_other() {
    let registries = [(); 3].map(|()| Embedded::new());
    let [from, one, two] = registries.each_ref().map(|r| Proxy::before(&r.address()));
    let shell = Shell::new();
    for (seed, name) in [(1, "app"), (2, "other")] {
        let layout = Layout::new(shell.path(name));
        layout.name("v1", &layout.image("linux/amd64", &[layout.noise_layer(seed, 100_000)]));
        let image = format!("{}/{name}:v1", registries[0].address());
        shell.ok(&["push", "--plain-http", &format!("oci:{name}:v1"), &image]);
    }
    // The other image has the slot to read in before the one for two is begun, and wants to write after that.
    one.fault(1, "HEAD", "/v2/app/manifests/v1", Fault::Delay(Duration::from_millis(400)));
    from.fault(1, "GET", "/v2/other/blobs/", Fault::Delay(Duration::from_millis(1200)));
    let mapping =
        |name: &str, to: &Proxy| format!("{}/{name}:v1={}/{name}:v1", from.address(), to.address());
    let mappings = [mapping("other", &two), mapping("app", &one), mapping("app", &two)];
    let flags = ["mirror", "--src-plain-http", "--dest-plain-http", "--max-per-host", "1"];
    let mappings = mappings.each_ref().map(String::as_str);
    let mut running = shell.start(&[&flags[..], &mappings].concat());
    let start = Instant::now();
    let ended = loop {
        let ended = running.try_wait().unwrap();
        if ended.is_some() || start.elapsed() > FOR_EVER {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    // It may have ended by now.
    let _ = running.kill();
    running.wait().unwrap();
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
}
