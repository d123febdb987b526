//! Which image of an index a tag gets that keeps one (`manifestFromManifestList` of openshift-apiserver).

use std::collections::BTreeMap;

use super::super::api::ImageManifest;
use crate::model::PlatformFilter;

/// The annotation of a tag that names the architecture to take.
const PREFER_ARCH: &str = "importer.image.openshift.io/prefer-arch";
/// The annotation of a tag that names the operating system to take.
const PREFER_OS: &str = "importer.image.openshift.io/prefer-os";

/// The platform that a tag prefers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Preference {
    os: String,
    architecture: String,
}

impl Preference {
    /// What the annotations of a tag ask for; what they leave open is that of this machine.
    pub(super) fn of(annotations: Option<&BTreeMap<String, String>>) -> Self {
        let host = PlatformFilter::host().to_string();
        let (os, architecture) = host.split_once('/').unwrap_or(("linux", "amd64"));
        let annotated = |key: &str, default: &str| {
            let value = annotations.and_then(|all| all.get(key)).filter(|value| !value.is_empty());
            value.map_or_else(|| default.to_owned(), Clone::clone)
        };
        Self { os: annotated(PREFER_OS, os), architecture: annotated(PREFER_ARCH, architecture) }
    }

    /// The preferred image, else the one for `linux/amd64`, else the first.
    pub(super) fn choose<'a>(&self, images: &'a [ImageManifest]) -> Option<&'a ImageManifest> {
        let of = |os: &str, architecture: &str| {
            images.iter().find(|image| image.os == os && image.architecture == architecture)
        };
        of(&self.os, &self.architecture).or_else(|| of("linux", "amd64")).or(images.first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(platforms: &[&str]) -> Vec<ImageManifest> {
        let images = platforms.iter().map(|platform| {
            let (os, architecture) = platform.split_once('/').unwrap_or_default();
            ImageManifest {
                digest: (*platform).to_owned(),
                media_type: String::new(),
                manifest_size: 0,
                architecture: architecture.to_owned(),
                os: os.to_owned(),
                variant: String::new(),
            }
        });
        images.collect()
    }

    #[test]
    fn a_tag_gets_what_it_prefers_or_else_what_most_can_run() {
        let host = PlatformFilter::host().to_string();
        let all = [host.as_str(), "linux/amd64", "linux/s390x", "windows/amd64", "aix/ppc64"];
        for (annotations, platforms, chosen) in [
            (vec![], &all[..], host.as_str()),
            (vec![], &["linux/s390x", "linux/amd64"], "linux/amd64"),
            (vec![], &["linux/s390x", "aix/ppc64"], "linux/s390x"),
            (vec![(PREFER_ARCH, "s390x")], &all, "linux/s390x"),
            (vec![(PREFER_ARCH, "ppc64"), (PREFER_OS, "aix")], &all, "aix/ppc64"),
            (vec![(PREFER_ARCH, "amd64"), (PREFER_OS, "windows")], &all, "windows/amd64"),
            (vec![(PREFER_ARCH, "sparc")], &["aix/ppc64", "linux/amd64"], "linux/amd64"),
            (vec![(PREFER_ARCH, "")], &all, host.as_str()),
        ] {
            let annotations: BTreeMap<String, String> =
                annotations.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
            let images = index(platforms);
            let found = Preference::of(Some(&annotations)).choose(&images).unwrap();
            assert_eq!(found.digest, chosen, "{annotations:?} of {platforms:?}");
        }
        assert!(Preference::of(None).choose(&[]).is_none());
    }
}
