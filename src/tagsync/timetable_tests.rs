use super::*;
use crate::tagsync::RuleFile;

fn rules(list: &[&str]) -> Vec<Rule> {
    let items = list.iter().enumerate();
    let items: Vec<String> = items.map(|(n, rule)| format!("- {{name: r{n}, {rule}}}")).collect();
    RuleFile::of(&items.join("\n")).rules
}

fn time(text: &str) -> Timestamp {
    format!("2026-11-25T{text}Z").parse().unwrap()
}

fn table(rules: &[Rule]) -> Timetable<'_> {
    let all = (0..rules.len()).collect();
    Timetable::new(rules, &all, "15m".parse().unwrap(), &BTreeMap::new(), time("12:00:00"))
}

/// The rules that are due, lane by lane.
fn due(table: &mut Timetable<'_>, now: &str, busy: &[usize]) -> Vec<Vec<usize>> {
    let busy = busy.iter().copied().collect();
    let due = table.due(time(now), &busy);
    due.into_iter().map(|due| due.rules.into_iter().collect()).collect()
}

/// Lets the rules that are due run, which takes until `end`; gives them.
fn run(table: &mut Timetable<'_>, now: &str) -> Vec<Vec<usize>> {
    let due = table.due(time(now), &BTreeSet::new());
    due.iter().for_each(|due| table.begun(due, time(now), 0.0));
    due.into_iter().map(|due| due.rules.into_iter().collect()).collect()
}

#[test]
fn rules_that_may_write_to_the_same_place_are_in_one_lane() {
    for (targets, expected) in [
        (&["r.io/a", "r.io/b"][..], &[0, 1][..]),
        (&["r.io/a", "r.io/a"], &[0, 0]),
        (&["r.io/a", "[r.io/b, r.io/a]", "r.io/b"], &[0, 0, 0]),
        (&["r.io/a", "r.io/b", "[r.io/a, r.io/b]", "r.io/c"], &[0, 0, 0, 3]),
        // A place below which repositories are, and one of them.
        (&["r.io/x/a", "r.io/x/"], &[0, 0]),
        (&["r.io/x/", "r.io/x/deep/a"], &[0, 0]),
        (&["r.io/xy/a", "r.io/x/"], &[0, 1]),
        (&["r.io/a", "r.io/"], &[0, 0]),
        (&["s.io/a", "r.io/"], &[0, 1]),
        // Two such places.
        (&["r.io/x/", "r.io/x/y/"], &[0, 0]),
        (&["r.io/x/", "r.io/xy/"], &[0, 1]),
        (&["r.io/x/", "r.io/y/", "r.io/"], &[0, 0, 0]),
        // Layouts.
        (&["'oci:a'", "'oci:b'", "'oci:a'"], &[0, 1, 0]),
    ] {
        let list: Vec<String> = targets
            .iter()
            .map(|to| {
                let source = if to.ends_with('/') { "q.io/org/" } else { "q.io/org/app" };
                format!("source: {source}, to: {to}")
            })
            .collect();
        let list: Vec<&str> = list.iter().map(String::as_str).collect();
        // A lane is called as the first rule in it.
        let found = lanes(&rules(&list));
        let first = |lane: &usize| found.iter().position(|other| other == lane).unwrap();
        let found: Vec<usize> = found.iter().map(first).collect();
        assert_eq!(found, expected, "{targets:?}");
    }
}

#[test]
fn intervals_begin_at_once_and_times_of_day_are_waited_for() {
    let rules = rules(&[
        "source: q.io/a, to: r.io/a",
        "source: q.io/a, to: r.io/b, schedule: 1h",
        "source: q.io/a, to: r.io/c, schedule: '30 12 * * *'",
    ]);
    let mut table = table(&rules);
    assert_eq!(run(&mut table, "12:00:00"), [[0], [1]]);
    assert_eq!(table.next(0), time("12:15:00"));
    assert_eq!(due(&mut table, "12:14:59", &[]), [[0; 0]; 0]);
    assert_eq!(run(&mut table, "12:15:00"), [[0]]);
    assert_eq!(run(&mut table, "12:30:00"), [[0], [2]]);
    assert_eq!(table.next(2), "2026-11-26T12:30:00Z".parse().unwrap());
    assert_eq!(run(&mut table, "13:00:10"), [[0], [1]]);
    // An interval begins when a run begins, however late that was.
    assert_eq!(table.next(1), time("14:00:10"));
}

#[test]
fn rules_that_are_not_wanted_never_run() {
    let rules = rules(&["source: q.io/a, to: r.io/a", "source: q.io/b, to: r.io/b"]);
    let schedule: Schedule = "15m".parse().unwrap();
    let mut table =
        Timetable::new(&rules, &[1].into(), schedule, &BTreeMap::new(), time("12:00:00"));
    assert_eq!(run(&mut table, "12:00:00"), [[1]]);
    assert_eq!(table.next(0), Timestamp::MAX);
    assert_eq!(run(&mut table, "23:00:00"), [[1]]);
}

#[test]
fn a_run_is_put_off_by_a_tenth_of_the_time_and_a_minute_at_most() {
    let rules = rules(&[
        "source: q.io/a, to: r.io/a, schedule: 5m",
        "source: q.io/a, to: r.io/b, schedule: 10h",
    ]);
    let mut table = table(&rules);
    for due in table.due(time("12:00:00"), &BTreeSet::new()) {
        table.begun(&due, time("12:00:00"), 1.0);
    }
    assert_eq!((table.next(0), table.next(1)), (time("12:05:30"), time("22:01:00")));
}

