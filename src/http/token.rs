//! Tokens: how they are asked for and what comes back (distribution token specification; OAuth2, RFC 6749). Pure but
//! for the monotonic clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::HeaderValue;
use reqwest::Url;
use serde::Deserialize;

use super::Scope;
use crate::auth::{Credential, Secret};

/// How long a token lasts that does not say so.
const DEFAULT_LIFE: Duration = Duration::from_secs(60);
/// A token is renewed this long before its end, or after three quarters of a shorter life.
const MARGIN: Duration = Duration::from_secs(30);
const CLIENT_ID: &str = "longshore";

/// What a token is asked for.
pub(super) struct Ask<'a> {
    pub(super) realm: &'a Url,
    pub(super) service: Option<&'a str>,
    pub(super) scopes: &'a [Scope],
    pub(super) credential: Option<&'a Credential>,
}

/// The two ways to ask.
pub(super) enum Form {
    /// `GET` with the question in the query and the password, if any, in `Authorization`.
    Get(Url, Option<HeaderValue>),
    /// `POST` of an OAuth2 form.
    Post(Url, Vec<(&'static str, String)>),
}

impl Ask<'_> {
    /// The way to begin with: `POST` for identity tokens, which no `GET` can carry, `GET` for all else.
    pub(super) fn first(&self) -> Form {
        match self.credential {
            Some(Credential::IdentityToken(token)) => {
                self.post("refresh_token", vec![("refresh_token", token.expose().to_owned())])
            }
            Some(Credential::Basic { username, password }) => {
                Form::Get(self.question(Some(username)), basic(username, password))
            }
            Some(Credential::RegistryToken(_)) | None => Form::Get(self.question(None), None),
        }
    }

    /// The way for servers that do not know the first; there is none without a password.
    pub(super) fn second(&self) -> Option<Form> {
        let Some(Credential::Basic { username, password }) = self.credential else { return None };
        let login =
            vec![("username", username.clone()), ("password", password.expose().to_owned())];
        Some(self.post("password", login))
    }

    fn question(&self, account: Option<&str>) -> Url {
        let mut url = self.realm.clone();
        let scopes: Vec<_> = self.scopes.iter().map(Scope::to_string).collect();
        url.query_pairs_mut()
            .extend_pairs(self.service.map(|service| ("service", service)))
            .extend_pairs(scopes.iter().map(|scope| ("scope", scope)))
            .extend_pairs(account.map(|account| ("account", account)));
        url
    }

    fn post(&self, grant: &str, login: Vec<(&'static str, String)>) -> Form {
        let scopes: Vec<_> = self.scopes.iter().map(Scope::to_string).collect();
        let mut form = vec![("grant_type", grant.to_owned()), ("client_id", CLIENT_ID.to_owned())];
        form.extend(self.service.map(|service| ("service", service.to_owned())));
        if !scopes.is_empty() {
            form.push(("scope", scopes.join(" ")));
        }
        form.extend(login);
        Form::Post(self.realm.clone(), form)
    }
}

/// `Authorization` with user name and password (RFC 7617).
pub(super) fn basic(username: &str, password: &Secret) -> Option<HeaderValue> {
    let pair = STANDARD.encode(format!("{username}:{}", password.expose()));
    authorization(&format!("Basic {pair}"))
}

/// `Authorization` with a token. `None` when the token has characters that no header can carry.
pub(super) fn bearer(token: &str) -> Option<HeaderValue> {
    authorization(&format!("Bearer {}", token.trim()))
}

fn authorization(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A token that a token server gave.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) header: HeaderValue,
    /// When it was asked for.
    pub(super) since: Instant,
    renew: Instant,
    access: Option<Vec<Access>>,
}

/// Why a token server's answer holds no token.
#[derive(Debug, thiserror::Error)]
pub(super) enum TokenError {
    #[error("its answer is not JSON")]
    Json(#[source] serde_json::Error),
    #[error("its answer holds no token")]
    Missing,
    #[error("its token has characters that no header can carry")]
    Characters,
}

impl Token {
    /// Reads the answer to a request that was sent at `asked`. `server_now` is the server's clock, or ours when it
    /// does not tell: only differences on one clock count, so a wrong clock on either side does no harm.
    pub(super) fn read(
        body: &[u8],
        asked: Instant,
        server_now: SystemTime,
    ) -> Result<Self, TokenError> {
        // The source of a JSON error names positions, never the text.
        let answer: Answer = serde_json::from_slice(body).map_err(TokenError::Json)?;
        let text = [answer.token, answer.access_token]
            .into_iter()
            .flatten()
            .find(|token| !token.is_empty())
            .ok_or(TokenError::Missing)?;
        let claims = Claims::of(&text).unwrap_or_default();
        let life = answer
            .expires_in
            .and_then(|seconds| seconds.as_f64())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .map(|life| life - age(life, answer.issued_at.as_deref(), server_now))
            .or_else(|| claims.life(server_now))
            .unwrap_or(DEFAULT_LIFE);
        Ok(Self {
            header: bearer(&text).ok_or(TokenError::Characters)?,
            since: asked,
            renew: asked + (life - MARGIN.min(life / 4)).min(Duration::from_secs(1 << 30)),
            access: claims.access,
        })
    }

