//! The synthetic registry. It follows from its shape alone.

use std::collections::HashMap;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// How large a registry is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) namespaces: usize,
    pub(crate) repositories: usize,
    pub(crate) tags: usize,
}

/// Repositories by name.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) repositories: Vec<Repository>,
    /// The size of each blob, by its number.
    pub(crate) sizes: Vec<u64>,
}

#[derive(Debug)]
pub(crate) struct Repository {
    /// `team-07/app-0123`.
    pub(crate) name: String,
    pub(crate) tags: Vec<Tag>,
}

/// An image of one platform.
#[derive(Debug)]
pub(crate) struct Tag {
    /// The numbers of its configuration and its layers.
    pub(crate) blobs: Vec<usize>,
}

/// How many operating systems all images are built on.
pub(crate) const SYSTEMS: usize = 6;
/// How many runtimes each namespace builds on those.
pub(crate) const RUNTIMES: usize = 3;
/// How often systems and runtimes were rebuilt while the tags came.
pub(crate) const REBUILDS: usize = 4;
/// How many tags share the layer of what a program depends on.
pub(crate) const TAGS_A_DEPENDENCY: usize = 8;

impl Registry {
    pub(crate) fn of(shape: Shape) -> Self {
        let mut blobs = Blobs::default();
        let in_namespaces = parted(shape.repositories, shape.namespaces, |rank| falling(rank, 1.0));
        let mut chance = Chance(7);
        let in_repositories = parted(shape.tags, shape.repositories, |rank| falling(rank, 5.0));
        let mut counts = in_repositories;
        chance.shuffle(&mut counts);
        let mut counts = counts.into_iter();
        let mut repositories = Vec::new();
        for (namespace, count) in in_namespaces.into_iter().enumerate() {
            for tags in counts.by_ref().take(count) {
                let number = repositories.len();
                let name = format!("team-{namespace:02}/app-{number:04}");
                let runtime = chance.below(RUNTIMES);
                let size = chance.between(256 * KIB, 40 * MIB);
                let tag = |tag: usize| {
                    blobs.image(&Place { namespace, runtime, number, tag, tags, size })
                };
                repositories.push(Repository { name, tags: (0..tags).map(tag).collect() });
            }
        }
        Self { repositories, sizes: blobs.sizes }
    }

    /// The bytes of all blobs, each once.
    pub(crate) fn bytes(&self) -> u64 {
        self.sizes.iter().sum()
    }
}

/// Where an image stands.
struct Place {
    namespace: usize,
    runtime: usize,
    number: usize,
    tag: usize,
    tags: usize,
    /// The size of the layer that is its own.
    size: u64,
}

/// What a blob is, by which images share it.
#[derive(PartialEq, Eq, Hash)]
enum Blob {
    System { system: usize, build: usize, layer: usize },
    Runtime { namespace: usize, runtime: usize, build: usize, layer: usize },
    Dependency { number: usize, part: usize },
    Own { number: usize, tag: usize },
    Config { number: usize, tag: usize },
}

#[derive(Default)]
struct Blobs {
    numbers: HashMap<Blob, usize>,
    sizes: Vec<u64>,
}

impl Blobs {
    fn image(&mut self, place: &Place) -> Tag {
        let &Place { namespace, runtime, number, tag, tags, size } = place;
        let build = tag * REBUILDS / tags;
        let system = (namespace * RUNTIMES + runtime) % SYSTEMS;
        let part = tag / TAGS_A_DEPENDENCY;
        let layers = [
            (Blob::System { system, build, layer: 0 }, 28 * MIB, 32 * MIB),
            (Blob::System { system, build, layer: 1 }, 3 * MIB, 6 * MIB),
            (Blob::Runtime { namespace, runtime, build, layer: 0 }, 60 * MIB, 180 * MIB),
            (Blob::Runtime { namespace, runtime, build, layer: 1 }, MIB, 10 * MIB),
            (Blob::Dependency { number, part }, 10 * MIB, 100 * MIB),
            (Blob::Own { number, tag }, size / 2, size),
            (Blob::Config { number, tag }, 4 * KIB, 12 * KIB),
        ];
        let blobs = layers.into_iter().map(|(blob, least, most)| self.number(blob, least, most));
        Tag { blobs: blobs.collect() }
    }

    fn number(&mut self, blob: Blob, least: u64, most: u64) -> usize {
        let next = self.sizes.len();
        let number = *self.numbers.entry(blob).or_insert(next);
        if number == next {
            self.sizes.push(Chance(next as u64).between(least, most));
        }
        number
    }
}

/// So many things in so many parts, by the weights of these; none is empty.
fn parted(things: usize, parts: usize, weight: impl Fn(usize) -> f64) -> Vec<usize> {
    let weights: Vec<f64> = (0..parts).map(weight).collect();
    let (sum, spare): (f64, usize) = (weights.iter().sum(), things.saturating_sub(parts));
    let (mut counts, mut before, mut given) = (Vec::new(), 0.0, 0);
    for weight in weights {
        before += weight;
        let until = (before / sum * spare as f64).round() as usize;
        counts.push(1 + until - given);
        given = until;
    }
    counts
}

/// As by Zipf's law, flattened at its beginning.
fn falling(rank: usize, flat: f64) -> f64 {
    1.0 / (rank as f64 + flat)
}

/// Numbers without a pattern (SplitMix64), the same for the same seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// A size between two others: each doubling is as frequent. In whole numbers, which are the same everywhere.
    fn between(&mut self, least: u64, most: u64) -> u64 {
        let doublings = (most / least).ilog2() as usize + 1;
        let from = least << self.below(doublings);
        let until = (2 * from).min(most).max(from + 1);
        from + self.next() % (until - from)
    }

    fn shuffle<T>(&mut self, things: &mut [T]) {
        for at in (1..things.len()).rev() {
            things.swap(at, self.below(at + 1));
        }
    }
}
