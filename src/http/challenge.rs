//! What a registry asks for when it answers 401: `WWW-Authenticate` (RFC 9110, section 11.6.1). Pure.

use http::header::{HeaderMap, WWW_AUTHENTICATE};

use super::Scope;
use crate::model::one_line;

/// The way in which a registry wants to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User name and password with each request (RFC 7617).
    Basic,
    /// A token from a token server (RFC 6750; distribution token specification).
    Bearer(Bearer),
}

/// Where the token comes from, and for what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bearer {
    /// The token server's address, as it was written.
    pub(super) realm: String,
    /// Who the token is for.
    pub(super) service: Option<String>,
    /// What the refused request needs.
    pub(super) scopes: Vec<Scope>,
}

impl Challenge {
    /// The challenge to answer among all that the headers hold: a token where that is offered, else a password. The
    /// error names what is offered instead.
    pub(super) fn choose(headers: &HeaderMap) -> Result<Self, String> {
        let offers: Vec<Offer> = headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .flat_map(|value| parse(&String::from_utf8_lossy(value.as_bytes())))
            .collect();
        let bearer = offers.iter().filter(|offer| offer.scheme == "bearer").find_map(Offer::bearer);
        if let Some(bearer) = bearer {
            return Ok(Self::Bearer(bearer));
        }
        if offers.iter().any(|offer| offer.scheme == "basic") {
            return Ok(Self::Basic);
        }
        Err(match offers.as_slice() {
            [] => "it names none".to_owned(),
            _ => one_line(&offers.into_iter().map(|o| o.scheme).collect::<Vec<_>>().join(", "), 80),
        })
    }
}

/// One challenge of any scheme. Scheme and names of parameters are in lower case.
#[derive(Debug, Default, PartialEq, Eq)]
struct Offer {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl Offer {
    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Nothing without a realm: there would be nobody to ask.
    fn bearer(&self) -> Option<Bearer> {
        Some(Bearer {
            realm: self.get("realm").filter(|realm| !realm.is_empty())?.to_owned(),
            service: self.get("service").map(str::to_owned),
            scopes: Scope::parse_list(self.get("scope").unwrap_or_default()),
        })
    }
}

/// All challenges of one header value. What cannot be read is passed over.
fn parse(text: &str) -> Vec<Offer> {
    let mut reader = Reader(text);
    let mut offers: Vec<Offer> = Vec::new();
    loop {
        reader.skip(|c| c == ',' || c.is_ascii_whitespace());
        let word = reader.take(is_token).to_ascii_lowercase();
        if word.is_empty() {
            if !reader.drop_one() {
                return offers;
            }
        } else if let Some(value) = reader.value() {
            if let Some(offer) = offers.last_mut() {
                offer.parameters.push((word, value));
            }
        } else {
            reader.skip_token68();
            offers.push(Offer { scheme: word, parameters: Vec::new() });
        }
    }
}

/// The rest of a header value.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|c| !wanted(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn skip(&mut self, unwanted: impl Fn(char) -> bool) {
        self.take(unwanted);
    }

    /// Drops one character; `false` when there was none left.
    fn drop_one(&mut self) -> bool {
        let mut chars = self.0.chars();
        let dropped = chars.next().is_some();
        self.0 = chars.as_str();
        dropped
    }

    /// The value behind `=`, if that is what comes next: a token, or text in quotes.
    fn value(&mut self) -> Option<String> {
        let rest = self.0.trim_start().strip_prefix('=')?;
        self.0 = rest.trim_start();
        match self.0.strip_prefix('"') {
            Some(quoted) => {
                self.0 = quoted;
                Some(self.quoted())
            }
            // Strictly a token; some write addresses without quotes.
            None => Some(self.take(|c| c != ',' && !c.is_ascii_whitespace()).to_owned()),
        }
    }

    /// Text up to the closing quote, or to the end where that is missing; `\` takes the next character as it is.
    fn quoted(&mut self) -> String {
        let mut text = String::new();
        let mut chars = self.0.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                '\\' => text.extend(chars.next()),
                c => text.push(c),
            }
        }
        self.0 = chars.as_str();
        text
    }

    /// Passes over the single word that some schemes have instead of parameters (`Negotiate YII==`).
    fn skip_token68(&mut self) {
        let mut ahead = Reader(self.0.trim_start());
        ahead.skip(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
        ahead.skip(|c| c == '=');
        let rest = ahead.0.trim_start();
        if rest.is_empty() || rest.starts_with(',') {
            self.0 = rest;
        }
    }
}

