use std::error::Error as _;

use proptest::prelude::*;

use super::*;

fn digest(digit: char) -> Digest {
    format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
}

/// `RULE REPOSITORY TAG DIGIT`.
fn lock(lines: &[&str]) -> Lock {
    let mut lock = Lock::default();
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let repositories = lock.rules.entry(words[0].to_owned()).or_default();
        let tags = repositories.entry(words[1].to_owned()).or_default();
        tags.insert(words[2].parse().unwrap(), digest(words[3].chars().next().unwrap()));
    }
    lock
}

#[test]
fn a_lock_file_has_a_line_for_each_tag() {
    let lock = lock(&[
        "base docker.io/library/alpine 3.20 c",
        "app quay.io/org/app v1.1 b",
        "app quay.io/org/app v1.0 a",
        "app q.io:5000/x on d",
    ]);
    let expected = format!(
        "# What 'longshore tag-sync update' found; 'run --locked' moves exactly these.
version: 1
rules:
  app:
    q.io:5000/x:
      \"on\": {}
    quay.io/org/app:
      v1.0: {}
      v1.1: {}
  base:
    docker.io/library/alpine:
      \"3.20\": {}
",
        digest('d'),
        digest('a'),
        digest('b'),
        digest('c'),
    );
    assert_eq!(lock.to_text(), expected);
    assert_eq!(Lock::parse("l", &expected).unwrap(), lock);
    let empty = Lock::default().to_text();
    assert!(empty.ends_with("\nversion: 1\nrules: {}\n"), "{empty}");
}

#[test]
fn a_tag_that_looks_like_something_else_stands_in_quotes() {
    for tag in [
        "1",
        "1.10",
        "1.0",
        "007",
        "0x1f",
        "0o17",
        "0b1",
        "1e3",
        "1_000",
        "2024-01-01",
        "on",
        "Off",
        "yes",
        "NO",
        "y",
        "n",
        "true",
        "False",
        "null",
        "Null",
        "1.",
    ] {
        let lock = lock(&[&format!("r q.io/a {tag} a")]);
        let text = lock.to_text();
        assert!(text.contains(&format!("\"{tag}\": sha256:")), "{text}");
        assert_eq!(Lock::parse("l", &text).unwrap(), lock, "{tag}");
        // Whoever writes it without quotes means the same, unless it is nothing.
        let plain = Lock::parse("l", &text.replace('"', ""));
        match tag {
            "null" | "Null" => assert!(plain.is_err()),
            _ => assert_eq!(plain.unwrap(), lock, "{tag}"),
        }
    }
    for tag in
        ["v1", "1.2.3", "latest", "1.0-rc1", "2024.01.03", "_", "nightly", "e1", "1.2.", "3d5f"]
    {
        let text = lock(&[&format!("r q.io/a {tag} a")]).to_text();
        assert!(text.contains(&format!("      {tag}: sha256:")), "{text}");
    }
}

#[test]
fn what_is_no_lock_file_is_told_with_its_place() {
    let digest = digest('a');
    let with = |tags: &str| format!("version: 1\nrules:\n  app:\n    q.io/a:\n{tags}");
    let cases = [
        ("".to_owned(), "l:1:1: the version of the lock file is missing where 1 belongs", ""),
        ("rules: {}\n".to_owned(), "l:1:1: the version of the lock file is missing", ""),
        ("# c\nversion: 2\nrules: []\n".to_owned(), "l:2:1: the version of the lock file is 2", ""),
        (
            "version: '1'\nrules: {}\n".to_owned(),
            "l:1:1: the version of the lock file is \"1\"",
            "",
        ),
        ("version: 1\nrules: [\n".to_owned(), "not a lock file that can be read", ""),
        ("version: 1\n".to_owned(), "l:1:1: not a lock file", "missing field `rules`"),
        ("version: 1\nrules: {}\nx: 1\n".to_owned(), "l:3:1: not a lock file", "unknown field `x`"),
        ("version: 1\nrules: []\n".to_owned(), "l:2:8: not a lock file", "rules: invalid type"),
        ("version: 1\nrules: {}\n---\nversion: 1\n".to_owned(), "not a lock file", ""),
        (with("      v1: sha256:abc\n"), "l:5:11: not a lock file", "a sha256 digest has 64"),
        (with("      v1:\n"), "l:5:10: not a lock file", "null"),
        (
            with(&format!("      v1: {digest}\n      v1: {digest}\n")),
            "l:6:7: not a lock file",
            "duplicate",
        ),
        (
            with(&format!("      v1: {digest}\n      -v2: {digest}\n")),
            "l:6:7: q.io/a has a tag that is none",
            "'-v2' is not a tag: expected",
        ),
    ];
    for (text, told, cause) in cases {
        let error = Lock::parse("l", &text).unwrap_err();
        assert!(error.to_string().contains(told), "{text}: {error}");
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        assert!(source.contains(cause), "{text}: {source}");
    }
}

