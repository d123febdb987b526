//! Expressions of cron: five fields, and the minutes that they mean on a calendar without time zones.

use jiff::civil::{Date, DateTime, Time};

use super::schedule::ScheduleError;
use crate::model::one_line;

/// The minutes that an expression means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    minutes: Set,
    hours: Set,
    days: Set,
    months: Set,
    /// 0 is Sunday.
    weekdays: Set,
    together: Together,
}

/// How days of the month and of the week go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Together {
    /// Both fit: one of the fields begins with `*`.
    Both,
    /// One fits: both fields name days.
    Either,
}

/// Numbers below 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Set(u64);

impl Set {
    fn has(self, number: u8) -> bool {
        self.0 >> number & 1 == 1
    }

    /// The least number that is not below `least`.
    fn from(self, least: u8) -> Option<u8> {
        let rest = self.0.checked_shr(u32::from(least)).unwrap_or(0);
        u8::try_from(rest.trailing_zeros()).ok().filter(|_| rest != 0).map(|skip| least + skip)
    }

    fn add(&mut self, number: u8) {
        self.0 |= 1 << number;
    }
}

/// What a field may say.
struct Field {
    name: &'static str,
    first: u8,
    /// The last number that `*` means.
    last: u8,
    /// The last number that may be written.
    greatest: u8,
    /// Words for the numbers from `first` on.
    words: &'static [&'static str],
}

const fn numbers(name: &'static str, first: u8, last: u8) -> Field {
    Field { name, first, last, greatest: last, words: &[] }
}

const MINUTE: Field = numbers("minute", 0, 59);
const HOUR: Field = numbers("hour", 0, 23);
const DAY: Field = numbers("day of the month", 1, 31);
const MONTH: Field = Field {
    words: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    ..numbers("month", 1, 12)
};
const WEEKDAY: Field = Field {
    greatest: 7,
    words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    ..numbers("day of the week", 0, 6)
};

/// The most days that a month has.
const DAYS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Words for whole expressions.
const WORDS: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

impl Cron {
    /// Reads five fields, or a word such as `@daily`.
    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        if text.starts_with('@') {
            let known = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
            let (_, meant) = known.ok_or_else(|| ScheduleError::Word(one_line(text, 40)))?;
            return Self::parse(meant);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return Err(ScheduleError::Fields(one_line(text, 80), fields.len()));
        };
        let is_any = [days, weekdays].iter().any(|field| field.starts_with(['*', '?']));
        let mut cron = Self {
            minutes: MINUTE.read(minutes)?,
            hours: HOUR.read(hours)?,
            days: DAY.read(days)?,
            months: MONTH.read(months)?,
            weekdays: WEEKDAY.read(weekdays)?,
            together: if is_any { Together::Both } else { Together::Either },
        };
        if cron.weekdays.has(7) {
            cron.weekdays.add(0);
        }
        if cron.comes() { Ok(cron) } else { Err(ScheduleError::Never(one_line(text, 80))) }
    }

    /// Whether there is such a day. Every day of a month falls on every day of the week at some time.
    fn comes(&self) -> bool {
        let least = self.days.from(1).unwrap_or(u8::MAX);
        let has_day = |month: u8| least <= DAYS[usize::from(month - 1)];
        self.together == Together::Either
            || (1..=12).any(|month| self.months.has(month) && has_day(month))
    }

    /// Whether it means minutes of every hour.
    pub(super) fn is_of_every_hour(&self) -> bool {
        (0..24).all(|hour| self.hours.has(hour))
    }

    /// The first minute that is not before `from`; `None` at the end of the calendar.
    pub(super) fn at_or_after(&self, from: DateTime) -> Option<DateTime> {
        let minute = from.date().at(from.hour(), from.minute(), 0, 0);
        let from = match minute < from {
            true => minute.checked_add(jiff::Span::new().minutes(1)).ok()?,
            false => minute,
        };
        let mut date = from.date();
        if let Some(time) = self.time_from(from.time()).filter(|_| self.has_day(date)) {
            return Some(date.to_datetime(time));
        }
        date = date.tomorrow().ok()?;
        while !self.has_day(date) {
            let has_month = self.months.has(unsigned(date.month()));
            date = if has_month { date } else { date.last_of_month() }.tomorrow().ok()?;
        }
        self.time_from(Time::midnight()).map(|time| date.to_datetime(time))
    }

    fn has_day(&self, date: Date) -> bool {
        let weekday = unsigned(date.weekday().to_sunday_zero_offset());
        let fits = (self.days.has(unsigned(date.day())), self.weekdays.has(weekday));
        self.months.has(unsigned(date.month()))
            && match self.together {
                Together::Both => fits == (true, true),
                Together::Either => fits != (false, false),
            }
    }

    /// The first time of a day that is not before `from`, which is a whole minute.
    fn time_from(&self, from: Time) -> Option<Time> {
        let (hour, minute) = (unsigned(from.hour()), unsigned(from.minute()));
        let within = self.minutes.from(minute).filter(|_| self.hours.has(hour));
        let (hour, minute) = match within {
            Some(minute) => (hour, minute),
            None => (self.hours.from(hour + 1)?, self.minutes.from(0)?),
        };
        Time::new(signed(hour), signed(minute), 0, 0).ok()
    }
}

