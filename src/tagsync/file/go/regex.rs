//! Regular expressions of Go as patterns.
//!
//! Both are those of RE2, but for brackets within brackets, which Go takes as they are: those are refused.

use crate::tagsync::Pattern;

/// The pattern that fits where Go finds `^EXPRESSION$`. Of several alternatives the first is bound to the beginning only
/// then, and the last to the end.
pub(in super::super) fn whole(expression: &str) -> Result<Pattern, String> {
    let shape = Shape::of(expression)?;
    match (shape.has_alternatives, plain(expression)) {
        (true, _) => pattern(&format!("/.*(?:^{expression}$).*/")),
        (false, Some(name)) => pattern(&name),
        (false, None) => pattern(&format!("/{expression}/")),
    }
}

/// The pattern that fits where Go finds the expression, wherever that is.
pub(in super::super) fn anywhere(expression: &str) -> Result<Pattern, String> {
    if expression.is_empty() {
        return pattern("*");
    }
    let shape = Shape::of(expression)?;
    if shape.has_alternatives {
        return pattern(&format!("/.*(?:{expression}).*/"));
    }
    let rest = expression.strip_prefix('^');
    let (before, rest) = rest.map_or((".*", expression), |rest| ("", rest));
    let bound = rest.strip_suffix('$').filter(|_| shape.ends_at_end);
    let (rest, behind) = bound.map_or((rest, ".*"), |rest| (rest, ""));
    match plain(rest).filter(|_| before.is_empty() && behind.is_empty()) {
        Some(name) => pattern(&name),
        None => pattern(&format!("/{before}{rest}{behind}/")),
    }
}

fn pattern(text: &str) -> Result<Pattern, String> {
    text.parse().map_err(|error: crate::tagsync::PatternError| error.to_string())
}

/// The name that an expression fits, if that is the only one.
fn plain(expression: &str) -> Option<String> {
    let name = expression.replace(r"\.", "\0");
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-\0".contains(c);
    let is_plain = name.chars().all(is_name) && !name.starts_with(['-', '\0']) && !name.is_empty();
    is_plain.then(|| name.replace('\0', "."))
}

/// How an expression is built.
#[derive(Default)]
struct Shape {
    /// Whether there is a `|` that is in no group.
    has_alternatives: bool,
    /// Whether the last character is a `$` that stands for the end.
    ends_at_end: bool,
}

impl Shape {
    fn of(expression: &str) -> Result<Self, String> {
        let mut shape = Self::default();
        let (mut depth, mut class) = (0_usize, None);
        let mut characters = expression.char_indices().peekable();
        while let Some((index, character)) = characters.next() {
            shape.ends_at_end = character == '$' && class.is_none();
            match (character, class) {
                ('\\', _) => drop(characters.next()),
                // A bracket that comes first belongs to the class.
                (']', Some(begin)) if index > begin => class = None,
                (_, Some(_)) => refuse_operators(&expression[index..])?,
                ('[', None) => {
                    let is_negated = characters.next_if(|(_, next)| *next == '^').is_some();
                    class = Some(index + 1 + usize::from(is_negated));
                }
                ('(', None) => depth += 1,
                (')', None) => depth = depth.saturating_sub(1),
                ('|', None) => shape.has_alternatives |= depth == 0,
                _ => {}
            }
        }
        Ok(shape)
    }
}

/// Refuses what means another thing in a class here.
fn refuse_operators(rest: &str) -> Result<(), String> {
    let found = ["&&", "--", "~~"].into_iter().find(|operator| rest.starts_with(operator));
    let found = found.or_else(|| (rest.starts_with('[') && !rest.starts_with("[:")).then_some("["));
    match found {
        Some(found) => {
            Err(format!("'{found}' in brackets has another meaning here: write a \\ before it"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(read: fn(&str) -> Result<Pattern, String>, table: &[(&str, &str, &[&str], &[&str])]) {
        for (expression, written, fitting, other) in table {
            let pattern = read(expression).unwrap();
            assert_eq!(pattern.as_str(), *written, "{expression}");
            for name in *fitting {
                assert!(pattern.fits(name), "{expression} {name}");
            }
            for name in *other {
                assert!(!pattern.fits(name), "{expression} {name}");
            }
        }
    }

    #[test]
    fn an_expression_for_the_whole_name() {
        check(
            whole,
            &[
                ("latest", "latest", &["latest"], &["latest1"]),
                (r"3\.19", "3.19", &["3.19"], &["3x19"]),
                ("3.19", "/3.19/", &["3.19", "3x19"], &["3.191"]),
                (r"v\d+\.\d+", r"/v\d+\.\d+/", &["v1.2"], &["v1.2.3", "xv1.2"]),
                ("(a|b)c", "/(a|b)c/", &["ac", "bc"], &["a", "abc"]),
                ("[a|b]", "/[a|b]/", &["a", "b"], &["ab"]),
                (r"a\|b", r"/a\|b/", &[], &["a", "b"]),
                // What Go makes of it: what begins with a, or ends with b.
                ("a|b", "/.*(?:^a|b$).*/", &["a", "ax", "b", "xb"], &["xa", "bx"]),
                ("^v1$", "/^v1$/", &["v1"], &["v12"]),
                ("-rc", "/-rc/", &["-rc"], &["1-rc"]),
            ],
        );
    }

    #[test]
    fn an_expression_anywhere_in_the_name() {
        check(
            anywhere,
            &[
                ("rc", "/.*rc.*/", &["rc", "1-rc1"], &["r"]),
                ("^v1", "/v1.*/", &["v1", "v12"], &["xv1"]),
                ("v1$", "/.*v1/", &["v1", "xv1"], &["v12"]),
                (
                    r"^1\.13\.[12]-alpine-perl$",
                    r"/1\.13\.[12]-alpine-perl/",
                    &["1.13.1-alpine-perl"],
                    &["1.13.3-alpine-perl", "1.13.1-alpine-perl-x"],
                ),
                ("^latest$", "latest", &["latest"], &["latest1"]),
                (r"^v1\.2$", "v1.2", &["v1.2"], &["v1x2"]),
                (r"1\$", r"/.*1\$.*/", &[], &["1"]),
                ("[$]", "/.*[$].*/", &[], &["1"]),
                ("^a$|^b$", "/.*(?:^a$|^b$).*/", &["a", "b"], &["ab", "xa"]),
                ("(?i)^RC", "/.*(?i)^RC.*/", &["rc1", "RC"], &["1rc"]),
                ("", "*", &["a", "b.c"], &[]),
                ("[[:digit:]]", "/.*[[:digit:]].*/", &["a1"], &["a"]),
            ],
        );
    }

    #[test]
    fn what_is_no_expression_or_another_is_told() {
        for (expression, told) in [
            ("(", "unclosed group"),
            ("a{2,1}", "invalid repetition"),
            (r"\Qa\E", "unrecognized escape sequence"),
            ("[a[b]", "'[' in brackets has another meaning here: write a \\ before it"),
            ("[a&&b]", "'&&' in brackets has another meaning"),
            ("[+--]", "'--' in brackets has another meaning"),
            ("(?<!a)b", "look-around"),
        ] {
            for read in [whole, anywhere] {
                let why = read(expression).unwrap_err();
                assert!(why.contains(told), "{expression}: {why}");
            }
        }
        assert!(whole("[]a]").unwrap().fits("]"));
        assert!(whole(r"[a\]b]").is_ok() && whole("[^]a]").is_ok());
    }
}
