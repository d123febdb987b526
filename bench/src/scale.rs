//! How much is copied, and how often.

use crate::relay::Link;

const MIB: u64 = 1024 * 1024;

/// The sizes of the corpus, in bytes.
pub(crate) struct Sizes {
    pub(crate) big_layer: u64,
    pub(crate) one_layer: u64,
    pub(crate) fan_layer: u64,
    /// The step in which the layers of the many images are sized.
    pub(crate) unit: u64,
    pub(crate) singles: usize,
    pub(crate) indexes: usize,
    /// Repositories of many tags, and how many these are.
    pub(crate) repositories: usize,
    pub(crate) tags: usize,
}

pub(crate) struct Scale {
    pub(crate) name: &'static str,
    pub(crate) sizes: Sizes,
    /// Rounds where nobody asks for another number.
    pub(crate) rounds: usize,
    /// How fast a transfer runs that is to be killed half-way.
    pub(crate) interrupted: Link,
}

pub(crate) const FULL: Scale = Scale {
    name: "full",
    sizes: Sizes {
        big_layer: 256 * MIB,
        one_layer: 700 * MIB,
        fan_layer: 63 * MIB,
        unit: 1_000_000,
        singles: 60,
        indexes: 10,
        repositories: 50,
        tags: 40,
    },
    rounds: 5,
    interrupted: Link::PLAIN,
};

/// All of it in a minute, to see that the suite itself works. Its figures mean nothing.
pub(crate) const SMALL: Scale = Scale {
    name: "small",
    sizes: Sizes {
        big_layer: 4 * MIB,
        one_layer: 8 * MIB,
        fan_layer: MIB,
        unit: 20_000,
        singles: 4,
        indexes: 1,
        repositories: 3,
        tags: 4,
    },
    rounds: 1,
    interrupted: Link { rate: Some(10_000_000), ..Link::PLAIN },
};