#[test]
fn a_difference_has_a_line_for_each_tag() {
    let old = lock(&["app q.io/a v1 a", "app q.io/a v2 a", "app q.io/b v1 a", "old q.io/a v1 a"]);
    let new = lock(&["app q.io/a v1 a", "app q.io/a v2 b", "app q.io/c v1 c", "app q.io/a v10 d"]);
    let changes = difference(&old, &new);
    let rules: Vec<&str> = changes.iter().map(|change| change.rule.as_str()).collect();
    assert_eq!(rules, ["app", "app", "app", "app", "old"]);
    let [a, b, c, d] = ['a', 'b', 'c', 'd'].map(digest);
    let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
    let expected = [
        format!("+ q.io/a:v10 {d}"),
        format!("~ q.io/a:v2 {b} was {a}"),
        format!("- q.io/b:v1 {a}"),
        format!("+ q.io/c:v1 {c}"),
        format!("- q.io/a:v1 {a}"),
    ];
    assert_eq!(lines, expected);
}

fn owned(lock: &Lock) -> BTreeMap<(String, String, Tag), Digest> {
    let entries = lock.entries().into_iter();
    entries
        .map(|((rule, repository, tag), digest)| {
            ((rule.to_owned(), repository.to_owned(), tag.clone()), digest.clone())
        })
        .collect()
}

fn locks() -> impl Strategy<Value = Lock> {
    let tag =
        "[A-Za-z0-9_][A-Za-z0-9._-]{0,20}|[0-9]{1,3}([._e-][0-9]{1,2}){0,2}|0[xob][0-9a-f]{1,4}";
    let line = ("[ab]", "q\\.io/[ab]", tag, "[0-2]");
    prop::collection::vec(line, 0..12).prop_map(|lines| {
        let line = |(rule, repository, tag, digit)| format!("{rule} {repository} {tag} {digit}");
        let lines: Vec<String> = lines.into_iter().map(line).collect();
        lock(&lines.iter().map(String::as_str).collect::<Vec<_>>())
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(lock in locks(), rule in "\\PC{0,12}") {
        let mut lock = lock;
        lock.rules.entry(rule).or_default();
        let text = lock.to_text();
        prop_assert_eq!(&Lock::parse("l", &text).unwrap(), &lock);
        let digests = text.lines().filter(|line| line.contains(": sha256:")).count();
        prop_assert_eq!(digests, lock.entries().len());
    }

    #[test]
    fn a_difference_leads_from_one_to_the_other(old in locks(), new in locks()) {
        prop_assert_eq!(difference(&old, &old), Vec::new());
        let mut entries = owned(&old);
        for Change { rule, repository, tag, what } in difference(&old, &new) {
            let key = (rule, repository, tag);
            match what {
                What::Added(digest) => prop_assert_eq!(entries.insert(key, digest), None),
                What::Removed(digest) => prop_assert_eq!(entries.remove(&key), Some(digest)),
                What::Moved { from, to } => prop_assert_eq!(entries.insert(key, to), Some(from)),
            }
        }
        prop_assert_eq!(entries, owned(&new));
    }
}
