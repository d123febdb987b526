//! Names of registries, repositories and images as regsync reads them: without a registry they are of Docker Hub.

use crate::model::{Endpoint, EndpointError, Registry};

/// The image or repository that a name means.
pub(super) fn endpoint(name: &str) -> Result<Endpoint, EndpointError> {
    if let Some(layout) = name.strip_prefix("ocidir://").or_else(|| name.strip_prefix("ocifile://"))
    {
        return format!("oci:{layout}").parse();
    }
    match name.split_once('/') {
        Some((first, _)) if Registry::is_meant_by(first) => name.parse(),
        _ => format!("docker.io/{name}").parse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_docker_hub_unless_it_has_a_registry() {
        for (name, expected) in [
            ("busybox:latest", "docker.io/library/busybox:latest"),
            ("alpine", "docker.io/library/alpine"),
            ("org/app", "docker.io/org/app"),
            ("ghcr.io/regclient/regctl", "ghcr.io/regclient/regctl"),
            ("registry:5000/library/busybox:latest", "registry:5000/library/busybox:latest"),
            ("localhost/app:v1", "localhost/app:v1"),
            ("ocidir://path/to/layout:v1", "oci:path/to/layout:v1"),
            ("ocidir:///abs", "oci:/abs"),
        ] {
            assert_eq!(endpoint(name).unwrap().to_string(), expected);
        }
        for name in ["", "UPPER", "quay.io/", "a b"] {
            assert!(endpoint(name).is_err(), "{name}");
        }
    }
}