#[test]
fn a_rule_waits_until_its_window_opens() {
    let rules = rules(&[
        "source: q.io/a, to: r.io/a, window: [{from: '14:00', to: '15:00'}]",
        "source: q.io/a, to: r.io/b, schedule: '0 13 * * *', window: [{from: '22:00', to: '06:00'}]",
    ]);
    let mut table = table(&rules);
    assert_eq!(due(&mut table, "12:00:00", &[]), [[0; 0]; 0]);
    assert_eq!((table.next(0), table.next(1)), (time("14:00:00"), time("13:00:00")));
    assert_eq!(due(&mut table, "13:00:00", &[]), [[0; 0]; 0]);
    assert_eq!(table.next(1), time("22:00:00"));
    let open = table.due(time("14:00:00"), &BTreeSet::new()).remove(0);
    assert_eq!((open.rules.clone(), open.until), ([0].into(), time("15:00:00")));
    table.begun(&open, time("14:00:00"), 0.0);
    assert_eq!(run(&mut table, "14:59:59"), [[0]]);
    assert_eq!(due(&mut table, "15:15:00", &[]), [[0; 0]; 0]);
    assert_eq!(table.next(0), "2026-11-26T14:00:00Z".parse().unwrap());
    assert_eq!(run(&mut table, "22:00:00"), [[1]]);
}

#[test]
fn what_a_window_has_cut_off_goes_on_when_one_opens() {
    let rules = rules(&[
        "source: q.io/a, to: r.io/a, schedule: 6h, window: [{from: '12:00', to: '13:00'}, {from: '16:00', to: '17:00'}]",
    ]);
    let mut table = table(&rules);
    let open = table.due(time("12:30:00"), &BTreeSet::new()).remove(0);
    table.begun(&open, time("12:30:00"), 0.0);
    assert_eq!(table.next(0), time("18:30:00"));
    table.put_off(&open);
    assert_eq!(table.next(0), time("13:00:00"));
    assert_eq!(due(&mut table, "13:00:00", &[]), [[0; 0]; 0]);
    assert_eq!(table.next(0), time("16:00:00"));
    assert_eq!(due(&mut table, "16:00:00", &[]), [[0]]);
}

#[test]
fn rules_of_one_lane_run_together_and_those_of_other_limits_take_turns() {
    let fast = "window: [{from: '00:00', to: '24:00', limit-rate: 1M}]";
    let rules = rules(&[
        "source: q.io/a, to: r.io/a, schedule: 10s",
        &format!("source: q.io/b, to: r.io/a, schedule: 10s, {fast}"),
        "source: q.io/c, to: r.io/a, schedule: 10s",
        "source: q.io/d, to: r.io/d, schedule: 10s",
    ]);
    let mut table = table(&rules);
    let first = table.due(time("12:00:00"), &BTreeSet::new());
    let rules_of = |due: &[Due]| -> Vec<(BTreeSet<usize>, Option<Rate>)> {
        due.iter().map(|due| (due.rules.clone(), due.limit)).collect()
    };
    assert_eq!(rules_of(&first), [([0, 2].into(), None), ([3].into(), None)]);
    first.iter().for_each(|due| table.begun(due, time("12:00:00"), 0.0));
    let busy: BTreeSet<usize> = first.iter().map(|due| due.lane).collect();
    assert_eq!(table.due(time("12:00:30"), &busy), []);
    // That run has taken long, so that all are late: whoever has not run yet comes first.
    let second = table.due(time("12:00:30"), &BTreeSet::new());
    let limit = Some("1M".parse().unwrap());
    assert_eq!(rules_of(&second)[0], ([1].into(), limit));
    second.iter().for_each(|due| table.begun(due, time("12:00:30"), 0.0));
    let third = table.due(time("12:01:00"), &BTreeSet::new());
    assert_eq!(rules_of(&third)[0], ([0, 2].into(), None));
}

#[test]
fn rules_of_another_window_take_their_turn() {
    let rules = rules(&[
        "source: q.io/a, to: r.io/a, window: [{from: '11:00', to: '15:00'}]",
        "source: q.io/b, to: r.io/a, window: [{from: '11:00', to: '13:00'}]",
        "source: q.io/c, to: r.io/a",
    ]);
    let due = table(&rules).due(time("12:00:00"), &BTreeSet::new());
    assert_eq!((due.len(), due[0].rules.len(), due[0].until), (1, 1, time("15:00:00")));
}

#[test]
fn a_watch_wakes_for_what_is_free_to_run() {
    let rules = rules(&[
        "source: q.io/a, to: r.io/a, schedule: 5m",
        "source: q.io/a, to: r.io/b, schedule: 10m",
    ]);
    let mut table = table(&rules);
    run(&mut table, "12:00:00");
    for (busy, wake) in [
        (&[][..], time("12:05:00")),
        (&[0], time("12:10:00")),
        (&[1], time("12:05:00")),
        (&[0, 1], Timestamp::MAX),
    ] {
        assert_eq!(table.wake(&busy.iter().copied().collect()), wake, "{busy:?}");
    }
    // A lane that is busy does not run again, however late it is.
    assert_eq!(due(&mut table, "13:00:00", &[0]), [[1]]);
}
