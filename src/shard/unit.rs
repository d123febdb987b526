//! What is not parted: a repository, layout, archive or folder.

use crate::model::Endpoint;

/// A repository, layout, archive or folder, and how much work it is: bytes, or images where bytes are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its name, as [`unit_of`] makes it.
    pub name: String,
    /// How much work it is.
    pub weight: u64,
}

impl Unit {
    /// The unit `name` with so much work.
    pub fn new(name: impl Into<String>, weight: u64) -> Self {
        Self { name: name.into(), weight }
    }
}

/// The name of the unit that an image at `endpoint` belongs to.
#[must_use]
pub fn unit_of(endpoint: &Endpoint) -> String {
    endpoint.without_name().to_string()
}

/// The namespace that a unit is in: what stands in one is mostly built alike and shares layers. A name without a
/// namespace is one by itself.
pub(super) fn group_of(unit: &str) -> &str {
    unit.rsplit_once('/').map_or(unit, |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_belong_to_repositories_and_folders_and_those_to_namespaces() {
        for (image, unit, group) in [
            ("q.io/org/app:v1", "q.io/org/app", "q.io/org"),
            ("localhost:5000/app", "localhost:5000/app", "localhost:5000"),
            ("oci:some/dir:org/app:v1", "oci:some/dir", "oci:some"),
            ("oci:dir:v1", "oci:dir", "oci:dir"),
            ("oci-archive:a.tar:x", "oci-archive:a.tar", "oci-archive:a.tar"),
            ("dir:some/dir", "dir:some/dir", "dir:some"),
            ("file://org/app:v1", "file://org/app", "file://org"),
        ] {
            assert_eq!(unit_of(&image.parse().unwrap()), unit);
            assert_eq!(group_of(unit), group);
        }
    }
}
