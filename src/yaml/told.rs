//! What serde says of a value, in the words of whoever wrote the document.

/// A message of serde, said so that it helps.
pub(super) fn told(message: &str) -> String {
    let mut told = message.to_owned();
    for (words, ours) in WORDS {
        told = told.replace(words, ours);
    }
    for (end, ours) in [
        (", expected a sequence", ", expected a list"),
        (", expected a map", ", expected a mapping"),
    ] {
        if let Some(rest) = told.strip_suffix(end) {
            told = format!("{rest}{ours}");
        }
    }
    let is_scalar = SCALARS.iter().any(|kind| told.starts_with(kind));
    if is_scalar && told.ends_with(", expected a string") {
        told.push_str(": put it in quotes");
    }
    match meant(&told) {
        Some(field) => {
            told.replacen("`, expected ", &format!("`: `{field}` may be meant, expected "), 1)
        }
        None => told,
    }
}

const WORDS: [(&str, &str); 2] = [
    ("invalid type: sequence,", "invalid type: list,"),
    ("invalid type: map,", "invalid type: mapping,"),
];

const SCALARS: [&str; 3] =
    ["invalid type: integer", "invalid type: floating point", "invalid type: boolean"];

/// The field that is nearest to one that is not known, if it is near.
fn meant(message: &str) -> Option<&str> {
    let mut parts = message.strip_prefix("unknown field `")?.split('`').step_by(2);
    let written = parts.next()?;
    let (distance, field) = parts.map(|field| (distance(written, field), field)).min()?;
    let near = if written.len() > 4 { 2 } else { 1 };
    (distance <= near).then_some(field)
}

/// How many letters have to be put in, left out or changed; letters alone are compared, whatever their case is.
fn distance(one: &str, other: &str) -> usize {
    let letters = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    let (one, other) = (letters(one), letters(other));
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.iter().enumerate() {
        let mut before = std::mem::replace(&mut row[0], above + 1);
        for (index, found) in other.iter().enumerate() {
            let changed = before + usize::from(letter != found);
            before = row[index + 1];
            row[index + 1] = changed.min(before + 1).min(row[index] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_said_plainly() {
        for (message, expected) in [
            (
                "invalid type: floating point `4.1`, expected a string",
                "invalid type: floating point `4.1`, expected a string: put it in quotes",
            ),
            (
                "invalid type: integer `1`, expected a boolean",
                "invalid type: integer `1`, expected a boolean",
            ),
            (
                "invalid type: string \"v1\", expected a sequence",
                "invalid type: string \"v1\", expected a list",
            ),
            ("invalid type: map, expected a sequence", "invalid type: mapping, expected a list"),
            ("invalid type: sequence, expected a map", "invalid type: list, expected a mapping"),
            (
                "invalid type: sequence, expected a mapping",
                "invalid type: list, expected a mapping",
            ),
            (
                "unknown field `tag`, expected one of `name`, `tags`, `to`",
                "unknown field `tag`: `tags` may be meant, expected one of `name`, `tags`, `to`",
            ),
            (
                "unknown field `plainHttp`, expected `plain-http` or `insecure`",
                "unknown field `plainHttp`: `plain-http` may be meant, expected `plain-http` or `insecure`",
            ),
            (
                "unknown field `shcedule`, expected `schedule` or `x`",
                "unknown field `shcedule`: `schedule` may be meant, expected `schedule` or `x`",
            ),
            (
                "unknown field `zzz`, expected one of `name`, `tags`, `to`",
                "unknown field `zzz`, expected one of `name`, `tags`, `to`",
            ),
            ("unknown field `a`, there are no fields", "unknown field `a`, there are no fields"),
            ("missing field `to`", "missing field `to`"),
        ] {
            assert_eq!(told(message), expected);
        }
    }

    #[test]
    fn distances_are_those_of_letters() {
        for (one, other, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("tag", "tags", 1),
            ("on_change", "on-change", 0),
            ("kitten", "sitting", 3),
            ("ab", "ba", 2),
        ] {
            assert_eq!(
                (distance(one, other), distance(other, one)),
                (expected, expected),
                "{one} {other}"
            );
        }
    }
}
