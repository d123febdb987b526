//! Platforms as `os/arch[/variant]`, and which images of an index they pick.

use std::fmt;
use std::str::FromStr;

use oci_spec::image::Platform;

use super::{Descriptor, one_line};

/// A platform asked for: `linux/amd64`, `linux/arm64/v8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformFilter {
    os: String,
    arch: String,
    variant: Option<String>,
}

/// A text that is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a platform: expected OS/ARCH or OS/ARCH/VARIANT, as in linux/arm64")]
pub struct PlatformError(String);

impl PlatformFilter {
    /// The platform of this machine, with `linux` for its system: that is what images are for.
    #[must_use]
    pub fn host() -> Self {
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            "powerpc64" => "ppc64le",
            other => other,
        };
        Self { os: "linux".to_owned(), arch: arch.to_owned(), variant: None }
    }

    /// Whether an image of `platform` is wanted. `arm64` and `arm64/v8` are the same thing.
    #[must_use]
    pub fn matches(&self, platform: &Platform) -> bool {
        self.os == platform.os().to_string()
            && self.arch == platform.architecture().to_string()
            && self.variant.as_deref().is_none_or(|wanted| {
                let default = if self.arch == "arm64" { "v8" } else { "" };
                platform.variant().as_deref().unwrap_or(default) == wanted
            })
    }

    /// Whether the image that `descriptor` of an index points to is wanted.
    #[must_use]
    pub fn picks(&self, descriptor: &Descriptor) -> bool {
        descriptor.platform.as_ref().is_some_and(|platform| self.matches(platform))
    }
}

/// A platform as `os/arch[/variant]`, fit for a message.
#[must_use]
pub fn platform_text(platform: &Platform) -> String {
    let mut text = format!("{}/{}", platform.os(), platform.architecture());
    if let Some(variant) = platform.variant() {
        text.push('/');
        text.push_str(variant);
    }
    one_line(&text, 80)
}

impl FromStr for PlatformFilter {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let parts: Vec<&str> = text.split('/').collect();
        let sound = parts.iter().all(|part| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        });
        match (sound, parts.as_slice()) {
            (true, [os, arch]) => {
                Ok(Self { os: (*os).to_owned(), arch: (*arch).to_owned(), variant: None })
            }
            (true, [os, arch, variant]) => Ok(Self {
                os: (*os).to_owned(),
                arch: (*arch).to_owned(),
                variant: Some((*variant).to_owned()),
            }),
            _ => Err(PlatformError(one_line(text, 80))),
        }
    }
}

impl fmt::Display for PlatformFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.arch)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(json: &str) -> Platform {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_filter_without_variant_takes_all_variants() {
        let arm: PlatformFilter = "linux/arm".parse().unwrap();
        assert!(arm.matches(&platform(r#"{"os":"linux","architecture":"arm","variant":"v7"}"#)));
        assert!(!arm.matches(&platform(r#"{"os":"linux","architecture":"arm64"}"#)));
        let v6: PlatformFilter = "linux/arm/v6".parse().unwrap();
        assert!(!v6.matches(&platform(r#"{"os":"linux","architecture":"arm","variant":"v7"}"#)));
    }

    #[test]
    fn arm64_means_v8() {
        let v8: PlatformFilter = "linux/arm64/v8".parse().unwrap();
        assert!(v8.matches(&platform(r#"{"os":"linux","architecture":"arm64"}"#)));
    }

    #[test]
    fn what_is_no_platform_is_refused() {
        for bad in ["", "linux", "linux/", "linux/arm/v7/x", "li nux/arm"] {
            assert!(bad.parse::<PlatformFilter>().is_err(), "{bad}");
        }
    }
}
