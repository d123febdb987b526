//! Foreign text made fit for a message.

/// `text` as one line of at most `max` characters: control characters (and with them terminal escapes) become
/// spaces, runs of white space one space, and what is cut is marked by `…`.
#[must_use]
pub fn one_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    let mut gap = false;
    let mut count = 0;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || is_invisible(c) {
            gap = !line.is_empty();
            continue;
        }
        if count + usize::from(gap) >= max {
            line.push('…');
            break;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
            count += 1;
        }
        line.push(c);
        count += 1;
    }
    line
}

/// Characters that reorder or hide text on a terminal.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Undoes percent-encoding (RFC 3986, section 2.1); `None` when it is none, or no text.
#[must_use]
pub fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let digits = part.get(..2)?;
        let valid = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| valid)?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn foreign_text_cannot_reach_the_terminal() {
        assert_eq!(one_line("a\x1b[31mb\r\nc\u{202e}d", 80), "a [31mb c d");
        assert_eq!(one_line("  spaced \n out  ", 80), "spaced out");
        assert_eq!(one_line("abcdef", 3), "abc…");
        assert_eq!(one_line("abc", 3), "abc");
    }
}
