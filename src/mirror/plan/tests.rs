//! What holds of every plan, and what is refused of texts that are none.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use proptest::prelude::*;

use super::*;
use crate::mirror::Parted;
use crate::model::{Digest, ImageRef, Manifest, Repository, media_types};
use crate::shard::{Shard, ShardCount};
use crate::transfer::{ImageGraph, Lists, Standing};

/// Where images come from and go to. Two are on the registry that some images come from, one is a folder.
const PLACES: [&str; 5] = ["one.io/a", "one.io/b", "two.io/a", "two.io/b", "oci:folder"];
const SOURCES: [&str; 3] = ["one.io/from", "one.io/a", "src.io/from"];

fn repository(text: &str) -> Option<Repository> {
    (!text.starts_with("oci:")).then(|| text.parse::<ImageRef>().unwrap().repository)
}

fn blob(seed: u8) -> Digest {
    Digest::of(&[seed])
}

fn image(layers: &BTreeSet<u8>) -> Manifest {
    let blob = |seed: &u8| {
        let media_type = "application/vnd.oci.image.layer.v1.tar";
        serde_json::json!({"mediaType": media_type, "digest": blob(*seed), "size": seed})
    };
    let layers: Vec<_> = layers.iter().map(blob).collect();
    let json = serde_json::json!({"schemaVersion": 2, "config": blob(&0), "layers": layers});
    let bytes = serde_json::to_vec(&json).unwrap();
    Manifest::parse(bytes.into(), Some(media_types::OCI_MANIFEST)).unwrap()
}

/// An image as it is drawn: its layers, where it comes from, where it goes, and whether each place knows its manifest.
#[derive(Clone, Debug)]
struct Drawn {
    layers: BTreeSet<u8>,
    source: usize,
    places: BTreeSet<usize>,
    known: [bool; 5],
}

/// Blobs that each place has.
type Has = Vec<BTreeSet<u8>>;

fn drawn() -> impl Strategy<Value = Drawn> {
    let layers = prop::collection::btree_set(1u8..12, 0..5);
    let places = prop::collection::btree_set(0..PLACES.len(), 1..=PLACES.len());
    (layers, 0..SOURCES.len(), places, any::<[bool; 5]>())
        .prop_map(|(layers, source, places, known)| Drawn { layers, source, places, known })
}

fn has() -> impl Strategy<Value = Has> {
    prop::collection::vec(prop::collection::btree_set(0u8..12, 0..8), PLACES.len())
}

/// The image number `number`, as it would be found.
fn found(number: usize, drawn: &Drawn, has: &Has) -> Found {
    let root = image(&drawn.layers);
    let target = |place: &usize| {
        let whole = drawn.layers.iter().chain([&0]).all(|seed| has[*place].contains(seed));
        let there = whole && drawn.known[*place];
        let there = HashSet::from_iter(there.then(|| root.digest().clone()));
        FoundTarget {
            destination: format!("{}:v{number}", PLACES[*place]).parse().unwrap(),
            place: PLACES[*place].to_owned(),
            repository: repository(PLACES[*place]),
            standing: Standing { now: None, there },
        }
    };
    Found {
        source: format!("{}:v{number}", SOURCES[drawn.source]).parse().unwrap(),
        platforms: Vec::new(),
        repository: repository(SOURCES[drawn.source]),
        targets: drawn.places.iter().map(target).collect(),
        graph: ImageGraph::of(root),
    }
}

fn plan(found: &[Found], has: &Has) -> Lock {
    let mut draft = Draft::default();
    found.iter().for_each(|found| draft.add(found));
    for question in draft.questions() {
        let place = question.places.iter().find(|place| {
            let number = PLACES.iter().position(|name| name == place).unwrap();
            has[number].iter().any(|seed| blob(*seed) == question.blob.digest)
        });
        place.cloned().inspect(|place| draft.has(&question, place));
    }
    draft.finish(Lists::Reduced, Speed::default())
}

/// Blobs by place, as numbers: copied, mounted with where from, all.
struct Work {
    copy: BTreeSet<u8>,
    mount: BTreeMap<u8, String>,
    all: BTreeSet<u8>,
}

fn work(lock: &Lock, images: &[Drawn], place: usize) -> Work {
    let seeds: BTreeMap<Digest, u8> = (0..12).map(|seed| (blob(seed), seed)).collect();
    let here = images.iter().filter(|image| image.places.contains(&place));
    let all = here.flat_map(|image| image.layers.iter().copied().chain([0])).collect();
    let Some(done) = lock.places.iter().find(|done| done.place == PLACES[place]) else {
        return Work { copy: BTreeSet::new(), mount: BTreeMap::new(), all };
    };
    let mount = done.mount.iter().map(|(digest, from)| (seeds[digest], from.to_string()));
    Work { copy: done.copy.iter().map(|d| seeds[d]).collect(), mount: mount.collect(), all }
}

