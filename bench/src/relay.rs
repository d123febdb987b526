//! A relay in front of a registry. It counts bytes and connections, and can make the way long (a delay line, which
//! costs time and no throughput) and each connection narrow.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

const BUFFER: usize = 64 * 1024;
/// How many pieces of at most that size may be on their way in one direction. On a long way there are more of them than
/// loopback can fill in the delay; on a short one few, so that the pace of one end is felt at the other.
const SHORT_WINDOW: usize = 16;
const LONG_WINDOW: usize = 1024;

/// What a connection is like.
#[derive(Clone, Copy)]
pub(crate) struct Link {
    /// From one end to the other.
    pub(crate) delay: Duration,
    /// Bytes per second in each direction of each connection.
    pub(crate) rate: Option<u64>,
}

impl Link {
    pub(crate) const PLAIN: Self = Self { delay: Duration::ZERO, rate: None };
}

#[derive(Default)]
struct Counters {
    /// From clients to the registry, and back.
    up: AtomicU64,
    down: AtomicU64,
    connections: AtomicU64,
}

/// What was handed on so far.
#[derive(Clone, Copy, Default)]
pub(crate) struct Traffic {
    pub(crate) up: u64,
    pub(crate) down: u64,
    pub(crate) connections: u64,
}

/// A relay that runs. Dropping it ends it; connections that are open go on to their end.
pub(crate) struct Relay {
    pub(crate) address: String,
    link: Arc<Mutex<Link>>,
    counters: Arc<Counters>,
}

impl Relay {
    /// Relays to the registry at `target`, from a free port.
    pub(crate) fn to(target: &str, link: Link) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let link = Arc::new(Mutex::new(link));
        let counters = Arc::new(Counters::default());
        let door = Door {
            target: target.to_owned(),
            link: Arc::clone(&link),
            counters: Arc::clone(&counters),
        };
        thread::spawn(move || door.serve(&listener));
        Ok(Self { address, link, counters })
    }

    /// From now on new connections are like this.
    pub(crate) fn set(&self, link: Link) {
        if let Ok(mut current) = self.link.lock() {
            *current = link;
        }
    }

    pub(crate) fn traffic(&self) -> Traffic {
        let [up, down, connections] =
            [&self.counters.up, &self.counters.down, &self.counters.connections]
                .map(|count| count.load(Ordering::Relaxed));
        Traffic { up, down, connections }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // The door looks for its relay at each knock.
        self.link = Arc::new(Mutex::new(Link::PLAIN));
        let _ = TcpStream::connect(&self.address);
    }
}

/// Takes connections as long as there is a relay.
struct Door {
    target: String,
    link: Arc<Mutex<Link>>,
    counters: Arc<Counters>,
}

impl Door {
    fn serve(&self, listener: &TcpListener) {
        for client in listener.incoming() {
            if Arc::strong_count(&self.link) == 1 {
                return;
            }
            // A registry that has ended refuses; its client sees the connection closed.
            let _ = client.map_err(Into::into).and_then(|client| self.connect(client));
        }
    }

    fn connect(&self, client: TcpStream) -> Result<()> {
        let server = TcpStream::connect(&self.target)?;
        let link = *self.link.lock().ok().context("a thread panicked")?;
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
        }
        self.counters.connections.fetch_add(1, Ordering::Relaxed);
        // The handshake on a long way takes a round trip before the first byte.
        let handshake = link.delay * 2;
        let (upward, downward) = (Arc::clone(&self.counters), Arc::clone(&self.counters));
        carry(client.try_clone()?, server.try_clone()?, link, handshake, move |count| {
            upward.up.fetch_add(count, Ordering::Relaxed);
        });
        carry(server, client, link, Duration::ZERO, move |count| {
            downward.down.fetch_add(count, Ordering::Relaxed);
        });
        Ok(())
    }
}

/// One direction of a connection: one thread takes bytes in, another sends them on when they are due.
fn carry(
    mut from: TcpStream,
    to: TcpStream,
    link: Link,
    handshake: Duration,
    count: impl Fn(u64) + Send + 'static,
) {
    let window = if link.delay.is_zero() { SHORT_WINDOW } else { LONG_WINDOW };
    let (sender, receiver) = sync_channel(window);
    thread::spawn(move || take(&mut from, &sender, link.delay, handshake));
    thread::spawn(move || send_on(to, &receiver, link.rate, count));
}

type Piece = (Instant, Vec<u8>);

fn take(from: &mut TcpStream, sender: &SyncSender<Piece>, delay: Duration, handshake: Duration) {
    let earliest = Instant::now() + handshake;
    let mut buffer = vec![0; BUFFER];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let due = Instant::now().max(earliest) + delay;
        if sender.send((due, buffer[..length].to_vec())).is_err() {
            break;
        }
    }
    // Whoever cannot be passed on is not to go on sending.
    let _ = from.shutdown(Shutdown::Read);
}

fn send_on(mut to: TcpStream, receiver: &Receiver<Piece>, rate: Option<u64>, count: impl Fn(u64)) {
    let mut free = Instant::now();
    for (due, bytes) in receiver {
        let now = Instant::now();
        let start = due.max(free);
        if start > now {
            thread::sleep(start - now);
        }
        if to.write_all(&bytes).is_err() {
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
        count(bytes.len() as u64);
        if let Some(rate) = rate {
            free = start.max(now) + Duration::from_secs_f64(bytes.len() as f64 / rate as f64);
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends `bytes` to a server that says everything twice, and gives what came back.
    fn through(relay_link: Link, bytes: &[u8]) -> (Vec<u8>, Traffic) {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Relay::to(&server.local_addr().unwrap().to_string(), relay_link).unwrap();
        let echo = thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).unwrap();
            stream.write_all(&heard).unwrap();
            stream.write_all(&heard).unwrap();
        });
        let mut client = TcpStream::connect(&relay.address).unwrap();
        client.write_all(bytes).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).unwrap();
        echo.join().unwrap();
        (heard, relay.traffic())
    }

    #[test]
    fn all_bytes_come_through_in_order_and_are_counted() {
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
        let far = Link { delay: Duration::from_millis(5), rate: Some(100_000_000) };
        for link in [Link::PLAIN, far] {
            let (heard, traffic) = through(link, &bytes);
            assert!(heard == [&bytes[..], &bytes[..]].concat());
            let Traffic { up, down, connections } = traffic;
            assert_eq!((up, down, connections), (3_000_000, 6_000_000, 1));
        }
    }
}
