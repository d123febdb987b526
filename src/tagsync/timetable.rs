//! Which rules are to run when.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Rule, Schedule, State, Target, jitter};
use crate::model::Rate;

/// The longest time by which a run is put off, so that not all come to a registry at once.
const WIDEST: SignedDuration = SignedDuration::from_secs(60);

/// When each rule of a file runs next.
#[derive(Debug)]
pub struct Timetable<'r> {
    rules: &'r [Rule],
    next: Vec<Timestamp>,
    /// The lane of each rule: rules that may touch the same target are in one lane, and never run at once.
    lanes: Vec<usize>,
    fallback: Schedule,
}

/// Rules that run now, together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Their lane.
    pub lane: usize,
    /// Their numbers.
    pub rules: BTreeSet<usize>,
    /// The limit of the window that is open.
    pub limit: Option<Rate>,
    /// When that closes, or another one counts.
    pub until: Timestamp,
}

impl<'r> Timetable<'r> {
    /// The timetable of the rules `which` of `rules`, from `now` on. Rules without a schedule have `fallback`. Those that run
    /// at intervals run at once; those that have times of day wait for these. `earlier` is when rules would have run that were
    /// known before, by their names.
    #[must_use]
    pub fn new(
        rules: &'r [Rule],
        which: &BTreeSet<usize>,
        fallback: Schedule,
        earlier: &BTreeMap<String, Timestamp>,
        now: Timestamp,
    ) -> Self {
        let first = |(number, rule): (usize, &Rule)| {
            if !which.contains(&number) {
                return Timestamp::MAX;
            }
            let schedule = rule.schedule.as_ref().unwrap_or(&fallback);
            match (earlier.get(&rule.name), schedule.is_interval()) {
                // It came while nobody could see to it.
                (Some(missed), _) if *missed <= now => now,
                (Some(next), true) => schedule.next(now).min(*next),
                (None, true) => now,
                (_, false) => schedule.next(now),
            }
        };
        let next = rules.iter().enumerate().map(first).collect();
        Self { rules, next, lanes: lanes(rules), fallback }
    }

    /// What is to run at the time `now`, in lanes that are not `busy`. A rule whose window is closed waits until it opens.
    pub fn due(&mut self, now: Timestamp, busy: &BTreeSet<usize>) -> Vec<Due> {
        let mut due: Vec<Due> = Vec::new();
        // Who has waited longest comes first, so that nobody waits for ever.
        let mut order: Vec<usize> = (0..self.rules.len()).collect();
        order.sort_by_key(|number| (self.next[*number], *number));
        for number in order {
            let rule = &self.rules[number];
            let lane = self.lanes[number];
            if self.next[number] > now || busy.contains(&lane) {
                continue;
            }
            let (limit, until) = match rule.window.at(now) {
                State::Open { limit, until } => (limit, until),
                State::Closed { until } => {
                    self.next[number] = until;
                    continue;
                }
            };
            match due.iter_mut().find(|due| due.lane == lane) {
                // One of another window takes its turn after these.
                Some(due) if due.limit != limit || due.until != until => {}
                Some(due) => drop(due.rules.insert(number)),
                None => due.push(Due { lane, rules: [number].into(), limit, until }),
            }
        }
        due
    }

    /// Takes note that rules begin to run now: they run again at the next time of their schedule, a little later as
    /// `random` (0 to 1) says.
    pub fn begun(&mut self, due: &Due, now: Timestamp, random: f64) {
        for &number in &due.rules {
            let schedule = self.rules[number].schedule.as_ref().unwrap_or(&self.fallback);
            let next = schedule.next(now);
            let gap = next.duration_since(now);
            let late = jitter((gap / 10).min(WIDEST), random);
            self.next[number] = next.saturating_add(late).unwrap_or(Timestamp::MAX);
        }
    }

    /// Takes note that rules could not do all within their window: they go on when one is open again.
    pub fn put_off(&mut self, due: &Due) {
        for &number in &due.rules {
            self.next[number] = self.next[number].min(due.until);
        }
    }

    /// When a rule runs next; the end of time when never.
    #[must_use]
    pub fn next(&self, rule: usize) -> Timestamp {
        self.next[rule]
    }

    /// The next time at which something is to run in a lane that is not `busy`.
    #[must_use]
    pub fn wake(&self, busy: &BTreeSet<usize>) -> Timestamp {
        let free = (0..self.next.len()).filter(|number| !busy.contains(&self.lanes[*number]));
        free.map(|number| self.next[number]).min().unwrap_or(Timestamp::MAX)
    }
}

/// The lane of each rule: that of the first rule which may write where it does, or where one writes that is in its lane.
fn lanes(rules: &[Rule]) -> Vec<usize> {
    let mut targets: Vec<(String, bool, usize)> = Vec::new();
    for (number, rule) in rules.iter().enumerate() {
        for target in &rule.targets {
            targets.push((format!("{target}/"), matches!(target, Target::Below(_)), number));
        }
    }
    // What is below a root follows it.
    targets.sort();
    let mut lanes: Vec<usize> = (0..rules.len()).collect();
    let mut roots: Vec<(&str, usize)> = Vec::new();
    let mut before: Option<(&str, usize)> = None;
    for (place, is_root, number) in &targets {
        while roots.pop_if(|(root, _)| !place.starts_with(*root)).is_some() {}
        let same = before.filter(|(other, _)| other == place).map(|(_, number)| number);
        for other in roots.last().map(|(_, number)| *number).into_iter().chain(same) {
            join(&mut lanes, *number, other);
        }
        if *is_root {
            roots.push((place, *number));
        }
        before = Some((place, *number));
    }
    (0..rules.len()).map(|number| first(&lanes, number)).collect()
}

/// The rule that a lane is called by.
fn first(lanes: &[usize], mut number: usize) -> usize {
    while lanes[number] != number {
        number = lanes[number];
    }
    number
}

fn join(lanes: &mut [usize], one: usize, other: usize) {
    let (one, other) = (first(lanes, one), first(lanes, other));
    lanes[one.max(other)] = one.min(other);
}

#[cfg(test)]
#[path = "timetable_tests.rs"]
mod tests;
