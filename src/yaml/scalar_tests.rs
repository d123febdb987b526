use super::set_scalar;
use crate::yaml::{EditError, Path, Step, documents};

fn path(steps: &str) -> Path {
    let step = |step: &str| step.parse::<usize>().map_or_else(|_| Step::from(step), Step::from);
    steps.split('.').map(step).collect()
}

#[test]
fn only_the_scalar_changes() {
    let table = [
        (
            "plain, with a comment",
            "a:\n  b: old  # why\nc: 1\n",
            "a.b",
            "new:2",
            "a:\n  b: new:2  # why\nc: 1\n",
        ),
        ("needs quotes", "b: old # why\n", "b", "1.0", "b: \"1.0\" # why\n"),
        ("quotes stay", "b: 'old'\nc: \"old\"\n", "b", "it's", "b: 'it''s'\nc: \"old\"\n"),
        ("double quotes stay", "c: \"old\"\n", "c", "a\\\"b", "c: \"a\\\\\\\"b\"\n"),
        (
            "brackets",
            "a: {b: old, c: [old, 'x']}\n",
            "a.c.0",
            "q.io/a@sha256:1",
            "a: {b: old, c: [q.io/a@sha256:1, 'x']}\n",
        ),
        ("brackets, quoted", "a: [old]\n", "a.0", "a, b", "a: [\"a, b\"]\n"),
        ("line ends", "a:\r\n- b: old\r\n- c\r\n", "a.0.b", "new", "a:\r\n- b: new\r\n- c\r\n"),
        ("folded", "a: >- # why\n  old\n  text\nb: 1\n", "a", "new", "a: new # why\nb: 1\n"),
        ("literal that keeps", "a: |+\n  old\n\nb: 1\n", "a", "new", "a: new\nb: 1\n"),
        ("literal in a list", "- |\n  old\n\n# c\n- 2\n", "0", "new", "- new\n\n# c\n- 2\n"),
        ("several lines", "a: old\n  text # c\nb: 1\n", "a", "new", "a: new # c\nb: 1\n"),
        ("nothing", "a:\nb: 1\n", "a", "new", "a: new\nb: 1\n"),
        ("an anchor that is not used", "a: &x old\nb: 1\n", "a", "new", "a: &x new\nb: 1\n"),
        ("a tag", "a: !!str 1.0\n", "a", "new", "a: !!str new\n"),
        ("json", "{\n\t\"a\": [\"old\"]\n}\n", "a.0", "new", "{\n\t\"a\": [\"new\"]\n}\n"),
        ("byte order mark", "\u{feff}a: old\n", "a", "new", "\u{feff}a: new\n"),
        ("wide characters", "ü: [ñ, old] # é\n", "ü.1", "new", "ü: [ñ, new] # é\n"),
        (
            "list at its key",
            "a:\n- x: 1\n  y: old\n-   z: 1\n",
            "a.0.y",
            "new",
            "a:\n- x: 1\n  y: new\n-   z: 1\n",
        ),
        ("no line end", "a: old", "a", "new", "a: new"),
        ("quoted key", "\"a b\": old\n", "a b", "new", "\"a b\": new\n"),
        ("explicit key", "? a\n: old\n", "a", "new", "? a\n: new\n"),
    ];
    for (what, text, at, new, expected) in table {
        assert_eq!(set_scalar(text, 0, &path(at), new).as_deref(), Ok(expected), "{what}");
    }
}

#[test]
fn one_document_of_several_changes() {
    let text = "# head\n---\na: old\n---\n---\n# none\n---\n# mine\na: old # c\n...\n---\na: old\n";
    let all = documents(text).unwrap();
    assert_eq!(all.len(), 5, "{all:#?}");
    let expected =
        "# head\n---\na: old\n---\n---\n# none\n---\n# mine\na: new # c\n...\n---\na: old\n";
    assert_eq!(set_scalar(text, 3, &path("a"), "new").unwrap(), expected);
    assert_eq!(all[3].place(text, &path("a")).to_string(), "9:4");
}

#[test]
fn what_would_change_more_is_refused_with_its_place() {
    let table = [
        ("a: &x old\nb: *x\n", "a", "1:7: 'a' is shared with another place of the document"),
        ("a: &x old\nb: *x\n", "b", "2:4: 'b' is shared with another place of the document"),
        (
            "x: &x {a: old}\nb:\n  <<: *x\n",
            "b.a",
            "3:3: 'b.a' is shared with another place of the document",
        ),
        ("x: &x {a: old}\nb: *x\n", "x.a", "1:11: 'x.a' cannot be changed without changing more"),
        ("a: [1]\n", "a", "1:4: 'a' is not a scalar"),
        ("a: [1]\n", "a.1", "1:4: 'a[1]' is not there"),
        ("a: [1]\n", "b", "1:1: 'b' is not there"),
        ("a: {b: }\n", "a.b.c", "1:8: 'a.b.c' is not there"),
        ("a: !!int 1\n", "a", "1:10: 'a' cannot be changed without changing more"),
        ("a: {{ .Values.image }}\n", "a", "1:5: not a document that can be read"),
    ];
    for (text, at, expected) in table {
        assert_eq!(
            set_scalar(text, 0, &path(at), "new").unwrap_err().to_string(),
            expected,
            "{text}"
        );
    }
    assert_eq!(set_scalar("a: 1\n", 1, &path("a"), "new"), Err(EditError::NoDocument(1)));
}