/// `tchar` of RFC 9110, section 5.6.2.
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn choose(values: &[&str]) -> Result<Challenge, String> {
        let headers =
            values.iter().map(|v| (WWW_AUTHENTICATE, v.parse().unwrap())).collect::<HeaderMap>();
        Challenge::choose(&headers)
    }

    fn bearer(values: &[&str]) -> Bearer {
        match choose(values).unwrap() {
            Challenge::Bearer(bearer) => bearer,
            Challenge::Basic => panic!("basic"),
        }
    }

    #[test]
    fn the_usual_challenge() {
        let hub = bearer(&[
            r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/alpine:pull,push""#,
        ]);
        assert_eq!(hub.realm, "https://auth.docker.io/token");
        assert_eq!(hub.service.as_deref(), Some("registry.docker.io"));
        assert_eq!(hub.scopes[0].to_string(), "repository:library/alpine:pull,push");
        assert_eq!(choose(&[r#"Basic realm="Registry Realm""#]), Ok(Challenge::Basic));
    }

    #[test]
    fn several_challenges_in_any_order() {
        let token = r#"Bearer service="a, b", realm="https://t/x""#;
        let basic = r#"Basic realm="x, Bearer realm=y""#;
        for values in [
            &[token, basic][..],
            &[basic, token],
            &[&format!("{token}, {basic}")],
            &[&format!("{basic},{token}")],
            &[&format!("Negotiate, {token}")],
            &[&format!("Negotiate YII==, NTLM ,{basic} , {token}")],
        ] {
            let found = bearer(values);
            assert_eq!(found.realm, "https://t/x", "{values:?}");
            assert_eq!(found.service.as_deref(), Some("a, b"), "{values:?}");
        }
    }

    #[test]
    fn sloppy_ones_are_read_too() {
        assert_eq!(bearer(&["bearer REALM=https://t/x?a=b,service=s"]).realm, "https://t/x?a=b");
        assert_eq!(bearer(&[r#"Bearer realm = "https://t/\"q""#]).realm, "https://t/\"q");
        assert_eq!(bearer(&[r#"Bearer realm="https://t/x"#]).realm, "https://t/x");
        assert_eq!(choose(&["BASIC"]), Ok(Challenge::Basic));
    }

    #[test]
    fn what_cannot_be_answered_is_named() {
        assert_eq!(choose(&[]), Err("it names none".to_owned()));
        assert_eq!(choose(&["Negotiate, Digest realm=x"]), Err("negotiate, digest".to_owned()));
        assert_eq!(choose(&["Bearer service=s"]), Err("bearer".to_owned()));
    }

    fn quote(text: &str) -> String {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".*") {
            parse(&text);
        }

        #[test]
        fn what_is_written_is_read(
            offers in prop::collection::vec(
                ("[a-z]{1,8}", prop::collection::vec(("[a-z]{1,6}", "[ -~]{0,12}"), 1..4)), 1..4)
        ) {
            let text: Vec<_> = offers.iter().map(|(scheme, parameters)| {
                let all: Vec<_> =
                    parameters.iter().map(|(k, v)| format!("{k}={}", quote(v))).collect();
                format!("{scheme} {}", all.join(", "))
            }).collect();
            let expected: Vec<_> = offers.into_iter()
                .map(|(scheme, parameters)| Offer { scheme, parameters }).collect();
            prop_assert_eq!(parse(&text.join(", ")), expected);
        }
    }
}