/// Numbers of a calendar are neither negative nor large.
fn unsigned(number: i8) -> u8 {
    number.unsigned_abs()
}

fn signed(number: u8) -> i8 {
    i8::try_from(number).unwrap_or(i8::MAX)
}

impl Field {
    /// Reads a list: `*`, `*/5`, `1,3`, `8-18/2`, `mon-fri`.
    fn read(&self, text: &str) -> Result<Set, ScheduleError> {
        let mut set = Set::default();
        for item in text.split(',') {
            let (range, step) = match item.split_once('/') {
                Some((range, step)) => (range, Some(self.step(item, step)?)),
                None => (item, None),
            };
            let (first, last) = self.range(item, range, step.is_some())?;
            (first..=last).step_by(step.unwrap_or(1)).for_each(|number| set.add(number));
        }
        Ok(set)
    }

    /// The first and the last number of a range. With a step, a single number is where it begins.
    fn range(&self, item: &str, range: &str, steps: bool) -> Result<(u8, u8), ScheduleError> {
        if matches!(range, "*" | "?") {
            return Ok((self.first, self.last));
        }
        let Some((first, last)) = range.split_once('-') else {
            let number = self.number(item, range)?;
            return Ok((number, if steps { self.last.max(number) } else { number }));
        };
        let (first, last) = (self.number(item, first)?, self.number(item, last)?);
        // Sunday ends a week as well as it begins one.
        let last = if last == 0 && first > 0 && self.greatest > self.last { 7 } else { last };
        if first > last {
            let (greatest, least) = (self.last, self.first);
            let why = format!("is backwards: write {first}-{greatest},{least}-{last}");
            return Err(self.error(item, &why));
        }
        Ok((first, last))
    }

    fn number(&self, item: &str, text: &str) -> Result<u8, ScheduleError> {
        let word = self.words.iter().zip(self.first..).find(|(w, _)| w.eq_ignore_ascii_case(text));
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = word.map(|(_, number)| number).or_else(|| text.parse().ok());
        let is_known = |number: &u8| (self.first..=self.greatest).contains(number);
        number.filter(|number| (is_number || word.is_some()) && is_known(number)).ok_or_else(|| {
            let words = match self.words {
                [first, .., last] => format!(" or {first}-{last}"),
                _ => String::new(),
            };
            let (first, last) = (self.first, self.greatest);
            self.error(
                item,
                &format!("is none: expected *, or {first}-{last}{words}, with , - and /"),
            )
        })
    }

    /// A step of more than there is would be one of another length than what is written.
    fn step(&self, item: &str, text: &str) -> Result<usize, ScheduleError> {
        let most = usize::from(self.last - self.first + 1);
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|step| is_number && (1..=most).contains(step)).ok_or_else(|| {
            self.error(
                item,
                &format!("has no step from 1 to {most}: other intervals are written as 90m or 36h"),
            )
        })
    }

    fn error(&self, item: &str, why: &str) -> ScheduleError {
        let (field, item) = (self.name, one_line(item, 40));
        ScheduleError::Field { field, item, why: why.to_owned() }
    }
}

#[cfg(test)]
#[path = "cron_tests.rs"]
mod tests;
