//! Which shard sees to what, so that all have about as much to do and what shares layers stays together.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use super::rendezvous::Scores;
use super::unit::group_of;
use super::{ShardCount, Unit};

/// A shard may have so much more than its fair share before what is still to come goes elsewhere: a tenth.
const SLACK: u128 = 10;

/// Which shard sees to which unit.
///
/// The units that are known in advance are parted by weight: whole namespaces go, the heaviest first, to the shard of
/// the highest rendezvous score among those that have room for it. One that fits nowhere is parted, and its units go to
/// the shards in the order that the namespace has for them: to few shards, so that few bring the layers that it shares.
///
/// Any other unit belongs to the shard of the highest score for its own name. That depends on nothing else, so shards
/// that see different lists of repositories still agree on each: the price is that such units are spread by number, not
/// by weight, and that their layers are brought by several.
#[derive(Clone, Debug)]
pub struct Assignment {
    count: ShardCount,
    owners: HashMap<String, usize>,
    loads: Vec<u128>,
}

impl Assignment {
    /// Parts `units` between so many shards. In which order they come makes no difference; those of one name are one. All
    /// shards have to be given the same.
    #[must_use]
    pub fn of(units: impl IntoIterator<Item = Unit>, count: ShardCount) -> Self {
        let mut groups: BTreeMap<String, BTreeMap<String, u128>> = BTreeMap::new();
        for Unit { name, weight } in units {
            let group = groups.entry(group_of(&name).to_owned()).or_default();
            *group.entry(name).or_default() += u128::from(weight);
        }
        let mut waiting: BinaryHeap<Piece> = groups.into_iter().map(Piece::of_group).collect();
        let total = waiting.iter().map(|piece| piece.weight).sum::<u128>();
        let mut parting = Parting::new(total, count);
        while let Some(piece) = waiting.pop() {
            waiting.extend(parting.place(piece));
        }
        Self { count, owners: parting.owners, loads: parting.loads }
    }

    /// The index of the shard that sees to `unit`.
    #[must_use]
    pub fn owner(&self, unit: &str) -> usize {
        let known = self.owners.get(unit).copied();
        known.unwrap_or_else(|| Scores::of(unit).best_of_all(self.count))
    }

    /// The weight of the known units of each shard. A unit without weight counts as 1: it is looked at all the same.
    #[must_use]
    pub fn loads(&self) -> &[u128] {
        &self.loads
    }
}

/// A namespace or a part of one.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Piece {
    weight: u128,
    /// Of pieces of one weight the first by name comes first.
    name: Reverse<String>,
    group: String,
    /// By name; never empty.
    units: Vec<(String, u128)>,
}

impl Piece {
    fn of_group((group, units): (String, BTreeMap<String, u128>)) -> Self {
        // What weighs nothing is looked at all the same, and is to be spread as well.
        let units: Vec<_> = units.into_iter().map(|(name, weight)| (name, weight.max(1))).collect();
        let weight = units.iter().map(|(_, weight)| weight).sum();
        Self { weight, name: Reverse(group.clone()), group, units }
    }

    /// Its units, each by itself.
    fn parted(self) -> Vec<Self> {
        let alone = |(name, weight): (String, u128)| Self {
            weight,
            name: Reverse(name.clone()),
            group: self.group.clone(),
            units: vec![(name, weight)],
        };
        self.units.into_iter().map(alone).collect()
    }
}

/// Shards that are being filled.
struct Parting {
    /// What a shard may have, as long as there is another with room.
    bound: u128,
    loads: Vec<u128>,
    owners: HashMap<String, usize>,
}

impl Parting {
    fn new(total: u128, count: ShardCount) -> Self {
        let shards = count.get() as u128;
        let bound = (total * (SLACK + 1)).div_ceil(shards * SLACK);
        Self { bound, loads: vec![0; count.get()], owners: HashMap::new() }
    }

