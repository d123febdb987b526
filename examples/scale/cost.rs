//! What the engine asks for and moves, for the repositories that one shard sees to.

use std::collections::{HashMap, HashSet};
use std::ops::AddAssign;

use longshore::mirror::plan::Speed;

use super::registry::{Registry, Repository};

/// A blob of more bytes goes up in three requests, others in two.
const LARGE: u64 = 8 << 20;
/// How many tags a page of a list has.
const PAGE: usize = 1000;
/// A manifest is asked for what refers to it, and for the three tags of cosign.
const REFERRERS: u64 = 4;
/// How long a token lasts before it is renewed, half a minute before its end: a token of five minutes.
pub(crate) const TOKEN: f64 = 270.0;

/// What a shard needs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Requests to the source.
    pub(crate) source: u64,
    /// Requests to the destination.
    pub(crate) destination: u64,
    /// Blobs that are read.
    pub(crate) reads: u64,
    /// Their bytes, which go up as often as they are read.
    pub(crate) bytes: u64,
    /// Tokens that are asked for, at both ends.
    pub(crate) tokens: u64,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, more: Self) {
        self.source += more.source;
        self.destination += more.destination;
        self.reads += more.reads;
        self.bytes += more.bytes;
        self.tokens += more.tokens;
    }
}

impl Cost {
    pub(crate) fn requests(self) -> u64 {
        self.source + self.destination
    }

    /// How long a machine takes for it, with the speed that plans are reckoned with.
    pub(crate) fn seconds(self) -> f64 {
        let Speed { bytes_per_second, requests_per_second } = Speed::default();
        self.bytes as f64 / bytes_per_second as f64
            + self.requests() as f64 / requests_per_second as f64
    }

    /// The same with the tokens for so many scopes, each renewed while this lasts.
    fn with_tokens(mut self, scopes: usize) -> Self {
        let lives = (self.seconds() / TOKEN).ceil().max(1.0) as u64;
        self.tokens = scopes as u64 * lives;
        self
    }
}

/// What it costs to bring these repositories to an empty registry.
pub(crate) fn cold<'r>(
    registry: &Registry,
    repositories: impl IntoIterator<Item = &'r Repository>,
) -> Cost {
    // The repository that has a blob first: others mount it from there.
    let mut holders: HashMap<usize, &str> = HashMap::new();
    let mut all = Cost::default();
    for repository in repositories {
        let mut cost = Cost { source: pages(repository), ..Cost::default() };
        let (mut here, mut mounted) = (HashSet::new(), HashSet::new());
        for tag in &repository.tags {
            cost.source += 1 + REFERRERS;
            // Its name, its digest, and the manifest itself.
            cost.destination += 3;
            for blob in tag.blobs.iter().copied().filter(|blob| here.insert(*blob)) {
                match holders.get(&blob) {
                    Some(holder) => {
                        mounted.insert(*holder);
                        cost.destination += 1;
                    }
                    None => {
                        holders.insert(blob, &repository.name);
                        let size = registry.sizes[blob];
                        cost.source += 1;
                        cost.reads += 1;
                        cost.bytes += size;
                        cost.destination += if size > LARGE { 4 } else { 3 };
                    }
                }
            }
        }
        // One to read, one to write, and one for each repository that is mounted from.
        all += cost.with_tokens(2 + mounted.len());
    }
    all
}

/// What it costs to find that these repositories have not changed.
pub(crate) fn warm<'r>(repositories: impl IntoIterator<Item = &'r Repository>) -> Cost {
    let mut all = Cost::default();
    for repository in repositories {
        let tags = repository.tags.len() as u64;
        let cost = Cost { source: pages(repository) + tags, destination: tags, ..Cost::default() };
        all += cost.with_tokens(2);
    }
    all
}

fn pages(repository: &Repository) -> u64 {
    repository.tags.len().div_ceil(PAGE) as u64
}
