use proptest::prelude::*;

use super::super::judge::{Listed, Verdict, judge};
use super::super::stock::Held;
use super::*;

fn digest(number: usize) -> Digest {
    Digest::of(format!("manifest {number}").as_bytes())
}

fn name(text: &str) -> RefName {
    text.parse().unwrap()
}

/// The name under which a client lists what refers to a manifest, or cosign its signature.
fn attached(subject: usize, suffix: &str) -> RefName {
    name(&format!("sha256-{}{suffix}", digest(subject).hex()))
}

fn stock(names: &[(RefName, usize)], manifests: &[(usize, &[usize], Option<usize>)]) -> Stock {
    Stock {
        names: names.iter().map(|(name, number)| (name.clone(), digest(*number))).collect(),
        manifests: manifests
            .iter()
            .map(|(number, children, subject)| {
                let children = children.iter().map(|child| digest(*child)).collect();
                (digest(*number), Held { children, subject: subject.map(digest), bytes: 1 })
            })
            .collect(),
    }
}

fn wanted(names: &[RefName]) -> Wanted {
    Wanted { names: names.iter().cloned().collect(), digests: BTreeSet::new() }
}

/// What goes: names with their manifests, names alone, manifests.
fn told(doomed: &Doomed) -> (Vec<String>, Vec<String>, Vec<usize>) {
    let (mut names, mut alone, mut manifests) = (Vec::new(), Vec::new(), Vec::new());
    for row in doomed.blocks.iter().flatten() {
        match row {
            Row::Name(name, _) => names.push(name.to_string()),
            Row::NameAlone(name, _, needs) => alone.push(format!("{name} for {needs}")),
            Row::Manifest(found, _) => {
                manifests.push((0..10).find(|number| digest(*number) == *found).unwrap());
            }
        }
    }
    names.sort();
    (names, alone, manifests)
}

#[test]
fn a_tag_goes_with_its_manifest_unless_another_needs_that() {
    let stock =
        stock(&[(name("a"), 1), (name("b"), 1), (name("c"), 2)], &[(1, &[], None), (2, &[], None)]);
    assert_eq!(told(&doom(&stock, &wanted(&[name("c")]))), (vec!["c".into()], vec![], vec![2]));
    let one = told(&doom(&stock, &wanted(&[name("a")])));
    assert_eq!(one, (vec![], vec!["a for b".into()], vec![]));
    let both = told(&doom(&stock, &wanted(&[name("a"), name("b")])));
    assert_eq!(both, (vec!["a".into(), "b".into()], vec![], vec![1]));
}

#[test]
fn images_of_an_index_go_with_it_unless_another_needs_them() {
    let manifests: [(usize, &[usize], _); 4] =
        [(1, &[3, 4], None), (2, &[4], None), (3, &[], None), (4, &[], None)];
    let stock_ = stock(&[(name("a"), 1), (name("b"), 2)], &manifests);
    assert_eq!(told(&doom(&stock_, &wanted(&[name("a")]))).2, [1, 3]);
    assert_eq!(told(&doom(&stock_, &wanted(&[name("a"), name("b")]))).2, [1, 3, 4, 2]);
    let tagged = stock(&[(name("a"), 1), (name("b"), 2), (name("c"), 3)], &manifests);
    assert_eq!(told(&doom(&tagged, &wanted(&[name("a")]))).2, [1]);
}

#[test]
fn what_refers_to_an_image_goes_and_stays_with_it() {
    let names = [
        (name("a"), 1),
        (name("b"), 2),
        (attached(1, ".sig"), 5),
        (attached(2, ".sig"), 6),
        (attached(1, ""), 7),
    ];
    let manifests: [(usize, &[usize], _); 7] = [
        (1, &[], None),
        (2, &[], None),
        (3, &[], Some(1)),
        (4, &[], Some(2)),
        (5, &[], None),
        (6, &[], None),
        (7, &[3], None),
    ];
    let stock = stock(&names, &manifests);
    let (gone, alone, mut manifests) = told(&doom(&stock, &wanted(&[name("a")])));
    manifests.sort_unstable();
    let mut wanted_names = vec!["a".to_owned()];
    wanted_names.extend([attached(1, ""), attached(1, ".sig")].map(|name| name.to_string()));
    assert_eq!((gone, alone, manifests), (wanted_names, vec![], vec![1, 3, 5, 7]));
    let signature = told(&doom(&stock, &wanted(&[attached(2, ".sig")])));
    assert_eq!(signature.2, [6]);
}

