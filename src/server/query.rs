//! Query strings: the parameters that the distribution specification knows.

use super::error::{Outcome, Reason, Refusal};
use crate::model::percent_decoded;

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

/// Undoes percent-encoding.
pub(super) fn decode(text: &str) -> Outcome<String> {
    percent_decoded(text).ok_or_else(|| {
        Refusal::new(Reason::NotFound, "the address is not encoded as addresses are")
    })
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
