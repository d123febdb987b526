//! What podman, CRI-O, buildah and skopeo are told of a mirror (containers-registries.conf(5), `registries.conf.d`).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Mirrored, mirrors, tag_mirrors};

/// A file for `/etc/containers/registries.conf.d`, by which images are taken from the mirror first.
#[must_use]
pub fn registries_conf(images: &[Mirrored]) -> String {
    let by_tag = tag_mirrors(images);
    let none = BTreeSet::new();
    let mut text = String::new();
    for (source, found) in mirrors(images) {
        let tags = by_tag.get(&source).unwrap_or(&none);
        let _ = write!(text, "[[registry]]\nprefix = \"{source}\"\nlocation = \"{source}\"\n\n");
        for mirror in found {
            let _ = writeln!(text, "[[registry.mirror]]\nlocation = \"{mirror}\"");
            if !tags.contains(&mirror) {
                text.push_str("pull-from-mirror = \"digest-only\"\n");
            }
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::mirrored;
    use super::*;

    #[test]
    fn images_are_taken_from_the_mirror_first() {
        let images = mirrored(&[("q.io/a:v1", "r.io/a:v1"), ("q.io/a:v1", "s.io/a:stable")]);
        let expected = r#"[[registry]]
prefix = "q.io/a"
location = "q.io/a"

[[registry.mirror]]
location = "r.io/a"

[[registry.mirror]]
location = "s.io/a"
pull-from-mirror = "digest-only"

"#;
        assert_eq!(registries_conf(&images), expected);
        assert_eq!(registries_conf(&[]), "");
    }
}