#[test]
fn a_manifest_by_its_digest_goes_only_if_no_tag_needs_it() {
    let manifests: [(usize, &[usize], _); 4] =
        [(1, &[2], None), (2, &[], None), (3, &[], None), (4, &[], Some(1))];
    let stock = stock(&[(name("a"), 1)], &manifests);
    let by_digest = |numbers: &[usize]| Wanted {
        names: BTreeSet::new(),
        digests: numbers.iter().map(|number| digest(*number)).collect(),
    };
    let doomed = doom(&stock, &by_digest(&[2, 3, 4]));
    assert_eq!(doomed.kept, [(digest(2), name("a"))]);
    let mut manifests = told(&doomed).2;
    manifests.sort_unstable();
    assert_eq!(manifests, [3, 4]);
}

const MANIFESTS: usize = 9;

/// A repository where anything points to anything, and some of its names.
fn worlds() -> impl Strategy<Value = (Stock, Wanted)> {
    let manifest =
        (prop::collection::vec(0..MANIFESTS, 0..3), prop::option::weighted(0.3, 0..MANIFESTS));
    let named = (0..MANIFESTS, prop::option::weighted(0.3, 0..MANIFESTS), any::<bool>());
    let digests = prop::collection::vec(0..MANIFESTS, 0..2);
    (prop::collection::vec(manifest, MANIFESTS), prop::collection::vec(named, 0..7), digests)
        .prop_map(|(manifests, names, digests)| {
            let mut stock = Stock::default();
            for (number, (children, subject)) in manifests.into_iter().enumerate() {
                // Digests make circles impossible.
                let children = children.into_iter().filter(|c| *c > number).map(digest).collect();
                let subject = subject.filter(|subject| *subject > number).map(digest);
                stock.manifests.insert(digest(number), Held { children, subject, bytes: 1 });
            }
            let mut wanted = Wanted {
                names: BTreeSet::new(),
                digests: digests.into_iter().map(digest).collect(),
            };
            for (number, (root, subject, goes)) in names.into_iter().enumerate() {
                let name = match subject {
                    Some(subject) => attached(subject, &format!(".s{number}")),
                    None => name(&format!("v{number}")),
                };
                if goes {
                    wanted.names.insert(name.clone());
                }
                stock.names.insert(name, digest(root));
            }
            (stock, wanted)
        })
}

/// All manifests that the names of a stock need.
fn needed(stock: &Stock) -> BTreeSet<Digest> {
    let (mut found, mut open) =
        (BTreeSet::new(), stock.names.values().cloned().collect::<Vec<_>>());
    while let Some(digest) = open.pop() {
        if found.insert(digest.clone()) {
            open.extend(stock.manifests.get(&digest).into_iter().flat_map(|h| h.children.clone()));
        }
    }
    found
}

fn without(stock: &Stock, doomed: &Doomed) -> Stock {
    let mut after = stock.clone();
    for row in doomed.blocks.iter().flatten() {
        match row {
            Row::Name(name, _) | Row::NameAlone(name, ..) => {
                assert!(after.names.remove(name).is_some(), "{name} goes twice");
            }
            Row::Manifest(digest, _) => {
                assert!(after.manifests.remove(digest).is_some(), "{digest} goes twice");
            }
        }
    }
    after
}

