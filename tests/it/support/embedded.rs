//! The embedded registry inside the test process, on a free port.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use longshore::server::{Options, Server};
use tokio::sync::oneshot;

use super::raw_http::{Answer, Request};

/// A running registry. Dropping it ends it, some time after the requests under way are answered.
pub(crate) struct Embedded {
    address: SocketAddr,
    root: PathBuf,
    stop: oneshot::Sender<Infallible>,
    thread: JoinHandle<()>,
    _temporary: Option<tempfile::TempDir>,
}

impl Embedded {
    /// An open registry over an empty folder.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut registry = Self::with(Options::new(folder.path().join("root")));
        registry._temporary = Some(folder);
        registry
    }

    /// An open registry over `root`.
    pub(crate) fn over(root: &Path) -> Self {
        Self::with(Options::new(root))
    }

    /// A registry with these options.
    pub(crate) fn with(options: Options) -> Self {
        let root = options.root.clone();
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let (told, started) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            runtime.worker_threads(2).enable_all().build().unwrap().block_on(async {
                let server = Server::bind("127.0.0.1:0", options).await.unwrap();
                told.send(server.local_addr()).unwrap();
                server.run(async { drop(stopped.await) }).await;
            });
        });
        let address = started.recv().unwrap();
        Self { address, root, stop, thread, _temporary: None }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// The folder of the repositories.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A request to be filled in and sent: `registry.request("GET", "/v2/")`.
    pub(crate) fn request(&self, method: &str, target: &str) -> Request {
        Request::new(self.address, method, target)
    }

    /// The answer to a request without headers and body.
    pub(crate) fn ask(&self, method: &str, target: &str) -> Answer {
        self.request(method, target).send()
    }

    /// Ends the registry and waits until it has ended.
    pub(crate) fn stop(self) {
        let Self { stop, thread, .. } = self;
        drop(stop);
        thread.join().unwrap();
    }
}
