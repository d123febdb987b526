use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::model::Digest;
use crate::shard::{self, Assignment, ShardCount};
use crate::store;
use crate::tagsync::{RuleFile, Select, step};

/// Upstream: repositories below `q.io/org`, and the digest of each tag.
type Stock = BTreeMap<String, BTreeMap<Tag, Digest>>;

const REPOSITORIES: [&str; 2] = ["a", "b"];
const TAGS: [&str; 5] = ["v1", "v2", "v3", "edge", "x-v1"];

fn digest(number: u8) -> Digest {
    Digest::of(&[number])
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

/// All that a run sees.
#[derive(Clone, Debug)]
struct World {
    /// The rules, as they are written.
    rules: Vec<String>,
    upstream: Stock,
    /// What is at `r.io/a` and `r.io/b`.
    targets: Stock,
    /// Repositories upstream that do not answer, and tags of which nothing can be found out.
    broken: BTreeSet<String>,
    unsure: BTreeSet<(String, Tag)>,
}

impl World {
    fn read(&self) -> Vec<Rule> {
        RuleFile::of(&self.rules.join("\n")).rules
    }

    /// What a rule selects, as its names say and upstream has it.
    fn selection(&self, select: &Select, repository: &str) -> BTreeMap<Tag, Digest> {
        let tags = self.upstream.get(repository).into_iter().flatten();
        let fitting = tags.filter(|(tag, _)| select.by_name(tag).is_ok());
        fitting.map(|(tag, digest)| (tag.clone(), digest.clone())).collect()
    }

    /// The repositories of a rule, with the targets of each.
    fn units(rule: &Rule, number: usize) -> Vec<Unit> {
        let repositories = match &rule.source {
            crate::tagsync::Source::Repository(place) => vec![place.to_string()],
            _ => REPOSITORIES.map(|name| format!("q.io/org/{name}")).to_vec(),
        };
        let unit = |source: String| Unit {
            rule: number,
            targets: rule.places_of(&source).iter().map(|place| place.parse().unwrap()).collect(),
            source: source.parse().unwrap(),
            image: None,
        };
        repositories.into_iter().map(unit).collect()
    }

    /// What a run of the rules `due` proposes, of the units that are `owned`.
    fn propose(
        &self,
        rules: &[Rule],
        due: &BTreeSet<usize>,
        owned: impl Fn(Unit) -> Unit,
    ) -> Proposal {
        let mut selected = Selected::default();
        for number in asked(rules, due) {
            let rule = &rules[number];
            for unit in Self::units(rule, number) {
                let unit = owned(unit);
                if unit.targets.is_empty() {
                    continue;
                }
                let place = unit.source.to_string();
                let repository = place.rsplit_once('/').unwrap().1;
                if self.broken.contains(repository) {
                    let at = Some(unit.source.clone());
                    selected.troubles.push(Trouble::at(number, at, None, broken()));
                    continue;
                }
                let mut chosen = Chosen::default();
                for (tag, digest) in self.selection(&rule.select, repository) {
                    if self.unsure.contains(&(repository.to_owned(), tag.clone())) {
                        let at = unit.source.named(&tag.clone().into()).ok();
                        chosen.troubles.push(Trouble::at(number, at, None, broken()));
                        chosen.unsure.insert(tag);
                    } else {
                        chosen.tags.insert(tag, digest);
                    }
                }
                selected.units.push((unit, chosen));
            }
        }
        let mut answers = Vec::new();
        for (index, (unit, chosen)) in selected.units.iter().enumerate() {
            for target in &unit.targets {
                let answer = match due.contains(&unit.rule) {
                    true => Answer::Compared(self.compared(&rules[unit.rule], chosen, target)),
                    false => Answer::NotDue,
                };
                answers.push(Answered { unit: index, target: target.clone(), answer });
            }
        }
        decide(rules, due, selected, answers)
    }

    fn compared(&self, rule: &Rule, chosen: &Chosen, target: &Endpoint) -> Compared {
        let place = target.to_string();
        let there =
            self.targets.get(place.rsplit_once('/').unwrap().1).cloned().unwrap_or_default();
        let mut compared = Compared {
            wishes: Vec::new(),
            wanted: names(rule, chosen),
            there: Some(there.keys().cloned().collect()),
            troubles: Vec::new(),
        };
        for (tag, digest) in &chosen.tags {
            let name = rule.rename.apply(tag).unwrap();
            let step = step(rule, &name, digest, there.get(&name), Timestamp::UNIX_EPOCH).unwrap();
            let at = target.named(&name.into()).unwrap();
            let (tag, digest) = (Some(tag.clone()), digest.clone());
            compared.wishes.push(Wish { tag, digest, target: at, step });
        }
        compared
    }

    /// The names that any rule takes at a place, whether it is due or not, and whether it is known or not.
    fn wanted_at(&self, rules: &[Rule], place: &str) -> BTreeSet<Tag> {
        let mut wanted = BTreeSet::new();
        for (number, rule) in rules.iter().enumerate() {
            for unit in Self::units(rule, number) {
                if unit.targets.iter().any(|target| target.to_string() == place) {
                    let source = unit.source.to_string();
                    let tags = self.selection(&rule.select, source.rsplit_once('/').unwrap().1);
                    wanted.extend(tags.keys().map(|tag| rule.rename.apply(tag).unwrap()));
                }
            }
        }
        wanted
    }
}

fn broken() -> SyncError {
    store::Error::NotFound { what: "it".to_owned(), place: "q.io".to_owned(), source: None }.into()
}

/// A proposal in an order of its own, with rules by their names.
fn told(proposal: &Proposal, rules: &[Rule]) -> BTreeSet<String> {
    let wishes = proposal.units.iter().flat_map(|unit| {
        let rule = &rules[unit.unit.rule].name;
        unit.wishes.iter().map(move |wish| {
            format!("{rule} {:?} {} -> {} {:?}", wish.tag, wish.digest, wish.target, wish.step)
        })
    });
    let strays = proposal.strays.iter().flat_map(|stray| {
        let rule = &rules[stray.rule].name;
        stray.tags.iter().map(move |tag| format!("{rule} {}:{tag} {:?}", stray.place, stray.mode))
    });
    let troubles = proposal.troubles.iter().map(|trouble| {
        let target = trouble.target.as_ref().map(ToString::to_string);
        format!("{} {target:?}: {}", rules[trouble.rule].name, trouble.error)
    });
    wishes.chain(strays).chain(troubles).collect()
}

fn a_rule() -> impl Strategy<Value = String> {
    let source = prop_oneof![Just("a"), Just("b"), Just("")];
    let target = prop_oneof![Just("a"), Just("b")];
    let tags = prop::sample::subsequence(vec!["'v*'", "v1", "edge", "'*'", "none"], 1..3);
    let rename = prop_oneof![3 => Just(""), 1 => Just(", rename: 'x-{tag}'")];
    let prune = prop_oneof![
        2 => Just(""),
        3 => Just(", prune: tags"),
        1 => Just(", prune: report"),
        1 => Just(", prune: {mode: tags, max-delete: 1, protect: [edge]}"),
    ];
    let care = prop_oneof![
        3 => Just(""),
        1 => Just(", immutable: [v1]"),
        1 => Just(", backup: 'old-{tag}'"),
        1 => Just(", platforms: [linux/amd64]"),
    ];
    (source, target, tags, rename, prune, care).prop_map(
        |(source, target, tags, rename, prune, care)| {
            let to = if source.is_empty() { "" } else { target };
            format!(
                "source: q.io/org/{source}, to: r.io/{to}, tags: [{}]{rename}{prune}{care}}}",
                tags.join(", ")
            )
        },
    )
}

fn a_stock() -> impl Strategy<Value = Stock> {
    let tags = prop::collection::btree_map(prop::sample::select(TAGS.to_vec()), 0_u8..4, 0..5);
    let tags = tags.prop_map(|tags| {
        tags.into_iter().map(|(name, number)| (tag(name), digest(number))).collect()
    });
    prop::collection::btree_map(prop::sample::select(REPOSITORIES.to_vec()), tags, 0..3)
        .prop_map(|stock| stock.into_iter().map(|(name, tags)| (name.to_owned(), tags)).collect())
}

fn a_world() -> impl Strategy<Value = World> {
    let broken = prop::sample::subsequence(REPOSITORIES.to_vec(), 0..2);
    let unsure = prop::sample::subsequence(vec![("a", "v1"), ("a", "edge"), ("b", "v2")], 0..2);
    let kept = prop_oneof![2 => Just(true), 1 => Just(false)];
    (prop::collection::vec(a_rule(), 1..5), a_stock(), a_stock(), broken, unsure, kept).prop_map(
        |(rules, upstream, targets, broken, unsure, is_well)| World {
            rules: (0..)
                .zip(rules)
                .map(|(number, rule)| format!("- {{name: r{number}, {rule}"))
                .collect(),
            upstream,
            targets,
            broken: broken.into_iter().filter(|_| !is_well).map(str::to_owned).collect(),
            unsure: unsure
                .into_iter()
                .filter(|_| !is_well)
                .map(|(repository, name)| (repository.to_owned(), tag(name)))
                .collect(),
        },
    )
}

/// The rules that are due, of so many.
fn due(rules: usize, mask: u8) -> BTreeSet<usize> {
    (0..rules).filter(|number| mask >> number & 1 == 1).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn nothing_goes_that_any_rule_takes_or_where_none_takes_anything(world in a_world(), mask in 1_u8..16) {
        let due = due(world.rules.len(), mask);
        let rules = world.read();
        let proposal = world.propose(&rules, &due, |unit| unit);
        for stray in &proposal.strays {
            let wanted = world.wanted_at(&rules, &stray.place.to_string());
            prop_assert!(!wanted.is_empty(), "{stray:?}");
            prop_assert!(stray.tags.iter().all(|tag| !wanted.contains(tag)), "{stray:?} {wanted:?}");
            let rule = &rules[stray.rule];
            prop_assert!(due.contains(&stray.rule) && rule.prune.mode == stray.mode);
        }
        // One name is brought once, by a rule that is due.
        let wishes = proposal.units.iter().flat_map(|unit| &unit.wishes);
        let targets: Vec<String> = wishes.map(|wish| wish.target.to_string()).collect();
        let names: BTreeSet<&String> = targets.iter().collect();
        prop_assert_eq!(names.len(), targets.len());
        prop_assert!(proposal.units.iter().all(|unit| due.contains(&unit.unit.rule)));
    }

    #[test]
    fn the_order_of_rules_says_nothing(world in a_world(), mask in 1_u8..16, turn in 0_usize..4) {
        let count = world.rules.len();
        let before = due(count, mask);
        let mut turned = world.clone();
        turned.rules.rotate_left(turn % count);
        turned.rules.reverse();
        let place = |number: usize| {
            let name = format!("name: r{number},");
            turned.rules.iter().position(|rule| rule.contains(&name)).unwrap()
        };
        let after = before.iter().map(|number| place(*number)).collect();
        let (rules, others) = (world.read(), turned.read());
        let one = told(&world.propose(&rules, &before, |unit| unit), &rules);
        let other = told(&turned.propose(&others, &after, |unit| unit), &others);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn shards_make_together_what_one_run_makes(world in a_world(), mask in 1_u8..16, count in 1_u32..5) {
        let due = due(world.rules.len(), mask);
        let rules = world.read();
        let count: ShardCount = count.to_string().parse().unwrap();
        let units = ["r.io/a", "r.io/b"].map(|place| {
            shard::Unit::new(shard::unit_of(&place.parse().unwrap()), 1)
        });
        let assignment = Assignment::of(units, count);
        let whole = world.propose(&rules, &due, |unit| unit);
        let mut together = BTreeSet::new();
        for index in 0..count.get() {
            let owned = |unit: Unit| {
                let is_own = |place: &&Endpoint| assignment.owner(&shard::unit_of(place)) == index;
                Unit { targets: unit.targets.iter().filter(is_own).cloned().collect(), ..unit }
            };
            let part = world.propose(&rules, &due, owned);
            for unit in &part.units {
                for wish in &unit.wishes {
                    let place = wish.target.without_name();
                    prop_assert_eq!(assignment.owner(&shard::unit_of(&place)), index);
                }
            }
            together.extend(told(&part, &rules));
        }
        // What does not answer is told by each shard that asks it.
        prop_assert_eq!(together, told(&whole, &rules));
    }
}

fn world(rules: &[&str], upstream: &[(&str, &str, u8)], there: &[(&str, &str, u8)]) -> World {
    let stock = |entries: &[(&str, &str, u8)]| {
        let mut stock = Stock::new();
        for (repository, name, number) in entries {
            let tags = stock.entry((*repository).to_owned()).or_default();
            tags.insert(tag(name), digest(*number));
        }
        stock
    };
    let rules = rules.iter().enumerate();
    World {
        rules: rules.map(|(n, rule)| format!("- {{name: r{n}, {rule}}}")).collect(),
        upstream: stock(upstream),
        targets: stock(there),
        broken: BTreeSet::new(),
        unsure: BTreeSet::new(),
    }
}

fn all(world: &World) -> Proposal {
    world.propose(&world.read(), &(0..world.rules.len()).collect(), |unit| unit)
}

#[test]
fn two_rules_may_want_one_image_and_the_careful_one_counts() {
    let one = "source: q.io/org/a, to: r.io/a";
    for (careful, expected) in [
        ("immutable: [v1]", Step::Held { from: digest(9), immutable: "v1".to_owned() }),
        ("backup: 'old-{tag}'", Step::Move { from: digest(9), backup: Some(tag("old-v1")) }),
    ] {
        let careful = format!("{one}, {careful}");
        for rules in [[one, &careful], [&careful, one]] {
            let proposal = all(&world(&rules, &[("a", "v1", 1)], &[("a", "v1", 9)]));
            let steps: Vec<&Step> = proposal
                .units
                .iter()
                .flat_map(|unit| &unit.wishes)
                .map(|wish| &wish.step)
                .collect();
            assert_eq!(steps, [&expected]);
        }
    }
}

#[test]
fn two_images_for_one_name_are_an_error_for_that_name_alone() {
    let rules = ["source: q.io/org/a, to: r.io/a", "source: q.io/org/b, to: r.io/a, prune: tags"];
    let upstream = [("a", "v1", 1), ("a", "v2", 2), ("b", "v1", 3), ("b", "v2", 2)];
    let proposal = all(&world(&rules, &upstream, &[("a", "old", 9)]));
    let wishes: Vec<String> = proposal
        .units
        .iter()
        .flat_map(|unit| &unit.wishes)
        .map(|wish| wish.target.to_string())
        .collect();
    assert_eq!((wishes, proposal.strays.len()), (vec!["r.io/a:v2".to_owned()], 0));
    let told: Vec<String> = proposal.troubles.iter().map(|t| t.error.to_string()).collect();
    assert_eq!(
        told,
        [
            "r.io/a:v1 would be two images: q.io/org/a:v1 and q.io/org/b:v1 both go there",
            "no tag of r.io/a is deleted, for not all is well there: r.io/a:v1 would be two images",
        ]
    );
}

#[test]
fn platforms_make_another_image() {
    let rules = [
        "source: q.io/org/a, to: r.io/a",
        "source: q.io/org/a, to: r.io/a, platforms: [linux/amd64]",
    ];
    let proposal = all(&world(&rules, &[("a", "v1", 1)], &[]));
    assert!(proposal.units.iter().all(|unit| unit.wishes.is_empty()));
    let told: Vec<String> = proposal.troubles.iter().map(|t| t.error.to_string()).collect();
    assert_eq!(
        told,
        ["r.io/a:v1 would be two images: rules pick different platforms of q.io/org/a:v1"]
    );
}

#[test]
fn only_rules_that_are_due_say_what_becomes_of_others() {
    let rules = [
        "source: q.io/org/a, to: r.io/a, tags: [v1]",
        "source: q.io/org/a, to: r.io/a, tags: [v2], prune: tags",
    ];
    let world = world(&rules, &[("a", "v1", 1), ("a", "v2", 2)], &[("a", "old", 9)]);
    let strays = |due: usize| world.propose(&world.read(), &[due].into(), |unit| unit).strays.len();
    assert_eq!((strays(0), strays(1)), (0, 1));
    assert_eq!(all(&world).strays.len(), 1);
}

#[test]
fn what_is_wrong_with_others_is_told_where_it_matters() {
    let rules = ["source: q.io/org/a, to: r.io/a, prune: tags", "source: q.io/org/b, to: r.io/a"];
    let mut world = world(&rules, &[("a", "v1", 1), ("b", "v2", 2)], &[("a", "v1", 1)]);
    world.broken.insert("b".to_owned());
    let troubles =
        |world: &World| world.propose(&world.read(), &[0].into(), |unit| unit).troubles.len();
    assert_eq!(troubles(&world), 0);
    world.targets.get_mut("a").unwrap().insert(tag("old"), digest(9));
    assert_eq!(troubles(&world), 1);
}

#[test]
fn rules_are_asked_that_may_keep_what_others_would_delete() {
    for (rules, due, expected) in [
        (&["to: r.io/a", "to: r.io/a, prune: tags"][..], 0, &[0][..]),
        (&["to: r.io/a", "to: r.io/a, prune: tags"], 1, &[0, 1]),
        (&["to: r.io/a", "to: r.io/a, prune: report", "to: r.io/b"], 1, &[0, 1]),
        (&["to: r.io/", "to: r.io/b, prune: tags", "to: r.io/c/"], 1, &[0, 1]),
    ] {
        let rules: Vec<String> = rules
            .iter()
            .enumerate()
            .map(|(n, rule)| {
                let source = if rule.contains("/,") || rule.ends_with('/') {
                    "q.io/org/"
                } else {
                    "q.io/org/a"
                };
                format!("- {{name: r{n}, source: {source}, {rule}}}")
            })
            .collect();
        let rules = RuleFile::of(&rules.join("\n")).rules;
        assert_eq!(asked(&rules, &[due].into()), expected);
    }
}
