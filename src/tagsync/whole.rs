//! Regular expressions that have to fit a whole name.

use regex::bytes::{Regex, RegexBuilder};

use crate::model::one_line;

/// The most bytes that a compiled expression may have.
const MAX_COMPILED: usize = 1024 * 1024;

/// The expression that fits where `text` fits from the first character to the last, whatever alternatives it has; or
/// why it is none. Names are ASCII, so letters, digits and their cases are those of ASCII, too.
pub(super) fn whole(text: &str) -> Result<Regex, String> {
    // By itself first: `a)|(?:b` is to be an error, and no way out of the group.
    compiled(text)?;
    compiled(&format!(r"\A(?:{text})\z"))
}

fn compiled(text: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(text).unicode(false).size_limit(MAX_COMPILED).build();
    built.map_err(|error| why(&error))
}

/// The last line of a message that draws an arrow below the expression.
fn why(error: &regex::Error) -> String {
    if let regex::Error::CompiledTooBig(_) = error {
        return "it is too large".to_owned();
    }
    let message = error.to_string();
    let last = message.lines().last().unwrap_or_default();
    one_line(last.trim_start_matches("error: "), 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_has_to_fit() {
        for (text, fitting, other) in [
            ("a|ab", &["a", "ab"][..], &["abc", "b", "xa", "a\n"][..]),
            ("^v1$", &["v1"], &["v10", "av1"]),
            ("(?i)RC", &["rc", "Rc"], &["rc1"]),
            ("(?m)^a$", &["a"], &["a\nb"]),
            (r"v\d+", &["v1", "v12"], &["v", "v1.2"]),
            ("", &[""], &["a"]),
        ] {
            let regex = whole(text).unwrap();
            assert!(fitting.iter().all(|name| regex.is_match(name.as_bytes())), "{text}");
            assert!(!other.iter().any(|name| regex.is_match(name.as_bytes())), "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_told() {
        for (text, told) in [
            ("a)|(?:b", "unopened group"),
            ("(", "unclosed group"),
            ("[z-a]", "invalid character class range"),
            ("(?x)a#", "unclosed group"),
            ("((a{100}){100}){100}", "it is too large"),
            (r"\p{Greek}", "Unicode"),
        ] {
            let why = whole(text).unwrap_err();
            assert!(why.contains(told), "{text}: {why}");
        }
    }
}
