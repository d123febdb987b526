//! Platforms as `os/arch[/variant]`, and which images of an index are wanted.

use std::fmt;
use std::str::FromStr;

use oci_spec::image::Platform;
use regex::Regex;

use super::{Descriptor, one_line};

/// Which platforms are asked for: one, as in `linux/amd64` and `linux/arm64/v8`, or all that a regular expression fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformFilter(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    One { os: String, arch: String, variant: Option<String> },
    Like(Pattern),
}

/// A regular expression; two are equal when they are written alike.
#[derive(Clone, Debug)]
struct Pattern(Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

/// A text that is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a platform: expected OS/ARCH or OS/ARCH/VARIANT, as in linux/arm64")]
pub struct PlatformError(String);

/// A text that is no regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a regular expression: {why}")]
pub struct PatternError {
    text: String,
    why: String,
}

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
        Self(Kind::One { os: "linux".to_owned(), arch: arch.to_owned(), variant: None })
    }

    /// All platforms in whose `os/arch[/variant]` the regular expression `pattern` is found.
    ///
    /// # Errors
    /// When it is none, or would take too much memory.
    pub fn like(pattern: &str) -> Result<Self, PatternError> {
        match Regex::new(pattern) {
            Ok(regex) => Ok(Self(Kind::Like(Pattern(regex)))),
            Err(error) => {
                // It draws the place in lines of their own; the last one says what is wrong.
                let error = error.to_string();
                let why = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
                Err(PatternError { text: one_line(pattern, 80), why: one_line(why, 200) })
            }
        }
    }

    /// The regular expression, when it is one.
    #[must_use]
    pub fn pattern(&self) -> Option<&str> {
        match &self.0 {
            Kind::Like(Pattern(regex)) => Some(regex.as_str()),
            Kind::One { .. } => None,
        }
    }

    /// Whether an image of `platform` is wanted. `arm64` and `arm64/v8` are the same thing.
    #[must_use]
    pub fn matches(&self, platform: &Platform) -> bool {
        match &self.0 {
            Kind::Like(Pattern(regex)) => regex.is_match(&written(platform)),
            Kind::One { os, arch, variant } => {
                *os == platform.os().to_string()
                    && *arch == platform.architecture().to_string()
                    && variant.as_deref().is_none_or(|wanted| {
                        let default = if arch == "arm64" { "v8" } else { "" };
                        platform.variant().as_deref().unwrap_or(default) == wanted
                    })
            }
        }
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
    one_line(&written(platform), 80)
}

fn written(platform: &Platform) -> String {
    let mut text = format!("{}/{}", platform.os(), platform.architecture());
    if let Some(variant) = platform.variant() {
        text.push('/');
        text.push_str(variant);
    }
    text
}

impl FromStr for PlatformFilter {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let parts: Vec<&str> = text.split('/').collect();
        let sound = parts.iter().all(|part| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        });
        let (os, arch, variant) = match (sound, parts.as_slice()) {
            (true, [os, arch]) => (os, arch, None),
            (true, [os, arch, variant]) => (os, arch, Some((*variant).to_owned())),
            _ => return Err(PlatformError(one_line(text, 80))),
        };
        Ok(Self(Kind::One { os: (*os).to_owned(), arch: (*arch).to_owned(), variant }))
    }
}

impl fmt::Display for PlatformFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Like(Pattern(regex)) => write!(f, "platforms like '{regex}'"),
            Kind::One { os, arch, variant: None } => write!(f, "{os}/{arch}"),
            Kind::One { os, arch, variant: Some(variant) } => write!(f, "{os}/{arch}/{variant}"),
        }
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
    fn a_pattern_is_found_anywhere_in_the_platform() {
        for (pattern, matches) in [
            ("linux/arm64", true),
            ("^arm64", false),
            ("^linux/arm", true),
            ("/v8$", true),
            ("amd64|arm64", true),
            ("windows", false),
            (".*", true),
        ] {
            let arm = platform(r#"{"os":"linux","architecture":"arm64","variant":"v8"}"#);
            assert_eq!(PlatformFilter::like(pattern).unwrap().matches(&arm), matches, "{pattern}");
        }
        let error = PlatformFilter::like("linux/(").unwrap_err();
        assert_eq!(error.to_string(), "'linux/(' is not a regular expression: unclosed group");
    }

    #[test]
    fn what_is_no_platform_is_refused() {
        for bad in ["", "linux", "linux/", "linux/arm/v7/x", "li nux/arm"] {
            assert!(bad.parse::<PlatformFilter>().is_err(), "{bad}");
        }
    }
}
