use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NOW: &str = "2026-01-02T00:00:00Z";

fn now() -> Time {
    serde_json::from_value(json!(NOW)).unwrap()
}

fn minutes_ago(minutes: i64) -> Time {
    Time::new(now().get() - SignedDuration::from_mins(minutes))
}

/// A stream whose tags have pointed to these images, so many minutes ago, the latest first.
fn stream(name: &str, tags: &[(&str, &[(&str, i64)])]) -> ImageStream {
    let item = |(image, age): &(&str, i64)| json!({"created": minutes_ago(*age), "dockerImageReference": format!("r@{image}"), "image": image, "generation": 1});
    let tags: Vec<Value> = tags
        .iter()
        .map(
            |(tag, items)| json!({"tag": tag, "items": items.iter().map(item).collect::<Vec<_>>()}),
        )
        .collect();
    serde_json::from_value(json!({"metadata": {"name": name}, "status": {"tags": tags}})).unwrap()
}

fn image(name: &str, age: Option<i64>, children: &[&str]) -> Image {
    let mut image = Image::new(name);
    image.metadata.creation_timestamp = age.map(minutes_ago);
    let child = |digest: &&str| json!({"digest": digest, "mediaType": "m"});
    image.docker_image_manifests =
        serde_json::from_value(children.iter().map(child).collect()).unwrap();
    image
}

fn options(keep_tag_revisions: usize, minutes: i64) -> PruneOptions {
    PruneOptions {
        namespace: None,
        keep_tag_revisions,
        keep_younger_than: SignedDuration::from_mins(minutes),
    }
}

#[test]
fn old_entries_beyond_the_last_few_are_dropped() {
    let ages: &[(&str, i64)] = &[("e", 1), ("d", 59), ("c", 60), ("b", 61), ("a", 900)];
    let cases: [(PruneOptions, &[&str]); 6] = [
        (PruneOptions::default(), &["b", "a"]),
        (options(4, 60), &["a"]),
        (options(1, 60), &["c", "b", "a"]),
        (options(0, 0), &["d", "c", "b", "a"]),
        (options(0, 10_000), &[]),
        (options(9, 0), &[]),
    ];
    for (options, dropped) in cases {
        let plan = prune(&[stream("app", &[("v1", ages)])], &[], &options, now());
        let told = plan.streams.iter().flat_map(|pruned| &pruned.dropped);
        let told: Vec<&str> = told.map(|dropped| dropped.event.image.as_str()).collect();
        assert_eq!(told, dropped, "{options:?}");
        for pruned in &plan.streams {
            assert_eq!(pruned.stream.status.tags[0].items.len(), ages.len() - dropped.len());
        }
    }
}

#[test]
fn an_image_stays_while_anything_names_it() {
    let streams = [
        stream("app", &[("v1", &[("index", 900), ("old", 900)]), ("v2", &[("plain", 900)])]),
        stream("other", &[("v1", &[("shared", 900)])]),
    ];
    let images = [
        image("index", Some(900), &["child", "nested"]),
        image("child", Some(900), &[]),
        image("nested", None, &["grandchild"]),
        image("grandchild", None, &[]),
        image("plain", None, &[]),
        image("shared", Some(900), &[]),
        image("old", Some(900), &["oldchild"]),
        image("oldchild", None, &[]),
        image("young", Some(5), &["youngchild"]),
        image("youngchild", None, &[]),
        image("nobody", None, &[]),
    ];
    let plan = prune(&streams, &images, &options(1, 60), now());
    assert_eq!(plan.images, ["old", "oldchild", "nobody"]);
    let all = prune(&streams, &images, &options(2, 60), now());
    assert_eq!((all.streams, all.images), (Vec::new(), vec!["nobody".to_owned()]));
}

#[test]
fn an_entry_without_an_image_names_that_of_its_reference() {
    let mut stream = stream("app", &[("v1", &[("a", 900)])]);
    stream.status.tags[0].items[0].image = String::new();
    let plan = prune(&[stream], &[image("a", None, &[])], &PruneOptions::default(), now());
    assert_eq!(plan, PrunePlan::default());
}

#[test]
fn indexes_that_list_each_other_end() {
    let images = [image("a", None, &["b"]), image("b", None, &["a"])];
    let plan = prune(&[stream("app", &[("v1", &[("a", 900)])])], &images, &options(1, 0), now());
    assert!(plan.images.is_empty());
}

fn histories() -> impl Strategy<Value = Vec<Vec<Vec<(u8, i64)>>>> {
    vec(vec(vec((0..12_u8, 0..200_i64), 0..6), 0..4), 0..4)
}

proptest! {
    #[test]
    fn what_is_left_is_whole(
        histories in histories(),
        lists in vec(vec(0..12_u8, 0..3), 12),
        keep in 0..5_usize,
        limit in 0..200_i64,
    ) {
        let names: Vec<String> = (0..12).map(|n| format!("sha256:{n}")).collect();
        let streams: Vec<ImageStream> = histories
            .iter()
            .enumerate()
            .map(|(index, tags)| {
                let tags: Vec<Vec<(&str, i64)>> = tags
                    .iter()
                    .map(|items| items.iter().map(|(n, age)| (names[usize::from(*n)].as_str(), *age)).collect())
                    .collect();
                let named: Vec<(String, &[(&str, i64)])> =
                    tags.iter().enumerate().map(|(n, items)| (format!("t{n}"), items.as_slice())).collect();
                let named: Vec<(&str, &[(&str, i64)])> =
                    named.iter().map(|(name, items)| (name.as_str(), *items)).collect();
                stream(&format!("s{index}"), &named)
            })
            .collect();
        let images: Vec<Image> = lists
            .iter()
            .zip(&names)
            .map(|(children, name)| {
                let children: Vec<&str> = children.iter().map(|n| names[usize::from(*n)].as_str()).collect();
                image(name, None, &children)
            })
            .collect();
        let plan = prune(&streams, &images, &options(keep, limit), now());

        let after = |stream: &ImageStream| {
            let pruned = plan.streams.iter().find(|pruned| pruned.stream.metadata.name == stream.metadata.name);
            pruned.map_or_else(|| stream.clone(), |pruned| pruned.stream.clone())
        };
        for stream in &streams {
            let after = after(stream);
            for (tag, left) in stream.status.tags.iter().zip(&after.status.tags) {
                prop_assert_eq!(tag.items.first(), left.items.first(), "the current entry stays");
                prop_assert!(left.items.len() >= tag.items.len().min(keep));
                for entry in &left.items {
                    prop_assert!(!plan.images.contains(&entry.image), "an image that is named stays");
                }
            }
        }
        for image in images.iter().filter(|image| !plan.images.contains(&image.metadata.name)) {
            for child in &image.docker_image_manifests {
                prop_assert!(!plan.images.contains(&child.digest), "an index that stays is whole");
            }
        }
    }
}
