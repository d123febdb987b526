use super::{ImageSet, Root, Selection, SetError};
use crate::mirror::parsed::chain;
use crate::mirror::set::BlockedImage;
use crate::model::Endpoint;

const HEAD: &str = "kind: ImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\n";

fn selected(body: &str) -> Result<Selection, SetError> {
    let root: Root = "reg.local/ns".parse().unwrap();
    ImageSet::read("set.yaml", &format!("{HEAD}{body}"))?.select(&[], &root)
}

/// An error with its causes.
fn refusal(body: &str) -> String {
    chain(&selected(body).unwrap_err())
}

#[test]
fn images_get_their_names_below_the_root() {
    let body = "\
archiveSize: 4
mirror:
  operators: []
  helm:
    repositories:
  additionalImages:
  - name: quay.io/org/app:v1
  - name: docker://quay.io/org/app:v1
  - {name: quay.io/org/app, targetRepo: other/app}
  - name: quay.io/org/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
  - name: oci-archive:app.tar
    targetRepo: app
    targetTag: \"1.0\"
    platforms:
    - {os: linux, architecture: arm64}
";
    let selection = selected(body).unwrap();
    let shown = |m: &crate::mirror::Mapping| {
        let to: Vec<String> = m.destinations.iter().map(Endpoint::to_string).collect();
        let platforms: Vec<String> = m.platforms.iter().map(ToString::to_string).collect();
        format!("{} -> {} {}", m.source, to.join(" "), platforms.join(",")).trim_end().to_owned()
    };
    let shown: Vec<String> = selection.mappings.iter().map(shown).collect();
    let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(
        shown,
        [
            "quay.io/org/app:v1 -> reg.local/ns/org/app:v1".to_owned(),
            "quay.io/org/app -> reg.local/ns/other/app:latest".to_owned(),
            format!("quay.io/org/app@sha256:{hex} -> reg.local/ns/org/app:image-{hex}"),
            "oci-archive:app.tar -> reg.local/ns/app:1.0 linux/arm64".to_owned(),
        ]
    );
    assert!(selection.blocked.is_empty());
}

#[test]
fn blocked_images_are_known_by_origin_and_by_destination() {
    let body = |pattern: &str| {
        format!(
            "mirror:\n  additionalImages: [{{name: quay.io/a/b:v1}}, {{name: quay.io/c/d, \
                 targetRepo: e/f}}]\n  blockedImages: [{{name: '{pattern}'}}]\n"
        )
    };
    for (pattern, blocked) in [
        ("^quay.io/a/", "quay.io/a/b:v1"),
        ("a/b:v1$", "quay.io/a/b:v1"),
        ("ns/e/f", "quay.io/c/d"),
        ("quay.io/c", "quay.io/c/d"),
    ] {
        let selection = selected(&body(pattern)).unwrap();
        let (origin, pattern) = (blocked.to_owned(), pattern.to_owned());
        assert_eq!(selection.blocked, [BlockedImage { origin, pattern }]);
        assert_eq!(selection.mappings.len(), 1);
    }
    assert_eq!(refusal(&body(".")), "all 2 images of set.yaml are blocked by its blockedImages");
}

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    let image = |fields: &str| format!("mirror:\n  additionalImages:\n  - {fields}\n");
    for (body, place, says) in [
        ("mirror: {}\nstorageConfig: {}\n", "4:1", "expected one of `apiVersion`, `kind`"),
        ("mirror:\n  images: []\n", "4:3", "unknown field `images`, expected one of `additional"),
        ("mirror:\n  operators:\n  - catalog: x\n", "4:3", "mirror.operators is not supported"),
        ("mirror:\n  helm: {local: [{}]}\n", "4:3", "mirror.helm is not supported"),
        ("mirror:\n  helm: {local: [{name: x}]}\n", "4:3", "mirror.helm is not supported"),
        ("mirror:\n  samples: [{name: x}]\n", "4:3", "mirror.samples is not supported"),
        ("mirror: all\n", "3:9", "mirror: invalid type: string \"all\", expected a mapping"),
        ("archiveSize: 0\nmirror: {}\n", "3:14", "archiveSize: invalid value"),
        ("archiveSize: 4GiB\nmirror: {}\n", "3:14", "archiveSize: invalid type"),
        ("mirror: {}\nmirror: {}\n", "4:1", "mirror"),
        ("mirror: [\n", "3:9", "unclosed"),
        ("mirror: {}\n---\nmirror: {}\n", "5:1", "single YAML document"),
        (&image("name: quay.io/Bad"), "5:11", "'Bad' is not a repository"),
        (&image("name: ubi9/ubi"), "5:11", "'ubi9/ubi' names no registry"),
        (&image("name: docker-daemon:x"), "5:11", "'docker-daemon:' is not known"),
        (&image("name: dir:x"), "5:11", "say by targetRepo where it goes"),
        (
            &image("nam: x"),
            "5:5",
            "unknown field `nam`: `name` may be meant, expected one of `name`, `targetRepo`",
        ),
        (&image("{}"), "5:5", "missing field `name`"),
        (&image("{name: q.io/a, targetRepo: 'a:b'}"), "5:32", "'a:b' is not a repository"),
        (&image("{name: q.io/a, targetTag: 'a b'}"), "5:31", "'a b' is not a tag"),
        (&image("{name: q.io/a, targetTag: 1.0}"), "5:31", "invalid type: floating point"),
        (&image("{name: q.io/a, platforms: [x/y]}"), "5:32", "expected a platform as {os: "),
        (&image("{name: q.io/a, platforms: [{os: x}]}"), "5:32", "missing field `architecture`"),
        ("mirror: {blockedImages: [{name: '(['}]}\n", "3:33", "unclosed character class"),
    ] {
        let said = refusal(body);
        assert!(said.starts_with(&format!("set.yaml:{place}: ")), "{body}{said}");
        assert!(said.contains(says), "{body}{said}");
    }
    let long = "a/".repeat(126) + "a";
    let said = refusal(&image(&format!("{{name: q.io/a, targetRepo: {long}}}")));
    assert!(said.contains("gets no name below the root: the repository name"), "{said}");
    assert_eq!(refusal("mirror:\n  additionalImages:\n"), "set.yaml wants no image");
}

#[test]
fn other_kinds_are_refused() {
    let kind = |text: &str| ImageSet::read("-", text).unwrap_err().to_string();
    assert_eq!(kind(""), "-:1:1: apiVersion is missing where mirror.openshift.io/v2alpha1 belongs");
    assert_eq!(
        kind("apiVersion: mirror.openshift.io/v1alpha2\n"),
        "-:1:13: apiVersion is 'mirror.openshift.io/v1alpha2' where mirror.openshift.io/v2alpha1 belongs"
    );
    assert_eq!(
        kind("apiVersion: mirror.openshift.io/v2alpha1\nkind: DeleteImageSetConfiguration\n"),
        "-:2:7: kind is 'DeleteImageSetConfiguration' where ImageSetConfiguration belongs"
    );
}
