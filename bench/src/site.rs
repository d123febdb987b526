//! Where one run takes place: fresh destinations, relays if the way asks for them, and a home for the tool.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::cases::{Case, To, Way};
use crate::corpus::Set;
use crate::http::Connection;
use crate::measure::{self, Sample};
use crate::relay::{Relay, Traffic};
use crate::server::Server;
use crate::tools::{Before, Job, Target, Tool, Wants};

const MB: f64 = 1e6;

/// Dropping it ends its servers and removes its folder.
pub(crate) struct Site<'a> {
    set: &'a Set,
    source: &'a Server,
    source_relay: Option<Relay>,
    destinations: Vec<Server>,
    destination_relays: Vec<Relay>,
    target: Target,
    folder: PathBuf,
    home: PathBuf,
}

/// Counters before a run, or after it.
struct Count {
    source_requests: usize,
    destination_requests: usize,
    source: Traffic,
    destination: Traffic,
}

impl<'a> Site<'a> {
    pub(crate) fn new(
        folder: &Path,
        source: &'a Server,
        set: &'a Set,
        to: To,
        way: Way,
    ) -> Result<Self> {
        let To::Registries(count) = to else {
            return Self::with(folder, source, set, Vec::new(), way);
        };
        let start = |at| Server::docker(&folder.join(format!("registry-{at}")));
        let registries = (0..count).map(start).collect::<Result<_>>()?;
        Self::with(folder, source, set, registries, way)
    }

    /// A site with these destinations; with none, a layout.
    pub(crate) fn with(
        folder: &Path,
        source: &'a Server,
        set: &'a Set,
        destinations: Vec<Server>,
        way: Way,
    ) -> Result<Self> {
        let home = folder.join("home");
        fs::create_dir_all(&home)?;
        let (source_relay, destination_relays) = match way {
            Way::Direct => (None, Vec::new()),
            Way::Relayed { source: link, destination } => {
                let relay = |server: &Server| Relay::to(&server.address, destination);
                let relays = destinations.iter().map(relay).collect::<Result<_>>()?;
                (Some(Relay::to(&source.address, link)?), relays)
            }
        };
        let addresses: Vec<_> = if destination_relays.is_empty() {
            destinations.iter().map(|server| server.address.clone()).collect()
        } else {
            destination_relays.iter().map(|relay: &Relay| relay.address.clone()).collect()
        };
        let target = match addresses[..] {
            [] => Target::Layout(folder.join("layout")),
            _ => Target::Registries(addresses),
        };
        let folder = folder.to_owned();
        Ok(Self {
            set,
            source,
            source_relay,
            destinations,
            destination_relays,
            target,
            folder,
            home,
        })
    }

    /// The way from now on.
    pub(crate) fn set(&self, way: Way) {
        if let Way::Relayed { source, destination } = way {
            self.source_relay.iter().for_each(|relay| relay.set(source));
            self.destination_relays.iter().for_each(|relay| relay.set(destination));
        }
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// What `tool` is to be called with here; none if it has no way to do this.
    pub(crate) fn command(&self, tool: Tool, case: &Case) -> Result<Option<Vec<String>>> {
        self.command_for(tool, case.before, case.wants)
    }

    /// The same, where no case says what is there and what is wanted.
    pub(crate) fn command_for(
        &self,
        tool: Tool,
        before: Before,
        wants: Wants,
    ) -> Result<Option<Vec<String>>> {
        let relay = self.source_relay.as_ref();
        let source = relay.map_or(&self.source.address, |relay| &relay.address);
        let (set, target, home) = (self.set, &self.target, &self.home);
        tool.command(&Job { set, source, target, before, wants, home })
    }

    /// Runs the tool once. An error is what it said last.
    pub(crate) fn run(&self, words: &[String]) -> Result<Result<Sample, String>> {
        Command::new("sync").status()?;
        let before = self.count()?;
        let outcome = measure::run(words, &self.home)?;
        // The last line of an access log is written after the answer is sent.
        thread::sleep(Duration::from_millis(50));
        let after = self.count()?;
        Ok(outcome.map(|sample| self.with_counts(sample, &before, &after)))
    }

    fn with_counts(&self, sample: Sample, before: &Count, after: &Count) -> Sample {
        let relayed = self.source_relay.is_some();
        let megabytes = |count: u64| relayed.then_some(count as f64 / MB);
        let to_registry = !self.destinations.is_empty();
        Sample {
            source_requests: Some((after.source_requests - before.source_requests) as f64),
            destination_requests: to_registry
                .then_some((after.destination_requests - before.destination_requests) as f64),
            received_mb: megabytes(after.source.down - before.source.down),
            sent_mb: megabytes(after.destination.up - before.destination.up)
                .filter(|_| to_registry),
            ..sample
        }
    }

    fn count(&self) -> Result<Count> {
        let requests: Result<Vec<_>> = self.destinations.iter().map(Server::requests).collect();
        Ok(Count {
            source_requests: self.source.requests()?,
            destination_requests: requests?.iter().sum(),
            source: self.received(),
            destination: self.sent(),
        })
    }

    /// What went between the tool and the source; nothing without a relay.
    pub(crate) fn received(&self) -> Traffic {
        self.source_relay.as_ref().map(Relay::traffic).unwrap_or_default()
    }

    /// What went between the tool and the destinations; nothing without relays.
    pub(crate) fn sent(&self) -> Traffic {
        self.destination_relays.iter().map(Relay::traffic).sum()
    }

    /// Says what is missing at the destinations.
    pub(crate) fn missing(&self) -> Result<Option<String>> {
        if let Target::Layout(layout) = &self.target {
            let (found, needed) = (bytes_below(layout)?, self.set.bytes());
            return Ok((found < needed).then(|| format!("{found} of {needed} bytes are there")));
        }
        for server in &self.destinations {
            let mut connection = Connection::open(&server.address)?;
            for image in &self.set.images {
                let path = format!("/v2/{}/manifests/{}", image.repository, image.digest);
                let status = connection.exchange("HEAD", &path, "", b"")?.status;
                if status != 200 {
                    return Ok(Some(format!("{path} is not there ({status})")));
                }
            }
        }
        Ok(None)
    }
}

impl Drop for Site<'_> {
    fn drop(&mut self) {
        self.destinations.clear();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl std::iter::Sum for Traffic {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            up: sum.up + one.up,
            down: sum.down + one.down,
            connections: sum.connections + one.connections,
        })
    }
}

fn bytes_below(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { bytes_below(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
