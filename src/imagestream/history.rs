//! What a tag has pointed to, and how an image is added to it.
//!
//! Source: openshift-apiserver, `pkg/image/apiserver/internal/imageutil/helpers.go` (`AddTagEventToImageStream`).

use super::ImageStream;
use super::api::{StatusTag, TagEvent};

/// What became of an image that a tag was to point to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The tag pointed to it already, for the same generation.
    Unchanged,
    /// The latest entry was brought up to date; since when it holds stays as it was.
    Updated,
    /// It stands before the others.
    Added,
}

/// Has the tag point to `next`. Only the latest entry is looked at: a tag that goes from one image to another and back
/// has three entries. Whatever changes the history ends a failure that was told of the tag.
///
/// | compared with the latest entry | |
/// |---|---|
/// | there is none | the first entry |
/// | reference, image and generation are the same | nothing |
/// | reference and image are the same | it gets the generation |
/// | the reference is the same | it gets the image and the generation |
/// | the image is the same | it gets the reference and the generation |
/// | both differ | a new entry before it |
pub fn record(tag: &mut StatusTag, next: TagEvent) -> Recorded {
    let Some(latest) = tag.items.first_mut() else {
        tag.conditions.clear();
        tag.items.push(next);
        return Recorded::Added;
    };
    let same_reference = latest.docker_image_reference == next.docker_image_reference;
    let same_image = latest.image == next.image;
    let recorded = match (same_reference, same_image) {
        (true, true) if latest.generation == next.generation => return Recorded::Unchanged,
        (false, false) => {
            tag.items.insert(0, next);
            Recorded::Added
        }
        _ => {
            latest.docker_image_reference = next.docker_image_reference;
            latest.image = next.image;
            latest.generation = next.generation;
            Recorded::Updated
        }
    };
    tag.conditions.clear();
    recorded
}

/// A tag that points elsewhere than before.
#[derive(Clone, Debug, PartialEq)]
pub struct TagMove {
    /// The tag.
    pub tag: String,
    /// What it pointed to, if it pointed to anything.
    pub old: Option<TagEvent>,
    /// What it points to.
    pub new: TagEvent,
}

/// The tags that point elsewhere in `new` than they did in `old`: to another image, or to the same by another
/// reference. A tag that is gone is none of them.
#[must_use]
pub fn moves(old: Option<&ImageStream>, new: &ImageStream) -> Vec<TagMove> {
    let moved = |tag: &StatusTag| {
        let now = tag.items.first()?;
        let before = old.and_then(|old| old.current(&tag.tag));
        let stays = before.is_some_and(|before| points_to_same(before, now));
        (!stays).then(|| TagMove { tag: tag.tag.clone(), old: before.cloned(), new: now.clone() })
    };
    new.status.tags.iter().filter_map(moved).collect()
}

/// Whether two entries are of the same image by the same reference.
pub(super) fn points_to_same(one: &TagEvent, other: &TagEvent) -> bool {
    one.image == other.image && one.docker_image_reference == other.docker_image_reference
}

#[cfg(test)]
mod tests {
    use super::super::api::{Condition, Fields, Time};
    use super::*;

    fn at(second: i64) -> Time {
        Time::new(jiff::Timestamp::from_second(second).unwrap())
    }

    fn event(second: i64, reference: &str, image: &str, generation: i64) -> TagEvent {
        TagEvent {
            created: at(second),
            docker_image_reference: reference.to_owned(),
            image: image.to_owned(),
            generation,
            rest: Fields::new(),
        }
    }

    fn failed() -> Condition {
        Condition {
            kind: "ImportSuccess".to_owned(),
            status: "False".to_owned(),
            last_transition_time: Some(at(0)),
            reason: "NotFound".to_owned(),
            message: "gone".to_owned(),
            generation: 1,
            rest: Fields::new(),
        }
    }

    #[test]
    fn only_the_latest_entry_decides() {
        let older = event(5, "r0", "i0", 1);
        let latest = event(10, "r1", "i1", 2);
        let cases = [
            ("nothing new", event(20, "r1", "i1", 2), Recorded::Unchanged, latest.clone(), 2),
            (
                "generation",
                event(20, "r1", "i1", 3),
                Recorded::Updated,
                event(10, "r1", "i1", 3),
                2,
            ),
            ("image", event(20, "r1", "i2", 3), Recorded::Updated, event(10, "r1", "i2", 3), 2),
            ("reference", event(20, "r2", "i1", 3), Recorded::Updated, event(10, "r2", "i1", 3), 2),
            ("both", event(20, "r2", "i2", 3), Recorded::Added, event(20, "r2", "i2", 3), 3),
            (
                "an older one",
                event(20, "r0", "i0", 3),
                Recorded::Added,
                event(20, "r0", "i0", 3),
                3,
            ),
        ];
        for (what, next, recorded, first, len) in cases {
            let mut tag = StatusTag {
                items: vec![latest.clone(), older.clone()],
                conditions: vec![failed()],
                ..StatusTag::default()
            };
            assert_eq!(record(&mut tag, next), recorded, "{what}");
            assert_eq!((&tag.items[0], tag.items.len()), (&first, len), "{what}");
            assert_eq!(tag.items.last(), Some(&older), "{what}");
            assert_eq!(tag.conditions.is_empty(), recorded != Recorded::Unchanged, "{what}");
        }
    }

    #[test]
    fn a_tag_without_history_gets_its_first_entry() {
        let mut tag = StatusTag { conditions: vec![failed()], ..StatusTag::default() };
        assert_eq!(record(&mut tag, event(1, "r", "i", 1)), Recorded::Added);
        assert_eq!((tag.items, tag.conditions), (vec![event(1, "r", "i", 1)], Vec::new()));
    }

    #[test]
    fn there_and_back_is_three_entries() {
        let mut tag = StatusTag::default();
        for (second, image) in [(1, "a"), (2, "b"), (3, "a")] {
            record(&mut tag, event(second, &format!("app@{image}"), image, second));
        }
        let images: Vec<&str> = tag.items.iter().map(|item| item.image.as_str()).collect();
        assert_eq!(images, ["a", "b", "a"]);
    }

    #[test]
    fn moves_tell_what_points_elsewhere() {
        let stream = |tags: &[(&str, TagEvent)]| {
            let mut stream = ImageStream::new("dev", "app");
            for (name, event) in tags {
                let items = vec![event.clone()];
                stream.status.tags.push(StatusTag {
                    tag: (*name).to_owned(),
                    items,
                    ..StatusTag::default()
                });
            }
            stream
        };
        let old = stream(&[
            ("gone", event(1, "r", "i", 1)),
            ("moved", event(1, "r", "i", 1)),
            ("renamed", event(1, "r", "i", 1)),
            ("same", event(1, "r", "i", 1)),
        ]);
        let new = stream(&[
            ("moved", event(2, "r2", "i2", 2)),
            ("new", event(2, "r", "i", 2)),
            ("renamed", event(1, "r2", "i", 2)),
            ("same", event(1, "r", "i", 2)),
        ]);
        let moved = |old, new: &ImageStream| {
            let told = moves(old, new).into_iter();
            told.map(|m| (m.tag, m.old.is_some())).collect::<Vec<_>>()
        };
        let told = |tag: &str, known| (tag.to_owned(), known);
        assert_eq!(
            moved(Some(&old), &new),
            [told("moved", true), told("new", false), told("renamed", true)]
        );
        assert_eq!(moved(None, &new).len(), 4);
    }
}
