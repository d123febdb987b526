use serde_json::json;

use super::super::api::{ImageStream, Time};
use super::super::change::set_tag;
use super::super::{Namespace, StreamTag};
use super::*;

fn digest(start: &str) -> String {
    format!("sha256:{start:0<64}")
}

/// `app:v1`, whose history is of these images, the latest first; an empty one is a bare pull spec.
fn stream(images: &[&str]) -> ImageStream {
    let items = images.iter().enumerate().map(|(index, image)| {
        let (reference, image) = match *image {
            "" => ("quay.io/a/b:v1".to_owned(), String::new()),
            image => (format!("quay.io/a/b@{}", digest(image)), digest(image)),
        };
        json!({"created": format!("2026-01-0{}T00:00:00Z", 9 - index), "dockerImageReference": reference, "image": image, "generation": 1})
    });
    let items: Vec<_> = items.collect();
    serde_json::from_value(json!({
        "metadata": {"name": "app", "namespace": "dev", "generation": 1},
        "spec": {"tags": [{
            "name": "v1",
            "annotations": {"description": "the first"},
            "from": {"kind": "DockerImage", "name": "quay.io/a/b:v1"},
            "generation": 1,
            "importPolicy": {"scheduled": true, "importMode": "PreserveOriginal"},
            "referencePolicy": {"type": "Local"},
        }]},
        "status": {"tags": [{"tag": "v1", "items": items}]},
    }))
    .unwrap()
}

#[test]
fn a_tag_goes_back_to_an_image_of_its_history() {
    let history = ["ccccccc1", "", "bbbbbbb1", "ccccccc1", "aaaaaaa1"];
    let cases = [
        (None, "bbbbbbb1"),
        (Some(To::Nth(0)), "ccccccc1"),
        (Some(To::Nth(2)), "bbbbbbb1"),
        (Some(To::Nth(4)), "aaaaaaa1"),
        (Some(To::Digest(digest("aaaaaaa1"))), "aaaaaaa1"),
        (Some(To::Digest("aaaaaaa".to_owned())), "aaaaaaa1"),
        (Some(To::Digest("sha256:ccccccc".to_owned())), "ccccccc1"),
    ];
    for (to, expected) in cases {
        let back = rollback(&stream(&history), "v1", to.as_ref()).unwrap();
        assert_eq!(back.from.image, digest("ccccccc1"));
        assert_eq!(back.to.image, digest(expected), "{to:?}");
        let from = back.spec.from.unwrap();
        assert_eq!(
            (from.kind.as_str(), from.name),
            (IMAGE_STREAM_IMAGE, format!("app@{}", digest(expected)))
        );
        assert!(!back.spec.import_policy.scheduled && back.spec.annotations.len() == 1);
    }
}

#[test]
fn what_cannot_be_gone_back_to_is_told() {
    let one = &["aaaaaaa1"][..];
    let two = &["aaaaaaa1", "aaaaaaa2"][..];
    let nth = |index| Some(To::Nth(index));
    let named = |text: &str| Some(To::Digest(text.to_owned()));
    let cases = [
        (&[][..], None, "tag \"v1\" has no history".to_owned()),
        (one, None, "tag \"v1\" has pointed to no other image before".to_owned()),
        (
            one,
            nth(1),
            "tag \"v1\" has no image 1 back: its history has 1, from 0 (now) to 0".to_owned(),
        ),
        (
            two,
            nth(9),
            "tag \"v1\" has no image 9 back: its history has 2, from 0 (now) to 1".to_owned(),
        ),
        (two, named("bbbbbbb"), "tag \"v1\" has not pointed to an image \"bbbbbbb\"".to_owned()),
        (
            two,
            named("sha256:aaaaaa"),
            "\"sha256:aaaaaa\" is too short: give 7 or more characters of the digest".to_owned(),
        ),
        (
            two,
            named("aaaaaaa"),
            format!(
                "more than one image of tag \"v1\" begins with \"aaaaaaa\": {}, {}",
                digest("aaaaaaa1"),
                digest("aaaaaaa2")
            ),
        ),
        (
            &["aaaaaaa1", ""][..],
            nth(1),
            "tag \"v1\" pointed to \"quay.io/a/b:v1\", whose image was never looked up".to_owned(),
        ),
    ];
    for (history, to, told) in cases {
        assert_eq!(rollback(&stream(history), "v1", to.as_ref()).unwrap_err().to_string(), told);
    }
    assert!(matches!(rollback(&stream(one), "v9", None), Err(RollbackError::NoHistory(_))));
}

#[test]
fn setting_it_records_the_image_again_and_there_and_back_is_possible() {
    let tag = StreamTag::parse("dev/app:v1", &Namespace::default()).unwrap();
    let now: Time = serde_json::from_value(json!("2026-02-01T00:00:00Z")).unwrap();
    let before = stream(&["bbbbbbb1", "aaaaaaa1"]);
    let mut stream = before;
    for expected in ["aaaaaaa1", "bbbbbbb1"] {
        let spec = rollback(&stream, "v1", None).unwrap().spec;
        stream = set_tag(Some(&stream), &tag, &spec, None, now).unwrap();
        let current = stream.current("v1").unwrap();
        assert_eq!((&current.image, current.created), (&digest(expected), now));
        assert_eq!(current.docker_image_reference, format!("quay.io/a/b@{}", digest(expected)));
        assert_eq!(stream.spec_tag("v1").unwrap().generation, Some(current.generation));
    }
    assert_eq!(stream.status_tag("v1").unwrap().items.len(), 4);
}
