//! The cases, as data.

use std::time::Duration;

use crate::corpus::{Corpus, Set};
use crate::relay::Link;
use crate::tools::{Before, Tool, Wants};

/// What stands between the tool and the registries.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    Direct,
    /// A relay in front of each registry that is like this.
    Relayed {
        source: Link,
        destination: Link,
    },
}

#[derive(Clone, Copy)]
pub(crate) enum To {
    Layout,
    /// So many registries.
    Registries(usize),
}

/// Tools against each other, doing the same job.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) set: fn(&Corpus) -> &Set,
    pub(crate) to: To,
    pub(crate) way: Way,
    /// Everything is there if the tool has done the same before.
    pub(crate) before: Before,
    /// What the tool is told.
    pub(crate) wants: Wants,
    /// The floors that make sense here.
    pub(crate) floors: &'static [Tool],
    /// No more rounds than this.
    pub(crate) most_rounds: usize,
}

/// Relays that only count.
pub(crate) const COUNTING: Way = Way::Relayed { source: Link::PLAIN, destination: Link::PLAIN };
const FAR: Way = {
    let link = Link { delay: Duration::from_millis(20), rate: None };
    Way::Relayed { source: link, destination: link }
};
const CAPPED: Way = Way::Relayed {
    source: Link { delay: Duration::ZERO, rate: Some(20_000_000) },
    destination: Link::PLAIN,
};

const LAYERS: &[Tool] = &[Tool::Floor(1), Tool::Floor(4)];
const MANY: &[Tool] = &[Tool::Floor(1), Tool::Floor(8)];
/// Where a single thread would do nothing but wait.
const LAYERS_AT_ONCE: &[Tool] = &[Tool::Floor(4)];
const MANY_AT_ONCE: &[Tool] = &[Tool::Floor(8)];

const PULL_BIG: Case = Case {
    name: "pull-big",
    title: "One image in four layers of 256 MiB, from a registry to an OCI layout",
    set: |corpus| &corpus.big,
    to: To::Layout,
    way: Way::Direct,
    before: Before::Nothing,
    wants: Wants::Images,
    floors: LAYERS,
    most_rounds: usize::MAX,
};
const COPY_MANY: Case = Case {
    name: "copy-many",
    title: "70 repositories that share base layers, ten of them with four platforms, from registry to registry",
    set: |corpus| &corpus.many,
    to: To::Registries(1),
    floors: MANY,
    ..PULL_BIG
};
const RESYNC: Case = Case {
    name: "resync",
    title: "The same 70 repositories again, with nothing to do",
    before: Before::Everything,
    floors: &[],
    ..COPY_MANY
};

const TAG_SYNC: Case = Case {
    name: "tag-sync",
    title: "2,000 tags of 50 repositories, all that these have, from registry to registry",
    set: |corpus| &corpus.tags,
    wants: Wants::Repositories,
    floors: &[],
    most_rounds: 3,
    ..COPY_MANY
};
const TAG_SYNC_AGAIN: Case = Case {
    name: "tag-sync-again",
    title: "The same 2,000 tags again, with nothing to do",
    before: Before::Everything,
    ..TAG_SYNC
};

pub(crate) const CASES: [Case; 16] = [
    PULL_BIG,
    Case {
        name: "copy-big",
        title: "The same image from registry to registry",
        to: To::Registries(1),
        ..PULL_BIG
    },
    COPY_MANY,
    RESYNC,
    TAG_SYNC,
    TAG_SYNC_AGAIN,
    Case {
        name: "tag-sync-again-far",
        title: "tag-sync-again, both registries 20 ms away",
        way: FAR,
        most_rounds: 3,
        ..TAG_SYNC_AGAIN
    },
    Case {
        name: "pull-big-relayed",
        title: "pull-big through a relay that adds nothing: what the relay itself costs",
        way: COUNTING,
        most_rounds: 3,
        ..PULL_BIG
    },
    Case {
        name: "pull-big-far",
        title: "pull-big, 20 ms away",
        way: FAR,
        most_rounds: 3,
        ..PULL_BIG
    },
    Case {
        name: "copy-many-far",
        title: "copy-many, both registries 20 ms away",
        way: FAR,
        floors: MANY_AT_ONCE,
        most_rounds: 3,
        ..COPY_MANY
    },
    Case {
        name: "resync-far",
        title: "resync, both registries 20 ms away",
        way: FAR,
        most_rounds: 3,
        ..RESYNC
    },
    Case {
        name: "pull-big-capped",
        title: "pull-big at 20 MB/s per connection",
        way: CAPPED,
        floors: LAYERS_AT_ONCE,
        most_rounds: 3,
        ..PULL_BIG
    },
    Case {
        name: "copy-many-capped",
        title: "copy-many, the source at 20 MB/s per connection",
        way: CAPPED,
        floors: MANY_AT_ONCE,
        most_rounds: 3,
        ..COPY_MANY
    },
    Case {
        name: "resync-capped",
        title: "resync, the source at 20 MB/s per connection",
        way: CAPPED,
        most_rounds: 3,
        ..RESYNC
    },
    Case {
        name: "pull-one-blob",
        title: "One image in one layer of 700 MiB, to an OCI layout, at 20 MB/s per connection",
        set: |corpus| &corpus.one,
        way: CAPPED,
        floors: &[Tool::Floor(1)],
        most_rounds: 3,
        ..PULL_BIG
    },
    Case {
        name: "one-to-many",
        title: "One image of 255 MiB from one registry to four",
        set: |corpus| &corpus.fan,
        to: To::Registries(4),
        most_rounds: 3,
        ..PULL_BIG
    },
];