    /// Gives a piece to a shard, or returns what it is to be parted into.
    fn place(&mut self, piece: Piece) -> Vec<Piece> {
        let scores = Scores::of(&piece.group);
        let has_room = |index: &usize| self.loads[*index] + piece.weight <= self.bound;
        let shards = 0..self.loads.len();
        let owner = match scores.best(shards.clone().filter(has_room)) {
            None if piece.units.len() > 1 => return piece.parted(),
            None => shards.min_by_key(|index| (self.loads[*index], Reverse(scores.score(*index)))),
            best => best,
        };
        let owner = owner.unwrap_or_default();
        self.loads[owner] += piece.weight;
        self.owners.extend(piece.units.into_iter().map(|(name, _)| (name, owner)));
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::Shard;
    use proptest::prelude::*;

    fn count(count: u64) -> ShardCount {
        ShardCount::new(count).unwrap()
    }

    fn shards(count: ShardCount) -> impl Iterator<Item = Shard> {
        (0..count.get() as u64).map(move |index| Shard::new(index, count).unwrap())
    }

    fn units(of: &[(&str, u64)]) -> Vec<Unit> {
        of.iter().map(|(name, weight)| Unit::new(*name, *weight)).collect()
    }

    fn drawn() -> impl Strategy<Value = Vec<Unit>> {
        let weight = prop_oneof![Just(0), 1..100_u64, 1..1_000_000_u64, Just(u64::MAX)];
        let unit = ("[ab]\\.io/[a-d]{1,2}/[a-z]{1,4}", weight);
        prop::collection::vec(unit.prop_map(|(name, weight)| Unit::new(name, weight)), 0..80)
    }

    /// Many units that weigh much the same.
    fn alike() -> impl Strategy<Value = Vec<Unit>> {
        let units = prop::collection::hash_map("q\\.io/[a-h]/[a-z]{6}", 50..100_u64, 100..200);
        units.prop_map(|units| {
            units.into_iter().map(|(name, weight)| Unit::new(name, weight)).collect()
        })
    }

    proptest! {
        #[test]
        fn two_shards_never_own_one_repository_and_all_together_own_all(
            known in drawn(),
            unknown in prop::collection::vec("[a-z./:0-9]{0,20}", 0..20),
            number in 1_u64..20,
        ) {
            let count = count(number);
            let assignment = Assignment::of(known.clone(), count);
            let names = known.iter().map(|unit| &unit.name).chain(&unknown);
            for name in names {
                let owners = shards(count).filter(|shard| shard.owns(&assignment, name)).count();
                prop_assert_eq!(owners, 1, "{}", name);
            }
            let weight = |unit: &Unit| u128::from(unit.weight);
            let all: u128 = assignment.loads().iter().sum();
            prop_assert!(all >= known.iter().map(weight).sum());
            prop_assert_eq!(assignment.loads().len(), count.get());
        }

        #[test]
        fn the_order_of_what_is_known_makes_no_difference(
            (sorted, shuffled) in drawn().prop_flat_map(|units| {
                (Just(units.clone()), Just(units).prop_shuffle())
            }),
            number in 1_u64..20,
        ) {
            let (one, other) = (Assignment::of(sorted.clone(), count(number)), Assignment::of(shuffled, count(number)));
            for unit in sorted {
                prop_assert_eq!(one.owner(&unit.name), other.owner(&unit.name));
            }
            prop_assert_eq!(one.loads(), other.loads());
        }

        #[test]
        fn what_is_not_known_in_advance_has_an_owner_that_does_not_depend_on_what_is(
            one in drawn(), other in drawn(), number in 1_u64..20,
        ) {
            let unknown = "elsewhere.io/org/app";
            let owner = |units| Assignment::of(units, count(number)).owner(unknown);
            prop_assert_eq!(owner(one), owner(other));
        }

        #[test]
        fn no_shard_has_more_than_a_tenth_above_its_share_where_units_are_small(
            units in alike(), number in 1_u64..6,
        ) {
            let total: u64 = units.iter().map(|unit| unit.weight).sum();
            let heaviest = units.iter().map(|unit| unit.weight).max().unwrap();
            prop_assume!(heaviest * number * 10 <= total);
            let assignment = Assignment::of(units, count(number));
            let bound = u128::from(total * 11).div_ceil(u128::from(number * 10));
            prop_assert!(assignment.loads().iter().all(|load| *load <= bound), "{:?}", assignment);
        }

        #[test]
        fn no_shard_has_more_than_its_share_and_the_heaviest_unit(
            units in drawn(), number in 1_u64..20,
        ) {
            let mut weights: HashMap<&str, u128> = HashMap::new();
            for unit in &units {
                *weights.entry(&unit.name).or_default() += u128::from(unit.weight);
            }
            let weights: Vec<u128> = weights.into_values().map(|weight| weight.max(1)).collect();
            let total: u128 = weights.iter().sum();
            let heaviest = weights.into_iter().max().unwrap_or_default();
            let count = count(number);
            let assignment = Assignment::of(units, count);
            let share = total.div_ceil(u128::from(number));
            let most = (share + heaviest).max((total * 11).div_ceil(u128::from(number * 10)));
            prop_assert!(assignment.loads().iter().all(|load| *load <= most), "{:?}", assignment);
        }
    }

    #[test]
    fn a_namespace_stays_together_where_it_can() {
        let of =
            |group: &str| (0..20).map(move |n| Unit::new(format!("q.io/{group}/{n}"), 1)).collect();
        let groups: [Vec<Unit>; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"].map(of);
        let assignment = Assignment::of(groups.concat(), count(4));
        for group in &groups {
            let owner = assignment.owner(&group[0].name);
            assert!(group.iter().all(|unit| assignment.owner(&unit.name) == owner), "{group:?}");
        }
        assert_eq!(assignment.loads(), [40; 4]);
    }

    #[test]
    fn a_namespace_that_is_too_heavy_is_parted_between_few_shards() {
        let mut units: Vec<Unit> =
            (0..30).map(|n| Unit::new(format!("q.io/big/{n}"), 10)).collect();
        units.extend((0..100).map(|n| Unit::new(format!("q.io/small-{n}/app"), 5)));
        let assignment = Assignment::of(units, count(8));
        let owners: std::collections::BTreeSet<usize> =
            (0..30).map(|n| assignment.owner(&format!("q.io/big/{n}"))).collect();
        // 300 of 800: a shard may have 110.
        assert_eq!(owners.len(), 3, "{owners:?}");
    }

    #[test]
    fn what_weighs_nothing_is_spread_as_well() {
        let units = (0..40).map(|n| Unit::new(format!("q.io/org/{n}"), 0));
        assert_eq!(Assignment::of(units, count(4)).loads().iter().max(), Some(&11));
    }

    #[test]
    fn one_that_is_heavier_than_all_others_has_a_shard_for_itself() {
        let assignment = Assignment::of(
            units(&[("q.io/a/x", 1000), ("q.io/a/y", 10), ("q.io/b/z", 10), ("q.io/c/w", 10)]),
            count(2),
        );
        let heavy = assignment.owner("q.io/a/x");
        let others = ["q.io/a/y", "q.io/b/z", "q.io/c/w"];
        assert!(others.iter().all(|other| assignment.owner(other) != heavy));
        let mut loads = assignment.loads().to_vec();
        loads.sort_unstable();
        assert_eq!(loads, [30, 1000]);
    }

    #[test]
    fn more_shards_than_units_leaves_some_with_nothing() {
        let assignment = Assignment::of(units(&[("q.io/a/x", 5), ("q.io/a/y", 5)]), count(10_000));
        assert_ne!(assignment.owner("q.io/a/x"), assignment.owner("q.io/a/y"));
        assert_eq!(assignment.loads().iter().filter(|load| **load > 0).count(), 2);
    }
}
