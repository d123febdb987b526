//! When a rule runs: an interval, or an expression of cron in a time zone.
//!
//! Clocks that are put forward skip times, and clocks that are put back repeat them. An expression that names certain
//! hours means each of its times once: one that is skipped comes when the clock goes on, right after the gap, and one
//! that is repeated comes the first time. An expression of every hour means what the clock shows: what is skipped does
//! not come, and what is repeated comes twice, so that the time between two runs stays what it is.

use std::fmt;
use std::str::FromStr;

use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::age::length;
use super::cron::Cron;
use super::zone::{Zone, ZoneError};
use crate::model::one_line;

/// The least time between two runs.
const SHORTEST: SignedDuration = SignedDuration::from_secs(10);
/// The longest.
const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

/// When to run: `15m`, `0 3 * * mon-fri`, `@daily`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    text: String,
    rhythm: Rhythm,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rhythm {
    Every(SignedDuration),
    At(Cron, Zone),
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Neither an interval nor an expression.
    #[error(
        "'{0}' is no schedule: expected an interval like 15m, or five fields of cron like '0 3 * * mon-fri'"
    )]
    Form(String),
    /// An interval that is too short.
    #[error("registries are not asked more often than every {} s", SHORTEST.as_secs())]
    Short,
    /// Too many fields, or too few.
    #[error(
        "'{0}' has {1} fields where 5 belong: minute, hour, day of the month, month, day of the week"
    )]
    Fields(String, usize),
    /// A field that is wrong.
    #[error("the {field} '{item}' {why}")]
    Field {
        /// Which one.
        field: &'static str,
        /// What stands there.
        item: String,
        /// What is wrong with it, and what is right.
        why: String,
    },
    /// A word for an expression that there is not.
    #[error(
        "'{0}' is not known: expected @hourly, @daily, @weekly, @monthly, @yearly or @every 15m"
    )]
    Word(String),
    /// No time at all.
    #[error("'{0}' never comes: no such month has such a day")]
    Never(String),
    /// The time zone in front of an expression.
    #[error(transparent)]
    Zone(#[from] ZoneError),
}

impl Schedule {
    /// Reads an interval, or an expression whose times are those of `zone`. A zone in front of the expression goes
    /// first, as in `CRON_TZ=Europe/Berlin 0 3 * * *`.
    ///
    /// # Errors
    /// When the text is neither, or when it is an interval of less than 10 s or an expression that never comes.
    pub fn new(text: &str, zone: &Zone) -> Result<Self, ScheduleError> {
        let text = text.trim();
        let interval = text.strip_prefix("@every ").unwrap_or(text);
        let rhythm = match length(interval) {
            Some(time) if time < SHORTEST => return Err(ScheduleError::Short),
            // What is longer can overflow sums of times.
            Some(time) => Rhythm::Every(time.min(YEAR)),
            None => expression(text, zone)?,
        };
        Ok(Self { text: text.to_owned(), rhythm })
    }

    /// Whether it is a time between runs, whatever the clock shows.
    #[must_use]
    pub fn is_interval(&self) -> bool {
        matches!(self.rhythm, Rhythm::Every(_))
    }

    /// The first time after `after`; the last that there is at the end of the calendar.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Timestamp {
        let next = match &self.rhythm {
            Rhythm::Every(time) => after.checked_add(*time).ok(),
            Rhythm::At(cron, zone) if cron.is_of_every_hour() => by_clock(cron, zone.get(), after),
            Rhythm::At(cron, zone) => once(cron, zone.get(), after),
        };
        next.unwrap_or(Timestamp::MAX)
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    /// As [`Schedule::new`], in UTC.
    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        Self::new(text, &Zone::default())
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

fn expression(text: &str, zone: &Zone) -> Result<Rhythm, ScheduleError> {
    let named = ["CRON_TZ=", "TZ="].iter().find_map(|mark| text.strip_prefix(mark));
    if let Some((zone, text)) = named.and_then(|rest| rest.split_once(char::is_whitespace)) {
        return Ok(Rhythm::At(Cron::parse(text.trim())?, zone.parse()?));
    }
    if !text.starts_with('@') && text.split_whitespace().count() < 2 {
        return Err(ScheduleError::Form(one_line(text, 80)));
    }
    Ok(Rhythm::At(Cron::parse(text)?, zone.clone()))
}

/// The first time after `after` at which the clock shows what is meant. Between two changes of the clock it goes on as
/// time does.
fn by_clock(cron: &Cron, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let mut from = moment_after(after)?;
    loop {
        let offset = zone.to_offset(from);
        let due = offset.to_timestamp(cron.at_or_after(offset.to_datetime(from))?).ok()?;
        match zone.following(from).next() {
            Some(change) if change.timestamp() <= due => from = change.timestamp(),
            _ => return Some(due),
        }
    }
}

/// The first time after `after` at which the clock comes to or past what is meant, and was not there before.
fn once(cron: &Cron, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let from = moment_after(after)?;
    let shown = zone.to_datetime(from);
    // Where the clock was when it was put back.
    let change = zone.preceding(from).next();
    let before = change.and_then(|change| change.timestamp().checked_sub(MOMENT).ok());
    let reached = before.and_then(|before| zone.to_datetime(before).checked_add(MOMENT).ok());
    let due = cron.at_or_after(reached.map_or(shown, |reached| reached.max(shown)))?;
    match zone.to_ambiguous_timestamp(due).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(due).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(due).ok(),
        AmbiguousOffset::Gap { after, .. } => {
            let before = after.to_timestamp(due).ok()?;
            zone.following(before).next().map(|change| change.timestamp())
        }
    }
}

const MOMENT: SignedDuration = SignedDuration::from_nanos(1);

fn moment_after(time: Timestamp) -> Option<Timestamp> {
    time.checked_add(MOMENT).ok()
}

/// A part of `max`, so that those who run at one time do not ask at one time. `random` is from 0 to 1.
#[must_use]
pub fn jitter(max: SignedDuration, random: f64) -> SignedDuration {
    let part = if random.is_nan() { 0.0 } else { random.clamp(0.0, 1.0) };
    max.clamp(SignedDuration::ZERO, YEAR).mul_f64(part)
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
