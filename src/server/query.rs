//! Query strings: the parameters that the distribution specification knows.

use super::error::{Outcome, Reason, Refusal};

/// The parameters of a request, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what stands behind the `?` of a request.
    pub(super) fn parse(text: &str) -> Outcome<Self> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(&key.replace('+', " "))?, decode(&value.replace('+', " "))?))
        });
        pairs.collect::<Outcome<_>>().map(Self)
    }

    /// The first value of `key`.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// All values of `key`.
    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// Undoes percent-encoding (RFC 3986, section 2.1).
pub(super) fn decode(text: &str) -> Outcome<String> {
    let bad = || Refusal::new(Reason::NotFound, "the address is not encoded as addresses are");
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let digits = part.get(..2).ok_or_else(bad)?;
        let valid = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| valid).ok_or_else(bad)?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

/// Encodes what has a meaning in a query.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameters_are_decoded_and_may_repeat() {
        let query = Query::parse("digest=sha256%3Aab&tag=a&tag=b&empty&x=1+2%2B").unwrap();
        assert_eq!(query.get("digest"), Some("sha256:ab"));
        assert_eq!(query.all("tag").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((query.get("empty"), query.get("x")), (Some(""), Some("1 2+")));
        assert_eq!(query.get("none"), None);
    }

    #[test]
    fn broken_encoding_is_refused() {
        for bad in ["%", "%4", "%zz", "%+1", "%ff", "a%€"] {
            assert!(decode(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn encoding_comes_back(text in "\\PC{0,20}") {
            prop_assert_eq!(decode(&encode(&text)).unwrap(), text);
        }

        #[test]
        fn decoding_never_panics(text in "[%a-f0-9€]{0,20}") {
            let _ = decode(&text);
        }
    }
}