proptest! {
    #[test]
    fn every_blob_comes_to_where_it_is_needed_and_none_twice(
        images in prop::collection::vec(drawn(), 1..6),
        has in has(),
    ) {
        let found: Vec<Found> =
            images.iter().enumerate().map(|(number, image)| found(number, image, &has)).collect();
        let lock = plan(&found, &has);
        let mut uploads = HashSet::new();
        for place in 0..PLACES.len() {
            let Work { copy, mount, all } = work(&lock, &images, place);
            // What the source holds is there when the place is the source itself.
            let own = |seed: &u8| images.iter().any(|image| {
                SOURCES[image.source] == PLACES[place] && (*seed == 0 || image.layers.contains(seed))
            });
            for seed in &all {
                let ways = [copy.contains(seed), mount.contains_key(seed)];
                prop_assert!(ways != [true, true]);
                prop_assert!(ways != [false, false] || has[place].contains(seed) || own(seed));
            }
            prop_assert!(copy.is_subset(&all) && mount.keys().all(|seed| all.contains(seed)));
            for seed in &copy {
                prop_assert!(!has[place].contains(seed), "what is there is not moved");
                let destination = PLACES[place].split('/').next().unwrap();
                prop_assert!(uploads.insert((destination, *seed)), "to one registry it goes once");
            }
            for (seed, from) in &mount {
                prop_assert!(from.split('/').next() == PLACES[place].split('/').next());
                prop_assert!(from != PLACES[place]);
                let holder = PLACES.iter().position(|name| name == from);
                let holds = holder.is_some_and(|holder| {
                    has[holder].contains(seed) || work(&lock, &images, holder).copy.contains(seed)
                });
                let gives = images.iter().any(|image| {
                    SOURCES[image.source] == from && (*seed == 0 || image.layers.contains(seed))
                });
                prop_assert!(holds || gives, "{seed} cannot be had from {from}");
            }
        }
    }

    #[test]
    fn sums_agree(images in prop::collection::vec(drawn(), 1..6), has in has()) {
        let found: Vec<Found> =
            images.iter().enumerate().map(|(number, image)| found(number, image, &has)).collect();
        let lock = plan(&found, &has);
        let mut all = Sums::default();
        for (number, name) in PLACES.iter().enumerate() {
            let Some(place) = lock.places.iter().find(|place| place.place == *name) else { continue };
            let Work { copy, mount, all: blobs } = work(&lock, &images, number);
            let bytes = |seeds: &mut dyn Iterator<Item = &u8>| seeds.map(|s| u64::from(*s)).sum::<u64>();
            let Sums { copy: copied, mount: mounted, present } = place.sums;
            prop_assert_eq!(copied, Amount { blobs: copy.len() as u64, bytes: bytes(&mut copy.iter()) });
            prop_assert_eq!(mounted, Amount { blobs: mount.len() as u64, bytes: bytes(&mut mount.keys()) });
            prop_assert_eq!(copied.blobs + mounted.blobs + present.blobs, blobs.len() as u64);
            prop_assert_eq!(copied.bytes + mounted.bytes + present.bytes, bytes(&mut blobs.iter()));
            all = all.plus(place.sums);
        }
        prop_assert_eq!(lock.totals.blobs, all);
        let Images { new, moved, present } = lock.totals.images;
        let pairs: usize = images.iter().map(|image| image.places.len()).sum();
        prop_assert_eq!(new + moved + present, pairs as u64);
    }

    #[test]
    fn the_parts_of_a_plan_are_all_of_it_and_wait_for_no_other(
        images in prop::collection::vec(drawn(), 1..6),
        has in has(),
        count in 1_u64..6,
    ) {
        let found: Vec<Found> =
            images.iter().enumerate().map(|(number, image)| found(number, image, &has)).collect();
        let lock = plan(&found, &has);
        let names = |lock: &Lock| -> Vec<String> {
            let places = lock.images.iter().flat_map(|image| &image.destinations);
            places.map(|place| place.name.to_string()).collect()
        };
        let mut all = Vec::new();
        for index in 0..count {
            let shard = Shard::new(index, ShardCount::new(count).unwrap()).unwrap();
            let Parted { own, share } = lock.clone().part(shard);
            prop_assert_eq!((share.own, share.all), (names(&own).len(), names(&lock).len()));
            prop_assert!(own.images.iter().all(|image| !image.destinations.is_empty()));
            for (blob, from) in own.places.iter().flat_map(|place| &place.mount) {
                let from = from.to_string();
                let brings = |lock: &Lock| {
                    lock.places.iter().any(|place| place.place == from && place.copy.contains(blob))
                };
                prop_assert!(brings(&own) || !brings(&lock), "{} comes to {} by another", blob, from);
            }
            let repositories: BTreeSet<String> = names(&own).iter().map(|name| {
                name.rsplit_once(':').unwrap().0.to_owned()
            }).collect();
            prop_assert!(own.places.iter().all(|place| repositories.contains(&place.place)));
            all.extend(names(&own));
        }
        let mut whole = names(&lock);
        all.sort();
        whole.sort();
        prop_assert_eq!(all, whole);
    }

    #[test]
    fn a_plan_is_the_same_in_whatever_order_it_was_found_out_and_when_it_is_read_again(
        images in prop::collection::vec(drawn(), 1..6),
        has in has(),
    ) {
        let mut found: Vec<Found> =
            images.iter().enumerate().map(|(number, image)| found(number, image, &has)).collect();
        let lock = plan(&found, &has);
        found.reverse();
        let text = lock.to_text();
        prop_assert_eq!(&plan(&found, &has).to_text(), &text);
        prop_assert_eq!(Lock::parse("plan", text.as_bytes()).unwrap(), lock);
    }
}

