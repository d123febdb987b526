//! What answers tell of a registry's quota. Pure.
//!
//! Docker Hub tells `ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 76;w=21600` with manifests, where `w` is the
//! window in seconds; GitLab and others `RateLimit-Remaining` and `RateLimit-Reset` (early drafts of
//! draft-ietf-httpapi-ratelimit-headers), or the same with `X-` in front. The reset is in seconds from now, or a time
//! since 1970.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;

use super::retry::{server_time, shown};

/// A shorter pause is too short for clocks that tell whole seconds.
const SHORTEST: Duration = Duration::from_millis(250);
/// The first pause where nothing is told of how long it should be.
const UNTOLD: Duration = Duration::from_secs(10);
/// A year. More is nonsense.
const LONGEST: u64 = 366 * 24 * 3600;
/// A reset beyond this is a time and no span.
const A_TIME: u64 = 1_000_000_000;

/// What is left of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How many requests may still be made.
    pub(super) left: u64,
    /// Out of how many.
    pub(super) limit: Option<u64>,
    /// In which time.
    pub(super) window: Option<Duration>,
    /// When there will be more.
    pub(super) reset: Option<Duration>,
}

impl Allowance {
    /// What `headers` tell, when they tell what is left. `now` is our clock, for servers that do not tell theirs.
    pub(super) fn read(headers: &HeaderMap, now: SystemTime) -> Option<Self> {
        let text = |name: &str| {
            let value = headers.get(format!("ratelimit-{name}"));
            value.or_else(|| headers.get(format!("x-ratelimit-{name}")))?.to_str().ok()
        };
        let remaining = text("remaining")?;
        let limit = text("limit");
        Some(Self {
            left: number(remaining)?,
            limit: limit.and_then(number),
            window: window(remaining).or_else(|| limit.and_then(window)),
            reset: text("reset")
                .and_then(number)
                .and_then(|reset| span(reset, server_time(headers).unwrap_or(now))),
        })
    }

    /// How long to ask for nothing when nothing is left, after so many pauses that were in vain: until the reset; else
    /// one request's share of the window, doubled each time, but no longer than the window.
    pub(super) fn pause(&self, in_vain: u32) -> Duration {
        let share = match (self.window, self.limit) {
            (Some(window), Some(limit)) => window.div_f64(limit.max(1) as f64),
            _ => UNTOLD,
        };
        let share = share.saturating_mul(1_u32.checked_shl(in_vain).unwrap_or(u32::MAX));
        let share = self.window.map_or(share, |window| share.min(window));
        self.reset.unwrap_or(share).max(SHORTEST)
    }
}

/// `0 of 100 left in 6 h`.
impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.left)?;
        if let Some(limit) = self.limit {
            write!(f, " of {limit}")?;
        }
        f.write_str(" left")?;
        self.window.map_or(Ok(()), |window| write!(f, " in {}", shown(window)))
    }
}

/// The number that a field begins with.
fn number(text: &str) -> Option<u64> {
    let text = text.split([';', ',']).next()?.trim();
    text.bytes().all(|b| b.is_ascii_digit()).then_some(text)?.parse().ok()
}

/// The parameter `w` of a field.
fn window(text: &str) -> Option<Duration> {
    let policy = text.split(',').next()?;
    let seconds = policy.split(';').find_map(|part| part.trim().strip_prefix("w="))?;
    number(seconds).filter(|seconds| (1..=LONGEST).contains(seconds)).map(Duration::from_secs)
}

/// How long it is until a reset.
fn span(reset: u64, now: SystemTime) -> Option<Duration> {
    let seconds = if reset < A_TIME {
        reset
    } else {
        reset.saturating_sub(now.duration_since(UNIX_EPOCH).ok()?.as_secs())
    };
    (seconds <= LONGEST).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn read(fields: &[(&'static str, &str)]) -> Option<Allowance> {
        let fields = fields.iter();
        let headers = fields.map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect();
        Allowance::read(&headers, UNIX_EPOCH + Duration::from_secs(NOW))
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn docker_hub_tells_a_window() {
        let told =
            read(&[("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "0;w=21600")])
                .unwrap();
        assert_eq!(told.to_string(), "0 of 100 left in 6 h");
        assert_eq!(told.pause(0), seconds(216));
        assert_eq!(told.pause(1), seconds(432));
        assert_eq!(told.pause(99), seconds(21600));
    }

    #[test]
    fn others_tell_a_reset() {
        let pause = |reset: &str| {
            read(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)]).unwrap().pause(3)
        };
        assert_eq!(pause("30"), seconds(30));
        assert_eq!(pause(&(NOW + 40).to_string()), seconds(40));
        assert_eq!(pause(&(NOW - 40).to_string()), SHORTEST);
        assert_eq!(pause("99999999999999"), UNTOLD * 8);
        assert_eq!(pause("soon"), UNTOLD * 8);
    }

    #[test]
    fn what_tells_nothing_is_not_heeded() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[("ratelimit-limit", "100;w=21600")]), None);
        for text in ["", "-1", "many", "1e9", "99999999999999999999999", ";w=1"] {
            assert_eq!(read(&[("ratelimit-remaining", text)]), None, "{text}");
        }
        let told = read(&[("ratelimit-remaining", "7, 9;w=60"), ("ratelimit-limit", "x;w=0")]);
        let expected = Allowance { left: 7, limit: None, window: None, reset: None };
        assert_eq!(told, Some(expected));
    }

    proptest! {
        #[test]
        fn whatever_is_told_a_pause_can_be_had(
            [remaining, limit, reset] in prop::array::uniform3("[0-9;=w, x-]{0,24}"),
            in_vain in any::<u32>(),
        ) {
            let told = read(&[
                ("ratelimit-remaining", &remaining),
                ("ratelimit-limit", &limit),
                ("ratelimit-reset", &reset),
            ]);
            if let Some(told) = told {
                prop_assert!(told.pause(in_vain) >= SHORTEST);
                prop_assert!(!told.to_string().is_empty());
            }
        }
    }
}
