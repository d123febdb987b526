//! Which policies are kept.

use super::*;

/// A tag `name` from the repository, with policies as in the command line of [`options`].
pub(super) fn stored(name: &str, line: &str) -> SpecTag {
    let options = options(&format!("x {line}"));
    SpecTag {
        import_policy: ImportPolicy {
            insecure: options.insecure == Some(true),
            scheduled: options.scheduled,
            import_mode: options.import_mode,
        },
        reference_policy: ReferencePolicy { kind: options.reference_policy },
        ..spec_tag(name, DOCKER_IMAGE, &format!("{REPO}:{name}"))
    }
}

/// Policies as `insecure scheduled MODE POLICY`.
pub(super) fn told(import: &ImportPolicy, reference: &ReferencePolicy) -> String {
    let mut words = Vec::new();
    words.extend(import.insecure.then(|| "insecure".to_owned()));
    words.extend(import.scheduled.then(|| "scheduled".to_owned()));
    words.extend(import.import_mode.as_ref().map(|mode| format!("{mode:?}")));
    words.extend(reference.kind.as_ref().map(|kind| format!("{kind:?}")));
    words.join(" ")
}

/// Stored tags: their names, and their policies as in the command line of [`options`].
pub(super) type Stored<'a> = &'a [(&'a str, &'a str)];

pub(super) const ALL_SET: &str =
    "--insecure --scheduled --import-mode=PreserveOriginal --reference-policy=local";

#[test]
fn a_tag_keeps_its_policies_unless_a_flag_says_otherwise() {
    for (old, annotation, flags, expected) in [
        ("", "", "", "Legacy Source"),
        ("", "", ALL_SET, "insecure scheduled PreserveOriginal Local"),
        (ALL_SET, "", "", "insecure scheduled PreserveOriginal Local"),
        (ALL_SET, "", "--insecure=false", "scheduled PreserveOriginal Local"),
        (ALL_SET, "", "--import-mode=Legacy", "insecure scheduled Legacy Local"),
        (ALL_SET, "", "--reference-policy=source", "insecure scheduled PreserveOriginal Source"),
        ("", "true", "", "insecure Legacy Source"),
        ("", "True", "", "Legacy Source"),
        ("", "true", "--insecure=false", "Legacy Source"),
        ("", "false", "--insecure", "insecure Legacy Source"),
    ] {
        let mut there = stream("", vec![stored("v1", old)]);
        let annotations = &mut there.metadata.annotations;
        annotations.insert(INSECURE_REPOSITORY.to_owned(), annotation.to_owned());
        for scope in ["v1", "--all"] {
            let import = asked(Some(&there), &format!("{scope} {flags}"));
            let image = &import.request.spec.images[0];
            let got = told(&image.import_policy, &image.reference_policy);
            assert_eq!(got, expected, "{old} + {flags}");
        }
    }
}

#[test]
fn a_repository_keeps_what_its_tags_have_in_common() {
    let preserved = "--import-mode=PreserveOriginal";
    let all = "insecure scheduled PreserveOriginal Local";
    // The tags, the flags, the policies of the repository, and those that an API server replaces.
    let cases: [(Stored, &str, &str, &[&str]); 9] = [
        (&[], "", "Legacy Source", &[]),
        (&[], ALL_SET, all, &[]),
        (&[("1", ALL_SET), ("2", ALL_SET)], "", all, &[]),
        (
            &[("1", ALL_SET), ("2", ALL_SET)],
            "--insecure=false",
            "scheduled PreserveOriginal Local",
            &[],
        ),
        (&[("1", preserved), ("2", "")], "", "Source", &["1"]),
        (&[("1", preserved), ("2", "")], preserved, "PreserveOriginal Source", &[]),
        (&[("1", "--scheduled"), ("2", "")], "", "Legacy Source", &["1"]),
        (&[("1", "--scheduled"), ("2", "")], "--scheduled", "scheduled Legacy Source", &[]),
        (&[("1", "--insecure"), ("2", "")], "", "Legacy Source", &["1"]),
    ];
    for (tags, flags, expected, replaced) in cases {
        let mut tags: Vec<SpecTag> = tags.iter().map(|(name, line)| stored(name, line)).collect();
        // From elsewhere, so of no concern.
        tags.push(SpecTag { name: "moved".to_owned(), ..stored("3", ALL_SET) });
        let import = asked(Some(&stream(REPO, tags)), &format!("--all {flags}"));
        let repository = import.request.spec.repository.as_ref().unwrap();
        let got = told(&repository.import_policy, &repository.reference_policy);
        assert_eq!(got, expected, "{flags}");
        assert_eq!(import.replaced, replaced, "{flags}");
    }
}

#[test]
fn a_tag_of_a_repository_keeps_what_is_not_said() {
    let preserved =
        stored("1", "--scheduled --import-mode=PreserveOriginal --reference-policy=local");
    let there = stream(REPO, vec![preserved.clone(), stored("2", "")]);
    let import = asked(Some(&there), "--all");
    let repository = import.request.spec.repository.unwrap();
    let policies = |tag: &str, old: Option<&SpecTag>| {
        let image = repository_tag(&repository, tag, old);
        assert_eq!(image.from.name, format!("{REPO}:{tag}"));
        assert_eq!(image.to.unwrap().name, tag);
        told(&image.import_policy, &image.reference_policy)
    };
    assert_eq!(policies("1", Some(&preserved)), "scheduled PreserveOriginal Local");
    assert_eq!(policies("2", there.spec_tag("2")), "Legacy Source");
    assert_eq!(policies("new", None), "Legacy Source");
    let elsewhere = SpecTag { name: "3".to_owned(), ..preserved };
    assert_eq!(policies("3", Some(&elsewhere)), "Legacy Source");

    let import = asked(Some(&there), "--all --insecure=false --import-mode=Legacy");
    let repository = import.request.spec.repository.unwrap();
    let image = repository_tag(&repository, "1", there.spec_tag("1"));
    assert_eq!(told(&image.import_policy, &image.reference_policy), "scheduled Legacy Local");
}