fn sample() -> Lock {
    let image = |layers: [u8; 2], places: [usize; 2]| Drawn {
        layers: layers.into(),
        source: 2,
        places: places.into(),
        known: [false; 5],
    };
    let has = vec![BTreeSet::new(); PLACES.len()];
    plan(&[found(0, &image([1, 2], [0, 1]), &has), found(1, &image([2, 3], [1, 4]), &has)], &has)
}

#[test]
fn a_plan_is_read_as_a_whole_or_not_at_all() {
    let good = sample().to_text();
    let refused = |from: &str, to: &str| {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        Lock::parse("m.lock", text.as_bytes()).unwrap_err().to_string()
    };
    assert!(refused("\"version\": 1", "\"version\": 9").contains("a plan of version 9"));
    assert!(refused("\"referrers\"", "\"referrer\"").starts_with("m.lock:3:"));
    assert!(refused("sha256:", "sha256:..").contains("this is not a plan"));
    assert!(refused("src.io/from:v1", "src.io/from:v0").contains("is pinned to both"));
    assert!(refused("one.io/a:v0", "one.io/b:v0").contains("as a destination twice"));
    let digest = image(&[1, 2].into()).digest().to_string();
    let lost = refused(&format!("\"{digest}\": {{"), &format!("\"{}\": {{", Digest::of(b"else")));
    assert!(lost.contains("is named and not described"), "{lost}");
    assert!(Lock::parse("m.lock", b"").is_err() && Lock::parse("m.lock", b"[]").is_err());
}

#[test]
fn what_is_different_is_told_and_what_destinations_had_is_not() {
    let before = sample();
    assert_eq!(Difference::between(&before, &before).images, []);
    let mut after = before.clone();
    after.images[0].destinations[0].had = Some(blob(1));
    after.images[0].destinations[0].state = State::Moved;
    assert_eq!(Difference::between(&before, &after).images, []);
    after.images[0].digest = blob(7);
    after.images[1].destinations.remove(0);
    after.blobs.remove(&blob(3));
    after.blobs.insert(blob(9), 9);
    let difference = Difference::between(&before, &after);
    let told: Vec<String> = difference.images.iter().map(ToString::to_string).collect();
    let moved = format!(
        "moved    src.io/from:v0 {} (before: {})",
        blob(7),
        before.images[0].digest.short()
    );
    assert_eq!(told, [moved, "changed  src.io/from:v1 (no more to oci:folder:v1)".to_owned()]);
    assert_eq!(difference.added, Amount { blobs: 1, bytes: 9 });
    assert_eq!(difference.removed, Amount { blobs: 1, bytes: 3 });
    after.images.remove(0);
    let told = Difference::between(&before, &after).images[0].to_string();
    assert!(told.starts_with("removed  src.io/from:v0 "), "{told}");
    let told = Difference::between(&after, &before).images[0].to_string();
    assert!(told.starts_with("added    src.io/from:v0 "), "{told}");
}

#[test]
fn a_destination_that_has_what_it_had_or_what_it_is_to_have_has_not_moved() {
    let mut lock = sample();
    let place = &mut lock.images[0].destinations[0];
    place.had = Some(blob(1));
    let moved = |now: Option<Digest>| place.moved(&blob(2), now.as_ref()).map(|m| m.to_string());
    assert_eq!(moved(Some(blob(1))), None);
    assert_eq!(moved(Some(blob(2))), None);
    assert!(moved(Some(blob(3))).unwrap().starts_with("one.io/a:v0 was sha256:"));
    assert!(moved(None).unwrap().ends_with("and is not there any more"));
}
