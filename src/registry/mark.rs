//! The mark of a list: the entity tag that the registry gave (RFC 9110, section 8.8.3), and of what.

use http::HeaderValue;

use crate::http::Url;
use crate::model::Digest;
use crate::store::Mark;

/// How much of a digest tells lists apart.
const LIST: usize = 16;

/// The mark of the list at `url`, which had `etag`.
pub(super) fn of(url: &Url, etag: &HeaderValue) -> Option<Mark> {
    let etag = etag.to_str().ok().filter(|etag| is_entity_tag(etag))?;
    format!("{} {etag}", list(url)).parse().ok()
}

/// The entity tag in `mark`, if it is one of the list at `url`: another registry may call another list the same.
pub(super) fn entity_tag(url: &Url, mark: &Mark) -> Option<HeaderValue> {
    let (of, etag) = mark.as_str().split_once(' ')?;
    let is_ours = of == list(url) && is_entity_tag(etag);
    HeaderValue::from_str(etag).ok().filter(|_| is_ours)
}

fn list(url: &Url) -> String {
    Digest::of(url.as_str().as_bytes()).hex().chars().take(LIST).collect()
}

/// Whether this is in quotes, perhaps with `W/` in front, without quotes or spaces within.
fn is_entity_tag(text: &str) -> bool {
    let text = text.strip_prefix("W/").unwrap_or(text);
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.is_some_and(|inner| inner.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_of_one_list() {
        let one: Url = "https://q.io/v2/a/tags/list?n=1000".parse().unwrap();
        let other: Url = "https://q.io/v2/b/tags/list?n=1000".parse().unwrap();
        for etag in [r#""abc""#, r#"W/"1-x""#, r#""""#] {
            let etag = HeaderValue::from_static(etag);
            let mark = of(&one, &etag).unwrap();
            assert_eq!(entity_tag(&one, &mark), Some(etag));
            assert_eq!(entity_tag(&other, &mark), None);
        }
        for bad in ["abc", r#""a b""#, r#""a"b""#, r#"w/"a""#, "\"", r#""ü""#, ""] {
            assert_eq!(of(&one, &HeaderValue::from_str(bad).unwrap()), None, "{bad}");
        }
        let long = format!("\"{}\"", "x".repeat(600));
        assert_eq!(of(&one, &HeaderValue::from_str(&long).unwrap()), None);
        for bad in ["x", "\"abc\"", "0123456789abcdef abc"] {
            assert_eq!(entity_tag(&one, &bad.parse().unwrap()), None, "{bad}");
        }
    }
}
