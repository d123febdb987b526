//! Which names are meant: `v1.*`, `latest`, `/v[0-9]+/`.

use std::fmt;
use std::str::FromStr;

use regex::bytes::Regex;

use super::whole::whole;
use crate::model::one_line;

/// What fits some names: a name in which `*` stands for any characters, or none, and `?` for one; or a regular
/// expression between slashes. Either has to fit the whole name.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing, or nothing between slashes.
    #[error("a pattern is empty: expected a name, in which * and ? may stand, or /EXPRESSION/")]
    Empty,
    /// A character that no name has: most likely a regular expression that lacks its slashes.
    #[error(
        "'{text}' fits nothing, as no name has '{character}': * and ? stand for other characters, and a regular expression is written /{text}/"
    )]
    Character {
        /// What was written.
        text: String,
        /// The first such character.
        character: char,
    },
    /// No name begins so: most likely the regular expression `.*`.
    #[error(
        "'{0}' fits nothing, as names begin with a letter, a digit or '_': * stands for any characters, and a regular expression is written /{0}/"
    )]
    Beginning(String),
    /// One slash.
    #[error("'{0}' has one slash at an end: a regular expression is written /EXPRESSION/")]
    Slash(String),
    /// No regular expression.
    #[error("'{text}' is no regular expression: {why}")]
    Expression {
        /// What was written.
        text: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Pattern {
    /// Whether the whole of `name` fits.
    #[must_use]
    pub fn fits(&self, name: &str) -> bool {
        self.regex.is_match(name.as_bytes())
    }

    /// What was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let between = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let expression = match between.unwrap_or(text) {
            "" => return Err(PatternError::Empty),
            expression if between.is_some() => expression.to_owned(),
            name => of_name(name)?,
        };
        let regex = whole(&expression)
            .map_err(|why| PatternError::Expression { text: one_line(text, 80), why })?;
        Ok(Self { text: text.to_owned(), regex })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// The expression of a name in which `*` and `?` may stand.
fn of_name(name: &str) -> Result<String, PatternError> {
    let shown = || one_line(name, 80);
    if name.starts_with('/') || name.ends_with('/') {
        return Err(PatternError::Slash(shown()));
    }
    // Slashes are in the names of repositories.
    let is_known = |c: char| c.is_ascii_alphanumeric() || "._-/*?".contains(c);
    if let Some(character) = name.chars().find(|c| !is_known(*c)) {
        return Err(PatternError::Character { text: shown(), character });
    }
    if name.starts_with(['.', '-']) {
        return Err(PatternError::Beginning(shown()));
    }
    let escaped = regex::escape(name);
    Ok(escaped.replace(r"\*", ".*").replace(r"\?", "."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_pattern_fits_whole_names() {
        for (text, fitting, other) in [
            ("latest", &["latest"][..], &["latest2", "xlatest", "Latest"][..]),
            ("*", &["v1", "latest", "org/app"], &[]),
            ("v1.*", &["v1.", "v1.2", "v1.2-rc"], &["v1", "v10", "xv1.2"]),
            ("*-rc*", &["1-rc", "1-rc1"], &["rc", "1rc"]),
            ("v?.0", &["v1.0", "v2.0"], &["v10.0", "v.0", "v1x0"]),
            ("org/*", &["org/app", "org/a/b"], &["org", "orgs/app"]),
            ("/v[0-9]+/", &["v1", "v23"], &["v1.2", "xv1", "v"]),
            ("/^v1$|latest/", &["v1", "latest"], &["v12", "latest1"]),
            ("/(?i).*RC.*/", &["1-rc1", "1-RC"], &["1"]),
            ("/a/b/", &["a/b"], &["a"]),
        ] {
            let pattern: Pattern = text.parse().unwrap();
            assert_eq!(pattern.to_string(), text);
            assert!(fitting.iter().all(|name| pattern.fits(name)), "{text}");
            assert!(!other.iter().any(|name| pattern.fits(name)), "{text}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for (text, told) in [
            ("", "a pattern is empty"),
            ("//", "a pattern is empty"),
            ("/", "'/' has one slash at an end"),
            ("/v1", "'/v1' has one slash at an end"),
            ("v1/", "'v1/' has one slash at an end"),
            (r"v\d", r"no name has '\': * and ? stand for other characters, and a regular"),
            ("^v1$", "no name has '^'"),
            ("v1|v2", "a regular expression is written /v1|v2/"),
            ("v1 ", "no name has ' '"),
            (".*", "'.*' fits nothing, as names begin with a letter"),
            ("-x", "'-x' fits nothing"),
            ("/(/", "'/(/' is no regular expression: unclosed group"),
            ("/((a{100}){100}){100}/", "it is too large"),
        ] {
            let error = text.parse::<Pattern>().unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_a_pattern_that_fits_itself(name in "[A-Za-z0-9_][A-Za-z0-9._-]{0,40}", other in "[A-Za-z0-9_][A-Za-z0-9._-]{0,3}") {
            let pattern: Pattern = name.parse().unwrap();
            prop_assert!(pattern.fits(&name));
            prop_assert_eq!(pattern.fits(&other), name == other);
            let prefixed: Pattern = format!("{name}*").parse().unwrap();
            let joined = format!("{name}{other}");
            prop_assert!(prefixed.fits(&joined));
        }

        #[test]
        fn any_text_is_a_pattern_or_an_error(text in ".{0,30}") {
            if let Ok(pattern) = text.parse::<Pattern>() {
                prop_assert_eq!(pattern.to_string(), text);
            }
        }
    }
}
