//! In which times of day a rule runs.
//!
//! A window is open while the clock of its zone shows a time in it. Where clocks are changed it can be open for an hour
//! more or less than on other days: never at a time that it does not name.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::civil::{DateTime, Weekday};

use super::zone::Zone;
use crate::model::one_line;

const DAY: u16 = 24 * 60;

/// Within this time all that can come has come.
const HORIZON: SignedDuration = SignedDuration::from_hours(15 * 24);

/// A time of day in whole minutes: `06:00`, and `24:00` for the end of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

/// Some days of the week; all of them where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(u8);

/// Why a text or a pair of times is no part of a window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// No time of day.
    #[error("'{0}' is no time of day: expected one from 00:00 to 24:00")]
    Time(String),
    /// No day of the week.
    #[error("'{0}' is no day of the week: expected one like mon, or some like mon-fri")]
    Day(String),
    /// A window that is never open, or always.
    #[error("a window from {0} to {0} has no length: a whole day is from 00:00 to 24:00")]
    Empty(TimeOfDay),
    /// It begins when the day is over.
    #[error("a window cannot begin at 24:00: expected 00:00")]
    Beginning,
    /// No days.
    #[error("a window without days is never open: name some, or leave them out for all days")]
    NoDays,
}

impl FromStr for TimeOfDay {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let number = |text: &str| {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|_| is_number)
        };
        let read = || {
            let (hour, minute) = text.split_once(':')?;
            let is_whole = (1..=2).contains(&hour.len()) && minute.len() == 2;
            let (hour, minute) = (number(hour)?, number(minute)?);
            let time = Self(hour.checked_mul(60)?.checked_add(minute)?);
            (is_whole && minute < 60 && time <= Self(DAY)).then_some(time)
        };
        read().ok_or_else(|| WindowError::Time(one_line(text, 40)))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Days {
    /// All days.
    pub const ALL: Self = Self(0b111_1111);

    fn has(self, day: Weekday) -> bool {
        self.0 >> day.to_monday_zero_offset() & 1 == 1
    }
}

impl Default for Days {
    fn default() -> Self {
        Self::ALL
    }
}

/// The days of all of them.
impl FromIterator<Days> for Days {
    fn from_iter<I: IntoIterator<Item = Days>>(days: I) -> Self {
        Self(days.into_iter().fold(0, |all, days| all | days.0))
    }
}

impl FromStr for Days {
    type Err = WindowError;

    /// Reads a day, `mon` or `monday`, or days that follow each other, `mon-fri` or `sat-mon`.
    fn from_str(text: &str) -> Result<Self, WindowError> {
        let error = || WindowError::Day(one_line(text, 40));
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (day(first).ok_or_else(error)?, day(last).ok_or_else(error)?);
        let length = (last + 7 - first) % 7;
        Ok((0..=length).map(|skip| Self(1 << ((first + skip) % 7))).collect())
    }
}

/// The number of a day; Monday is 0.
fn day(text: &str) -> Option<usize> {
    const NAMES: [&str; 7] =
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let text = text.trim().to_ascii_lowercase();
    NAMES.iter().position(|name| text == *name || text == name[..3])
}

/// A part of the days on which it begins. One whose end is not after its beginning goes on over midnight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window<R> {
    from: TimeOfDay,
    to: TimeOfDay,
    days: Days,
    limit: Option<R>,
}

impl<R> Window<R> {
    /// A window that is open from `from`, which is in it, to `to`, which is not, with a `limit` of its own. `days` are
    /// those on which it begins.
    ///
    /// # Errors
    /// When it is never open, or when it is not clear whether it is.
    pub fn new(
        from: TimeOfDay,
        to: TimeOfDay,
        days: Days,
        limit: Option<R>,
    ) -> Result<Self, WindowError> {
        if from == TimeOfDay(DAY) {
            return Err(WindowError::Beginning);
        }
        if from == to {
            return Err(WindowError::Empty(from));
        }
        if days == Days(0) { Err(WindowError::NoDays) } else { Ok(Self { from, to, days, limit }) }
    }

    /// Whether the clock shows a time in it.
    fn is_open(&self, shown: DateTime) -> bool {
        let time = TimeOfDay(minutes(shown));
        let (today, yesterday) = (shown.weekday(), shown.weekday().previous());
        if self.from < self.to {
            return self.days.has(today) && (self.from..self.to).contains(&time);
        }
        self.days.has(today) && time >= self.from || self.days.has(yesterday) && time < self.to
    }
}

fn minutes(shown: DateTime) -> u16 {
    u16::from(shown.hour().unsigned_abs()) * 60 + u16::from(shown.minute().unsigned_abs())
}

/// All windows of a rule; without one it is always open. Of several that are open at a time the first one counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows<R> {
    windows: Vec<Window<R>>,
    zone: Zone,
}

/// Whether a rule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State<R> {
    /// It runs.
    Open {
        /// The limit of the window.
        limit: Option<R>,
        /// When that ends, or another window counts; the end of time when never.
        until: Timestamp,
    },
    /// It does not run.
    Closed {
        /// When it will.
        until: Timestamp,
    },
}

/// Always open.
impl<R> Default for Windows<R> {
    fn default() -> Self {
        Self { windows: Vec::new(), zone: Zone::default() }
    }
}

impl<R: Clone> Windows<R> {
    /// Windows of the clock in `zone`.
    #[must_use]
    pub fn new(windows: Vec<Window<R>>, zone: Zone) -> Self {
        Self { windows, zone }
    }

    /// All limits that windows have.
    pub fn limits(&self) -> impl Iterator<Item = &R> {
        self.windows.iter().filter_map(|window| window.limit.as_ref())
    }

    /// How it is at the time `now`.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> State<R> {
        if self.windows.is_empty() {
            return State::Open { limit: None, until: Timestamp::MAX };
        }
        let open = self.open(now);
        let until = self.until(now, open);
        match open.and_then(|index| self.windows.get(index)) {
            Some(window) => State::Open { limit: window.limit.clone(), until },
            None => State::Closed { until },
        }
    }

    /// The window that counts.
    fn open(&self, time: Timestamp) -> Option<usize> {
        let shown = self.zone.get().to_datetime(time);
        self.windows.iter().position(|window| window.is_open(shown))
    }

    /// When another window counts than `open`.
    fn until(&self, now: Timestamp, open: Option<usize>) -> Timestamp {
        let end = now.saturating_add(HORIZON).unwrap_or(Timestamp::MAX);
        let mut time = now;
        while let Some(next) = self.edge(time).filter(|next| *next <= end) {
            if self.open(next) != open {
                return next;
            }
            time = next;
        }
        Timestamp::MAX
    }

    /// The first time after `time` at which the clock comes to the edge of a window or of a day, or is changed.
    fn edge(&self, time: Timestamp) -> Option<Timestamp> {
        let offset = self.zone.get().to_offset(time);
        let shown = offset.to_datetime(time);
        let midnight = shown.date().to_datetime(jiff::civil::Time::midnight());
        let edges = self.windows.iter().flat_map(|window| [window.from.0, window.to.0]);
        let next = edges.filter(|edge| *edge > minutes(shown)).min().unwrap_or(DAY);
        let length = SignedDuration::from_mins(i64::from(next));
        let next = midnight.checked_add(length).ok().and_then(|at| offset.to_timestamp(at).ok());
        let change = self.zone.get().following(time).next().map(|change| change.timestamp());
        next.into_iter().chain(change).min()
    }
}

#[cfg(test)]
#[path = "window_tests.rs"]
mod tests;