fn listed(doomed: &Doomed) -> Listed {
    let mut listed = Listed::default();
    for row in doomed.blocks.iter().flatten() {
        match row {
            Row::Name(name, digest) | Row::NameAlone(name, digest, _) => {
                listed.names.insert(name.clone(), digest.clone());
            }
            Row::Manifest(digest, _) => {
                listed.manifests.insert(digest.clone());
            }
        }
    }
    listed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_that_stays_loses_anything((stock, wanted) in worlds()) {
        let after = without(&stock, &doom(&stock, &wanted));
        for digest in needed(&after) {
            prop_assert!(after.manifests.contains_key(&digest), "{digest} is needed and gone");
        }
    }

    /// What refers to something that a plain name needs stays with it, unless it was to go itself or with its own name.
    #[test]
    fn what_stays_keeps_what_refers_to_it((stock, wanted) in worlds()) {
        let after = without(&stock, &doom(&stock, &wanted));
        let mut plain = after.clone();
        plain.names.retain(|name, _| name.as_str().starts_with('v'));
        let needed = needed(&plain);
        for (digest, held) in &stock.manifests {
            let stays = held.subject.as_ref().is_some_and(|subject| needed.contains(subject));
            if stays && !wanted.digests.contains(digest) {
                prop_assert!(after.manifests.contains_key(digest), "{digest}");
            }
        }
    }

    #[test]
    fn all_names_that_were_wanted_go_and_no_plain_name_besides((stock, wanted) in worlds()) {
        let after = without(&stock, &doom(&stock, &wanted));
        for name in stock.names.keys() {
            if wanted.names.contains(name) {
                prop_assert!(!after.names.contains_key(name));
            } else if name.as_str().starts_with('v') {
                prop_assert!(after.names.contains_key(name));
            }
        }
    }

    #[test]
    fn what_is_listed_may_go_while_nothing_changes((stock, wanted) in worlds()) {
        let listed = listed(&doom(&stock, &wanted));
        let judged = judge(&stock, &listed);
        prop_assert!(judged.manifests.values().all(|verdict| *verdict == Verdict::Go));
        prop_assert!(judged.names.values().all(|verdict| *verdict == Verdict::Go));
    }

    #[test]
    fn a_list_that_was_shortened_breaks_nothing(
        (stock, wanted) in worlds(),
        left in prop::collection::vec(any::<bool>(), 20),
    ) {
        let mut listed = listed(&doom(&stock, &wanted));
        let mut left = left.into_iter().cycle();
        listed.names.retain(|_, _| left.next().unwrap());
        listed.manifests.retain(|_| left.next().unwrap());
        let mut after = stock.clone();
        let judged = judge(&stock, &listed);
        after.names.retain(|name, _| judged.names.get(name) != Some(&Verdict::Go));
        for (digest, verdict) in judged.manifests {
            if verdict == Verdict::Go {
                after.manifests.remove(&digest);
            }
        }
        for digest in needed(&after) {
            prop_assert!(after.manifests.contains_key(&digest), "{digest} is needed and gone");
        }
    }

    #[test]
    fn a_tag_that_has_moved_keeps_what_it_was_and_is((stock, wanted) in worlds(), to in 0..MANIFESTS) {
        let listed = listed(&doom(&stock, &wanted));
        if let Some((name, was)) = listed.names.iter().next().map(|(n, d)| (n.clone(), d.clone())) {
            let mut now = stock.clone();
            now.names.insert(name.clone(), digest(to));
            let moved = was != digest(to);
            let judged = judge(&now, &listed);
            prop_assert!(!moved || judged.names[&name] != Verdict::Go);
            for (digest, verdict) in judged.manifests {
                if moved && (digest == was || needed(&now_only(&now, &name)).contains(&digest)) {
                    prop_assert_ne!(verdict, Verdict::Go);
                }
            }
        }
    }
}

/// The stock with this name alone.
fn now_only(stock: &Stock, name: &RefName) -> Stock {
    let names = stock.names.iter().filter(|(other, _)| *other == name);
    Stock {
        names: names.map(|(name, digest)| (name.clone(), digest.clone())).collect(),
        manifests: stock.manifests.clone(),
    }
}
