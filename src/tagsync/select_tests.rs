use proptest::prelude::*;

use super::*;

const NOW: &str = "2026-11-25T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn newest(count: usize, by: Order) -> Option<Newest> {
    NonZeroUsize::new(count).map(|count| Newest { count, by })
}

fn semver(range: &str) -> Option<Versions> {
    Some(range.parse().unwrap())
}

fn age(text: &str) -> Option<Age> {
    Some(text.parse().unwrap())
}

/// `TAG` or `TAG@HOURS`, where the image was made so many hours ago.
fn candidate(text: &str) -> Candidate {
    let (tag, hours) = text.split_once('@').unwrap_or((text, ""));
    let created = hours.parse().ok().map(|hours: i64| now() - SignedDuration::from_hours(hours));
    Candidate { tag: tag.parse().unwrap(), created }
}

fn choose(select: &Select, candidates: &[&str]) -> Vec<String> {
    let candidates: Vec<Candidate> = candidates.iter().map(|text| candidate(text)).collect();
    let verdicts = select.choose(&candidates, now());
    verdicts
        .iter()
        .map(|verdict| match verdict {
            Verdict::Taken => "taken".to_owned(),
            Verdict::Left(why) => why.to_string(),
        })
        .collect()
}

#[test]
fn each_tag_is_taken_or_left_for_a_reason() {
    let all = Select::default;
    for (select, tags) in [
        (all(), &[("v1", "taken"), ("latest", "taken")][..]),
        (
            Select { allow: patterns(&["v*", "latest"]), deny: patterns(&["*-rc*"]), ..all() },
            &[
                ("v1", "taken"),
                ("latest", "taken"),
                ("main", "no allow fits"),
                ("v1-rc1", "deny '*-rc*' fits"),
                ("x-rc1", "no allow fits"),
            ],
        ),
        (
            Select { semver: semver(">=1.2"), ..all() },
            &[
                ("v1.2", "taken"),
                ("2.0.0", "taken"),
                ("v1.1", "version 1.1.0 is not in >=1.2"),
                ("latest", "it is no version"),
                ("1.3-alpine", "version 1.3.0-alpine is a pre-release: prerelease: true takes it"),
                ("1.1-rc1", "version 1.1.0-rc1 is not in >=1.2"),
            ],
        ),
        (
            Select { semver: semver(">=1.2"), prerelease: Prereleases::All, ..all() },
            &[("1.3-alpine", "taken"), ("1.1-rc1", "version 1.1.0-rc1 is not in >=1.2")],
        ),
        (
            Select { older_than: age("30d"), ..all() },
            &[
                ("a@720", "taken"),
                ("b@719", "created 29 d ago, younger than 30d"),
                ("c@2", "created 2 h ago, younger than 30d"),
                ("d@-1", "created in the future, younger than 30d"),
                ("e", "its time is not known"),
                ("f@498780", "its time is not known: 1970-01-01T00:00:00Z stands for none"),
            ],
        ),
        (
            Select { newer_than: age("90d"), ..all() },
            &[
                ("a@2159", "taken"),
                ("b@-1", "taken"),
                ("c@2160", "created 90 d ago, older than 90d"),
                ("d@48000", "created 5 y ago, older than 90d"),
                ("e", "its time is not known"),
            ],
        ),
        (
            Select { older_than: age("1d"), newer_than: age("3d"), ..all() },
            &[
                ("a@23", "created 23 h ago, younger than 1d"),
                ("b@24", "taken"),
                ("c@71", "taken"),
                ("d@72", "created 3 d ago, older than 3d"),
            ],
        ),
    ] {
        let names: Vec<&str> = tags.iter().map(|(name, _)| *name).collect();
        let expected: Vec<&str> = tags.iter().map(|(_, verdict)| *verdict).collect();
        assert_eq!(choose(&select, &names), expected);
    }
}

