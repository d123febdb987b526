//! Rendezvous hashing (Thaler and Ravishankar, «Using Name-Based Mappings to Increase Hit Rates»): every name gives every
//! shard a score, and the highest has it. One shard more takes over its part of all, and nothing else moves.
//!
//! The scores are the same on every machine and stay what they are: shards of different builds agree.

use sha2::{Digest as _, Sha256};

use super::ShardCount;

/// The scores that a name gives to shards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scores {
    name: u64,
}

impl Scores {
    pub(super) fn of(name: &str) -> Self {
        let hash = Sha256::digest(name.as_bytes());
        let first = hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
        Self { name: first }
    }

    /// The score of the shard at `index`.
    pub(super) fn score(self, index: usize) -> u64 {
        mixed(self.name ^ mixed(index as u64 + 1))
    }

    /// The shard with the highest score of `indexes`.
    pub(super) fn best(self, indexes: impl Iterator<Item = usize>) -> Option<usize> {
        indexes.max_by_key(|index| (self.score(*index), std::cmp::Reverse(*index)))
    }

    /// The shard with the highest score of all.
    pub(super) fn best_of_all(self, count: ShardCount) -> usize {
        self.best(0..count.get()).unwrap_or_default()
    }
}

/// Every bit of the result depends on every bit of `number` (the finaliser of SplitMix64).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn owner(name: &str, count: u64) -> usize {
        Scores::of(name).best_of_all(ShardCount::new(count).unwrap())
    }

    /// Shards of an older build have to agree.
    #[test]
    fn the_scores_stay_what_they_are() {
        let names = ["q.io/org/app", "q.io/org/tool", "localhost:5000/a", "oci:dir", ""];
        assert_eq!(names.map(|name| owner(name, 8)), [1, 3, 6, 0, 4]);
        assert_eq!(names.map(|name| owner(name, 64)), [42, 8, 31, 18, 41]);
    }

    #[test]
    fn names_are_spread_evenly() {
        let mut held = [0_u32; 16];
        for number in 0..16_000 {
            held[owner(&format!("registry.local/team/app-{number}"), 16)] += 1;
        }
        assert!(held.iter().all(|held| (850..1150).contains(held)), "{held:?}");
    }

    proptest! {
        #[test]
        fn one_shard_more_takes_its_part_and_nothing_else_moves(
            names in prop::collection::hash_set("[a-z]{1,8}/[a-z0-9]{1,8}", 200),
            count in 1_u64..40,
        ) {
            let moved = |name: &&String| {
                let (before, after) = (owner(name, count), owner(name, count + 1));
                assert!(before == after || after as u64 == count, "{name}: {before} -> {after}");
                before != after
            };
            let moved = names.iter().filter(moved).count() as u64;
            // Of 200 one in count + 1 is expected to move: more than three times as many would be a bad hash.
            prop_assert!(moved <= 3 * 200 / (count + 1) + 10, "{moved} of 200 moved, {count} shards");
        }
    }
}
