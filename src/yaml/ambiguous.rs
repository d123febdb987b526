//! Strings that a reader of YAML would take for something else unless they are quoted.

/// Words that are no strings to readers of YAML 1.1, in any case of their letters.
const WORDS: [&str; 17] = [
    "", "~", "null", "y", "n", "yes", "no", "on", "off", "true", "false", "=", "<<", ".inf",
    "+.inf", "-.inf", ".nan",
];

/// Whether a plain `text` could be read as `null`, a boolean, a number or a date, by YAML 1.1 or 1.2.
pub(super) fn is_ambiguous(text: &str) -> bool {
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)) || is_number(text) || is_date(text)
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text).replace('_', "");
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return false;
    }
    let radix = digits.get(1..2).is_some_and(|c| "xXoObB".contains(c)) && digits.starts_with('0');
    if radix && digits.len() > 2 {
        return digits.chars().skip(2).all(|c| c.is_ascii_hexdigit());
    }
    is_decimal(&digits) || is_sexagesimal(&digits)
}

fn is_decimal(text: &str) -> bool {
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (text, None),
    };
    let all_digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let exponent = exponent.is_none_or(|e| all_digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
    exponent && all_digits(whole) && all_digits(part) && !(whole.is_empty() && part.is_empty())
}

/// `190:20:30`, a number to the base 60, or a time of the day.
fn is_sexagesimal(text: &str) -> bool {
    text.contains(':') && text.chars().all(|c| c.is_ascii_digit() || c == ':' || c == '.')
}

/// `2001-12-14`, and anything that begins so: the reader decides whether it is a time.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.chars().all(|c| c.is_ascii_digit())
    };
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let day = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
    let after = rest.get(day.len()..).unwrap_or("");
    digits(year, 4..=4)
        && digits(month, 1..=2)
        && digits(day, 1..=2)
        && (after.is_empty() || after.starts_with(['T', 't', ' ', '\t']))
}

#[cfg(test)]
mod tests {
    use super::is_ambiguous;

    #[test]
    fn what_a_reader_would_take_for_something_else() {
        for text in [
            "",
            "~",
            "null",
            "NULL",
            "yes",
            "No",
            "on",
            "y",
            "TRUE",
            "1",
            "1.0",
            "+1",
            "-1",
            ".5",
            "1.",
            "1e3",
            "1E-3",
            "0x1f",
            "0o17",
            "017",
            "0b11",
            "1_000",
            "12:30:45",
            "190:20:30.15",
            ".inf",
            ".NaN",
            "2026-11-24",
            "2026-11-24T10:00:00Z",
            "2001-1-1 10:00:00",
            "<<",
            "=",
        ] {
            assert!(is_ambiguous(text), "{text:?}");
        }
        for text in [
            "v1",
            "1.2.3",
            "1.25-alpine",
            "4.10.0",
            "sha256:abc",
            "e3",
            "yess",
            "2026-11",
            "12-alpine",
            "a:b",
            "0xyz",
            "quay.io/team/app:v1",
            "..",
            "2026-11-24-alpine",
        ] {
            assert!(!is_ambiguous(text), "{text:?}");
        }
    }
}
