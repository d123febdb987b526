//! The physical floor: the bytes of some blobs through a plain loop of receive, SHA-256 and write (or send), with no
//! resume, no manifest and no parallelism but the given number of threads. Runs as a child process of the suite, so
//! that it is measured as the tools are.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, anyhow, bail, ensure};
use sha2::{Digest, Sha256};

use crate::corpus::Blob;
use crate::hash::hex_digest;
use crate::http::{Connection, begin_upload};

/// `floor pull|copy THREADS BLOBS-FILE SOURCE DESTINATION`: the destination is a new folder, or addresses of
/// registries with commas between them.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let [mode, threads, blobs, source, destination] = arguments else {
        bail!("floor pull|copy THREADS BLOBS-FILE SOURCE DESTINATION");
    };
    if mode == "pull" {
        fs::create_dir(destination)?;
    }
    let blobs: Vec<Blob> = serde_json::from_slice(&fs::read(blobs)?)?;
    let queue = Mutex::new(VecDeque::from(blobs));
    let work = || match mode.as_str() {
        "pull" => pull(&queue, source, destination),
        "copy" => copy(&queue, source, destination),
        _ => bail!("floor: {mode}?"),
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.parse()?).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| anyhow!("a thread panicked"))?)
    })
}

fn next(queue: &Mutex<VecDeque<Blob>>) -> Option<Blob> {
    queue.lock().ok()?.pop_front()
}

fn pull(queue: &Mutex<VecDeque<Blob>>, source: &str, folder: &str) -> Result<()> {
    let mut connection = Connection::open(source)?;
    while let Some(blob) = next(queue) {
        let mut file = File::create(format!("{folder}/{}", blob.digest.replace(':', "-")))?;
        let mut hash = Sha256::new();
        connection.get(&blob.path(), |bytes| {
            hash.update(bytes);
            Ok(file.write_all(bytes)?)
        })?;
        check(&blob, hash)?;
    }
    Ok(())
}

/// Reads each blob once and sends it to all the destinations.
fn copy(queue: &Mutex<VecDeque<Blob>>, source: &str, destinations: &str) -> Result<()> {
    let mut from = Connection::open(source)?;
    let mut to: Vec<_> = destinations.split(',').map(Connection::open).collect::<Result<_, _>>()?;
    while let Some(blob) = next(queue) {
        for to in &mut to {
            let path = begin_upload(to, &blob.repository, &blob.digest)?;
            to.send_head("PUT", &path, "application/octet-stream", blob.size)?;
        }
        let mut hash = Sha256::new();
        from.get(&blob.path(), |bytes| {
            hash.update(bytes);
            to.iter_mut().try_for_each(|to| to.send_body(bytes))
        })?;
        check(&blob, hash)?;
        for to in &mut to {
            let status = to.finish("PUT")?.status;
            ensure!(status == 201, "PUT of {}: {status}", blob.digest);
        }
    }
    Ok(())
}

fn check(blob: &Blob, hash: Sha256) -> Result<()> {
    let digest = hex_digest(hash);
    (digest == blob.digest)
        .then_some(())
        .with_context(|| format!("{} came as {digest}", blob.digest))
}