    /// Whether it can still be used.
    pub(super) fn is_live(&self) -> bool {
        Instant::now() < self.renew
    }

    /// Whether it says of itself that it allows nothing at all on the resource of `scope`.
    pub(super) fn denies(&self, scope: &Scope) -> bool {
        self.access.as_ref().is_some_and(|access| {
            !access
                .iter()
                .any(|entry| entry.resource() == scope.resource() && !entry.actions.is_empty())
        })
    }
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<serde_json::Number>,
    issued_at: Option<String>,
}

/// The claims of a JWT that matter here (RFC 7519; distribution's «Token Authentication Implementation»). They are
/// read as hints: the registry is who checks them.
#[derive(Default, Deserialize)]
struct Claims {
    exp: Option<u64>,
    access: Option<Vec<Access>>,
}

#[derive(Debug, Deserialize)]
struct Access {
    r#type: String,
    name: String,
    #[serde(default)]
    actions: Vec<String>,
}

impl Access {
    fn resource(&self) -> String {
        format!("{}:{}", self.r#type, self.name)
    }
}

impl Claims {
    fn of(token: &str) -> Option<Self> {
        let claims = token.split('.').nth(1)?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }

    fn life(&self, server_now: SystemTime) -> Option<Duration> {
        let end = UNIX_EPOCH.checked_add(Duration::from_secs(self.exp?))?;
        end.duration_since(server_now).ok()
    }
}

/// How old a token already is when it comes: some servers give the same one again. An age that makes no sense counts
/// as none.
fn age(life: Duration, issued_at: Option<&str>, server_now: SystemTime) -> Duration {
    issued_at
        .and_then(unix_seconds)
        .and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
        .and_then(|issued| server_now.duration_since(issued).ok())
        .filter(|&age| age < life)
        .unwrap_or_default()
}

/// An RFC 3339 time as seconds since 1970, fractions left out.
fn unix_seconds(text: &str) -> Option<u64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let clock = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    let zone = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), ..] => {
            let seconds = zone.get(1..3)?.parse::<i64>().ok()? * 3600
                + zone.get(4..6)?.parse::<i64>().ok()? * 60;
            if *sign == b'+' { seconds } else { -seconds }
        }
        _ => return None,
    };
    // Days since 1970 in the proleptic Gregorian calendar, counted in years that begin in March.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let days =
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    u64::try_from(days * 86_400 + clock - offset).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn read(body: &str) -> Token {
        Token::read(body.as_bytes(), Instant::now(), at(NOW)).unwrap()
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn life(token: &Token) -> u64 {
        (token.renew - token.since).as_secs()
    }

    fn jwt(claims: &str) -> String {
        format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims))
    }

    fn ask<'a>(realm: &'a Url, scopes: &'a [Scope], credential: &'a Credential) -> Ask<'a> {
        Ask { realm, service: Some("quay.io"), scopes, credential: Some(credential) }
    }

    #[test]
    fn a_password_goes_by_get_and_strange_user_names_survive() {
        let realm = "https://t/auth?x=1".parse().unwrap();
        let scopes = Scope::parse_list("repository:a/b:pull,push repository:c:pull");
        let credential = Credential::Basic {
            username: "12345678|robot+x".to_owned(),
            password: Secret::new("pw".to_owned()),
        };
        let Form::Get(url, header) = ask(&realm, &scopes, &credential).first() else { panic!() };
        assert_eq!(
            url.as_str(),
            "https://t/auth?x=1&service=quay.io&scope=repository%3Aa%2Fb%3Apull%2Cpush\
             &scope=repository%3Ac%3Apull&account=12345678%7Crobot%2Bx"
        );
        assert_eq!(header.unwrap(), format!("Basic {}", STANDARD.encode("12345678|robot+x:pw")));
    }

    #[test]
    fn other_logins_go_by_post() {
        let realm = "https://t/auth".parse().unwrap();
        let scopes = Scope::parse_list("repository:a:pull repository:c:pull");
        let token = Credential::IdentityToken(Secret::new("refresh".to_owned()));
        let Form::Post(_, form) = ask(&realm, &scopes, &token).first() else { panic!() };
        assert!(form.contains(&("grant_type", "refresh_token".to_owned())));
        assert!(form.contains(&("refresh_token", "refresh".to_owned())));
        assert!(form.contains(&("scope", "repository:a:pull repository:c:pull".to_owned())));
        assert!(ask(&realm, &scopes, &token).second().is_none());

        let password =
            Credential::Basic { username: "u".to_owned(), password: Secret::new("pw".to_owned()) };
        let Some(Form::Post(_, form)) = ask(&realm, &[], &password).second() else { panic!() };
        assert!(form.contains(&("grant_type", "password".to_owned())));
        assert!(form.iter().all(|(key, _)| *key != "scope"));
    }

    #[test]
    fn both_names_of_the_token_are_known() {
        assert_eq!(read(r#"{"token":"a"}"#).header, "Bearer a");
        assert_eq!(read(r#"{"access_token":"b","token":""}"#).header, "Bearer b");
        let error = |body: &[u8]| Token::read(body, Instant::now(), at(NOW)).unwrap_err();
        assert!(matches!(error(b"{}"), TokenError::Missing));
        assert!(matches!(error(b"<html>"), TokenError::Json(_)));
        assert!(matches!(error(br#"{"token":"a\nb"}"#), TokenError::Characters));
    }

    #[test]
    fn a_token_is_renewed_before_its_end() {
        assert_eq!(life(&read(r#"{"token":"a"}"#)), 45);
        assert_eq!(life(&read(r#"{"token":"a","expires_in":300}"#)), 270);
        assert_eq!(life(&read(r#"{"token":"a","expires_in":-5}"#)), 45);
        assert_eq!(life(&read(r#"{"token":"a","expires_in":1e300}"#)), 45);
        let jwt = jwt(&format!(r#"{{"exp":{}}}"#, NOW + 200));
        assert_eq!(life(&read(&format!(r#"{{"token":"{jwt}"}}"#))), 170);
    }

    #[test]
    fn a_token_that_comes_old_counts_its_age_on_the_servers_clock() {
        let body = |issued| format!(r#"{{"token":"a","expires_in":300,"issued_at":"{issued}"}}"#);
        assert_eq!(life(&read(&body("2023-11-14T22:11:40Z"))), 170);
        assert_eq!(life(&read(&body("2023-11-14T23:11:40.123+01:00"))), 170);
        assert_eq!(life(&read(&body("2023-11-14T22:13:21Z"))), 270, "from the future");
        assert_eq!(life(&read(&body("2020-01-01T00:00:00Z"))), 270, "older than its life");
        assert_eq!(life(&read(&body("yesterday"))), 270);
    }

    #[test]
    fn times_are_read() {
        assert_eq!(unix_seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(unix_seconds("2000-02-29T12:00:00Z"), Some(951_825_600));
        assert_eq!(unix_seconds("2023-11-14T22:13:20.5-00:30"), Some(NOW + 1800));
        assert_eq!(unix_seconds("1969-12-31T23:59:59Z"), None);
        assert_eq!(unix_seconds("2023-11-14"), None);
    }

    #[test]
    fn a_token_tells_that_it_allows_nothing() {
        let scope = &Scope::parse_list("repository:a/b:pull")[0];
        let denies =
            |claims: &str| read(&format!(r#"{{"token":"{}"}}"#, jwt(claims))).denies(scope);
        assert!(denies(r#"{"access":[]}"#));
        assert!(denies(r#"{"access":[{"type":"repository","name":"a/b","actions":[]}]}"#));
        assert!(!denies(r#"{"access":[{"type":"repository","name":"a/b","actions":["pull"]}]}"#));
        assert!(!denies("{}"));
        assert!(!read(r#"{"token":"opaque"}"#).denies(scope));
    }

    #[test]
    fn a_token_does_not_print() {
        let shown = format!("{:?}", read(r#"{"token":"geheim"}"#));
        assert!(!shown.contains("geheim"), "{shown}");
    }
}