#[test]
fn the_newest_are_taken_of_what_is_left_by_then() {
    for (select, tags) in [
        (
            Select { newest: newest(2, Order::Semver), ..Select::default() },
            &[
                ("v1.9.0", "not among the newest 2 by semver (v1.10.0 is the last of them)"),
                ("v1.10.0", "taken"),
                ("v2.0.0", "taken"),
                ("latest", "it is no version"),
                ("v3.0.0-rc1", "version 3.0.0-rc1 is a pre-release: prerelease: true takes it"),
            ][..],
        ),
        (
            Select {
                newest: newest(2, Order::Semver),
                prerelease: Prereleases::All,
                ..Select::default()
            },
            &[("v1.9.0", "not among"), ("v2.0.0", "taken"), ("v2.0.0-rc1", "taken")],
        ),
        (
            Select { newest: newest(1, Order::Semver), ..Select::default() },
            &[("v1.9", "not among the newest 1 by semver (2.0 is"), ("2.0", "taken")],
        ),
        (
            Select { newest: newest(1, Order::Name), ..Select::default() },
            &[("v1.9", "taken"), ("2.0", "not among the newest 1 by name (v1.9 is")],
        ),
        (
            // What is denied is not counted.
            Select {
                newest: newest(2, Order::Semver),
                deny: patterns(&["v2*"]),
                ..Select::default()
            },
            &[("v1.9.0", "taken"), ("v1.10.0", "taken"), ("v2.0.0", "deny 'v2*' fits")],
        ),
        (
            // Of equal versions the later name is the newer one.
            Select { newest: newest(2, Order::Semver), ..Select::default() },
            &[("v1.2", "taken"), ("1.2", "not among"), ("1.2.0", "not among"), ("v1.2.0", "taken")],
        ),
        (
            Select { newest: newest(2, Order::Semver), ..Select::default() },
            &[("1.2_9", "taken"), ("1.2_10", "taken"), ("1.2_1", "not among")],
        ),
        (
            Select { newest: newest(2, Order::Name), ..Select::default() },
            &[
                ("nightly-9", "not among the newest 2 by name (nightly-10 is the last of them)"),
                ("nightly-11", "taken"),
                ("nightly-10", "taken"),
            ],
        ),
        (
            Select { newest: newest(1, Order::Created), ..Select::default() },
            &[
                ("b@5", "not among the newest 1 by created (a@4 is the last of them)"),
                ("a@4", "taken"),
                ("c", "its time is not known"),
            ],
        ),
        (
            Select { newest: newest(1, Order::Created), ..Select::default() },
            &[("b@5", "taken"), ("a@5", "not among the newest 1 by created (b is the last")],
        ),
        (
            Select {
                newest: newest(1, Order::Created),
                older_than: age("3h"),
                ..Select::default()
            },
            &[("b@2", "created 2 h ago, younger than 3h"), ("a@4", "taken"), ("c@5", "not among")],
        ),
        (
            Select { newest: newest(9, Order::Name), ..Select::default() },
            &[("a", "taken"), ("b", "taken")],
        ),
    ] {
        let names: Vec<&str> = tags.iter().map(|(name, _)| *name).collect();
        let found = choose(&select, &names);
        for (found, (name, expected)) in found.iter().zip(tags) {
            assert!(found.starts_with(&expected.replace("@4", "")), "{name}: {found}");
        }
    }
}

#[test]
fn times_are_needed_only_by_what_looks_at_them() {
    for (select, needed) in [
        (Select::default(), false),
        (Select { semver: semver("*"), allow: patterns(&["*"]), ..Select::default() }, false),
        (Select { newest: newest(1, Order::Name), ..Select::default() }, false),
        (Select { newest: newest(1, Order::Semver), ..Select::default() }, false),
        (Select { newest: newest(1, Order::Created), ..Select::default() }, true),
        (Select { older_than: age("1d"), ..Select::default() }, true),
        (Select { newer_than: age("1d"), ..Select::default() }, true),
    ] {
        assert_eq!(select.needs_times(), needed);
    }
}

