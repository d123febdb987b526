//! One entry of an auth file: the fields that docker and podman write, and the credential they mean.

use base64::Engine;
use base64::engine::general_purpose::{
    STANDARD, STANDARD_PAD_INDIFFERENT, URL_SAFE_PAD_INDIFFERENT,
};
use serde_json::{Map, Value, json};

use super::{Credential, Secret};

/// A field that is not what it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadField {
    pub(super) field: &'static str,
    pub(super) expected: &'static str,
}

/// The fields of an entry; an object with none of them is no entry.
pub(super) const FIELDS: [&str; 5] =
    ["auth", "identitytoken", "registrytoken", "username", "password"];

/// The user name by which credential helpers say that the secret is an identity token
/// (docker-credential-helpers, `credentials.TokenUsername`).
const TOKEN_USER: &str = "<token>";

/// Reads the credential of an entry. An entry without any is what docker leaves for a login that `credsStore` keeps.
pub(super) fn credential(entry: &Map<String, Value>) -> Result<Option<Credential>, BadField> {
    if let Some(token) = text(entry, "registrytoken")? {
        return Ok(Some(Credential::RegistryToken(Secret::new(token.to_owned()))));
    }
    if let Some(token) = text(entry, "identitytoken")? {
        return Ok(Some(Credential::IdentityToken(Secret::new(token.to_owned()))));
    }
    if let Some(auth) = text(entry, "auth")? {
        let expected = "base64 of USER:PASSWORD";
        return user_and_password(auth)
            .map(|(user, password)| from_pair(user, Secret::new(password)))
            .ok_or(BadField { field: "auth", expected });
    }
    match (text(entry, "username")?, text(entry, "password")?) {
        (Some(user), password) => {
            let password = Secret::new(password.unwrap_or_default().to_owned());
            Ok(from_pair(user.to_owned(), password))
        }
        _ => Ok(None),
    }
}

/// The credential that a user name and a secret mean; without a user name, none.
pub(super) fn from_pair(username: String, secret: Secret) -> Option<Credential> {
    match username.as_str() {
        "" => None,
        TOKEN_USER => Some(Credential::IdentityToken(secret)),
        _ => Some(Credential::Basic { username, password: secret }),
    }
}

/// The user name and secret by which helpers keep a credential; they cannot keep a registry token.
pub(super) fn to_pair(credential: &Credential) -> Option<(&str, &Secret)> {
    match credential {
        Credential::Basic { username, password } => Some((username, password)),
        Credential::IdentityToken(token) => Some((TOKEN_USER, token)),
        Credential::RegistryToken(_) => None,
    }
}

/// Writes a credential as docker and podman read it.
pub(super) fn entry(credential: &Credential) -> Value {
    match credential {
        Credential::Basic { username, password } => {
            json!({ "auth": STANDARD.encode(format!("{username}:{}", password.expose())) })
        }
        Credential::IdentityToken(token) => json!({
            "auth": STANDARD.encode(format!("{TOKEN_USER}:")),
            "identitytoken": token.expose(),
        }),
        Credential::RegistryToken(token) => json!({ "registrytoken": token.expose() }),
    }
}

/// A field's text; absent, `null` and empty are the same.
fn text<'a>(
    entry: &'a Map<String, Value>,
    field: &'static str,
) -> Result<Option<&'a str>, BadField> {
    match entry.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(BadField { field, expected: "a string" }),
    }
}

/// Splits at the first `:`, since passwords may hold more of them. Some writers pad with NULs.
fn user_and_password(auth: &str) -> Option<(String, String)> {
    let plain = String::from_utf8(decode(auth)?).ok()?;
    let (user, password) = plain.split_once(':')?;
    Some((user.to_owned(), password.trim_end_matches('\0').to_owned()))
}

/// Decodes base64 of either alphabet, padded or not, perhaps broken into lines.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let joined: String = text.split_ascii_whitespace().collect();
    STANDARD_PAD_INDIFFERENT
        .decode(&joined)
        .or_else(|_| URL_SAFE_PAD_INDIFFERENT.decode(&joined))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(entry: &Value) -> Result<Option<Credential>, BadField> {
        credential(entry.as_object().unwrap())
    }

    fn basic(entry: &Value) -> (String, String) {
        match read(entry).unwrap() {
            Some(Credential::Basic { username, password }) => (username, password.expose().into()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn robots_and_colons_survive() {
        let auth = STANDARD.encode("12345678|robot:a:b:c\0\0");
        assert_eq!(basic(&json!({ "auth": auth })), ("12345678|robot".into(), "a:b:c".into()));
        let lax = STANDARD.encode("org+robot:>>??").trim_end_matches('=').replace('+', "-");
        assert_eq!(basic(&json!({ "auth": lax })), ("org+robot".into(), ">>??".into()));
        assert_eq!(
            basic(&json!({ "username": "u", "password": "p" })),
            ("u".to_owned(), "p".to_owned())
        );
    }

    #[test]
    fn tokens_win_over_passwords() {
        let both = json!({ "auth": STANDARD.encode("0000:"), "identitytoken": "t" });
        assert!(matches!(read(&both), Ok(Some(Credential::IdentityToken(t))) if t.expose() == "t"));
        let raw = json!({ "registrytoken": "r" });
        assert!(matches!(read(&raw), Ok(Some(Credential::RegistryToken(t))) if t.expose() == "r"));
        let helper = json!({ "username": "<token>", "password": "t" });
        assert!(matches!(read(&helper), Ok(Some(Credential::IdentityToken(_)))));
    }

    #[test]
    fn an_empty_entry_is_none_and_a_broken_one_says_where() {
        assert!(matches!(read(&json!({})), Ok(None)));
        assert!(matches!(read(&json!({ "auth": "", "email": "x" })), Ok(None)));
        let broken = read(&json!({ "auth": STANDARD.encode("no colon") })).unwrap_err();
        assert_eq!(broken.field, "auth");
        assert_eq!(read(&json!({ "auth": 5 })).unwrap_err().expected, "a string");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(user in "[^:\0]{1,20}", password in "[^\0]{0,20}") {
            prop_assume!(user != TOKEN_USER);
            let written = entry(&Credential::Basic {
                username: user.clone(), password: Secret::new(password.clone()) });
            prop_assert_eq!(basic(&written), (user, password));
        }
    }
}