fn selects() -> impl Strategy<Value = Select> {
    let pattern = prop::sample::select(vec!["*", "v*", "*1*", "1.?", "/[a-v0-9.]+/", "*-rc*"]);
    let pattern = pattern.prop_map(|text| text.parse().unwrap());
    let some = || prop::collection::vec(pattern.clone(), 0..3);
    let range = prop::option::of(prop::sample::select(vec!["*", ">=1", "1.x", "<1.1 || 2"]));
    let bound = || prop::option::of(prop::sample::select(vec!["1h", "2h", "3h"]));
    let order = prop::sample::select(vec![Order::Semver, Order::Name, Order::Created]);
    let most = prop::option::of((1_usize..4, order));
    let prerelease = prop::sample::select(vec![Prereleases::Named, Prereleases::All]);
    (some(), some(), range, prerelease, most, bound(), bound()).prop_map(
        |(allow, deny, range, prerelease, most, older, newer)| Select {
            allow,
            deny,
            semver: range.map(|range| range.parse().unwrap()),
            prerelease,
            newest: most.and_then(|(count, by)| newest(count, by)),
            older_than: older.map(|text| text.parse().unwrap()),
            newer_than: newer.map(|text| text.parse().unwrap()),
        },
    )
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let tag = "v?[0-2](\\.[0-2]){0,2}(-rc[0-2])?|latest|main";
    let times = prop::option::of(0_i64..5);
    prop::collection::btree_map(tag, times, 0..12).prop_map(|map| {
        let text = |(tag, hours): (String, Option<i64>)| {
            hours.map_or(tag.clone(), |hours| format!("{tag}@{hours}"))
        };
        map.into_iter().map(|entry| candidate(&text(entry))).collect()
    })
}

fn taken(select: &Select, candidates: &[Candidate]) -> Vec<Tag> {
    let verdicts = select.choose(candidates, now());
    let taken = candidates.iter().zip(verdicts).filter(|(_, verdict)| *verdict == Verdict::Taken);
    let mut tags: Vec<Tag> = taken.map(|(candidate, _)| candidate.tag.clone()).collect();
    tags.sort();
    tags
}

proptest! {
    #[test]
    fn each_rule_holds_for_what_is_taken(select in selects(), candidates in candidates()) {
        let verdicts = select.choose(&candidates, now());
        prop_assert_eq!(verdicts.len(), candidates.len());
        let count = verdicts.iter().filter(|verdict| **verdict == Verdict::Taken).count();
        if let Some(newest) = select.newest {
            prop_assert!(count <= newest.count.get());
        }
        for (candidate, verdict) in candidates.iter().zip(&verdicts) {
            let fits = |pattern: &Pattern| pattern.fits(candidate.tag.as_str());
            let is_taken = *verdict == Verdict::Taken;
            prop_assert!(!is_taken || !select.deny.iter().any(fits));
            prop_assert!(!is_taken || select.allow.is_empty() || select.allow.iter().any(fits));
            match select.by_name(&candidate.tag) {
                Err(why) => prop_assert_eq!(verdict, &Verdict::Left(why)),
                // Nothing else can leave it.
                Ok(()) if !select.needs_times() && select.newest.is_none() => prop_assert!(is_taken),
                Ok(()) => {}
            }
        }
    }

    #[test]
    fn the_order_of_the_tags_says_nothing(select in selects(), (one, other) in candidates().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))) {
        let verdicts = |candidates: &[Candidate]| {
            let judged = select.choose(candidates, now());
            let mut judged: Vec<_> = candidates.iter().map(|c| c.tag.clone()).zip(judged).collect();
            judged.sort_by(|a, b| a.0.cmp(&b.0));
            judged
        };
        prop_assert_eq!(verdicts(&one), verdicts(&other));
    }

    #[test]
    fn what_more_is_allowed_leaves_nothing_where_nothing_is_counted(select in selects(), more in "v\\*|\\*|main", candidates in candidates()) {
        prop_assume!(!select.allow.is_empty());
        let less = Select { newest: None, ..select };
        let mut wider = less.clone();
        wider.allow.push(more.parse().unwrap());
        let (less, wider) = (taken(&less, &candidates), taken(&wider, &candidates));
        prop_assert!(less.iter().all(|tag| wider.contains(tag)));
    }

    #[test]
    fn what_is_counted_is_the_newest_of_what_is_taken_without(select in selects(), candidates in candidates()) {
        let Some(newest) = select.newest else { return Ok(()) };
        let all = Select { newest: None, ..select.clone() };
        // Without a count, tags that have no place in the order are taken.
        let placed = |tag: &&Tag| match newest.by {
            Order::Semver => version_of(tag).is_some_and(|version| {
                select.semver.is_some() || select.prerelease.takes(&version)
            }),
            Order::Created => candidates.iter().any(|c| c.tag == **tag && c.created.is_some()),
            Order::Name => true,
        };
        let all = taken(&all, &candidates);
        let some = taken(&select, &candidates);
        prop_assert_eq!(some.len(), all.iter().filter(placed).count().min(newest.count.get()));
        prop_assert!(some.iter().all(|tag| all.contains(tag)));
    }
}
