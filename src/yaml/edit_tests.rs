use proptest::prelude::*;
use serde_json::{Value, json};

use super::rewrite;
use crate::yaml::{read, write};

const STREAM: &str = "\
# our application
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: app # as in git
  annotations:
    team/owner: \"a\"   # a person
    empty: ''
spec:
  tags:
  # the stable one
  - name: v1
    from: {kind: DockerImage, name: quay.io/team/app:v1}   # upstream
  # the moving one
  - annotations: null
    name: latest
    from:
      kind: DockerImage
      name: 'quay.io/team/app:latest'
status:
  tags:
  - tag: v1
    items:   # newest first
    # of last week
    - created: \"2026-11-01T00:00:00Z\"
      image: sha256:aa
    - image: sha256:bb # the first
# the end
";

/// What `change` makes of the stream above, as the lines that go and come.
fn diff(change: impl FnOnce(&mut Value)) -> String {
    diff_of(STREAM, change)
}

fn diff_of(text: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut value = read(text).unwrap();
    change(&mut value);
    let edited = rewrite(text, &value);
    assert_eq!(read(&edited).unwrap(), value, "{edited}");
    let (old, new): (Vec<&str>, Vec<&str>) =
        (text.split_inclusive('\n').collect(), edited.split_inclusive('\n').collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let lines = |sign: &str, lines: &[&str]| {
        lines.iter().map(|line| format!("{sign}{line}")).collect::<String>()
    };
    lines("-", &old[..old.len() - tail]) + &lines("+", &new[..new.len() - tail])
}

#[test]
fn a_change_touches_its_own_lines() {
    let event = json!({"created": "2026-11-02T00:00:00Z", "image": "sha256:cc"});
    insta::assert_snapshot!(diff(|v| v["metadata"]["name"] = "1.0".into()), @r#"
    -  name: app # as in git
    +  name: "1.0" # as in git
    "#);
    insta::assert_snapshot!(diff(|v| v["metadata"]["annotations"]["team/owner"] = "b".into()), @r#"
    -    team/owner: "a"   # a person
    +    team/owner: "b"   # a person
    "#);
    insta::assert_snapshot!(diff(|v| v["metadata"]["annotations"]["zone"] = "2026-11-01".into()), @r#"
    +    zone: "2026-11-01"
    "#);
    insta::assert_snapshot!(diff(|v| v["metadata"]["generation"] = 2.into()), @"+  generation: 2");
    insta::assert_snapshot!(diff(|v| v["spec"]["tags"][0]["from"]["name"] = "a, b".into()), @r#"
    -    from: {kind: DockerImage, name: quay.io/team/app:v1}   # upstream
    +    from: {kind: DockerImage, name: "a, b"}   # upstream
    "#);
    insta::assert_snapshot!(diff(|v| v["spec"]["tags"][0]["from"]["namespace"] = "x".into()), @r"
    -    from: {kind: DockerImage, name: quay.io/team/app:v1}   # upstream
    +    from: # upstream
    +      kind: DockerImage
    +      name: quay.io/team/app:v1
    +      namespace: x
    ");
    insta::assert_snapshot!(diff(|v| v["spec"]["tags"][1]["from"]["name"] = "it's".into()), @r"
    -      name: 'quay.io/team/app:latest'
    +      name: 'it''s'
    ");
    insta::assert_snapshot!(diff(|v| { v["spec"]["tags"].as_array_mut().unwrap().remove(1); }), @r"
    -  # the moving one
    -  - annotations: null
    -    name: latest
    -    from:
    -      kind: DockerImage
    -      name: 'quay.io/team/app:latest'
    ");
    insta::assert_snapshot!(diff(|v| { v["spec"]["tags"][1].as_object_mut().unwrap().shift_remove("annotations"); }), @r"
    -  - annotations: null
    -    name: latest
    +  - name: latest
    ");
    insta::assert_snapshot!(diff(|v| v["spec"]["tags"].as_array_mut().unwrap().insert(1, json!({"name": "v2", "from": {"kind": "DockerImage"}}))), @r"
    +  - name: v2
    +    from:
    +      kind: DockerImage
    ");
    insta::assert_snapshot!(diff(|v| v["status"]["tags"][0]["items"].as_array_mut().unwrap().insert(0, event)), @r#"
    +    - created: "2026-11-02T00:00:00Z"
    +      image: sha256:cc
    "#);
    insta::assert_snapshot!(diff(|v| { v["status"]["tags"][0]["items"].as_array_mut().unwrap().pop(); }), @"-    - image: sha256:bb # the first");
    insta::assert_snapshot!(diff(|v| v["status"]["tags"][0]["items"] = json!([])), @r#"
    -    items:   # newest first
    -    # of last week
    -    - created: "2026-11-01T00:00:00Z"
    -      image: sha256:aa
    -    - image: sha256:bb # the first
    +    items: [] # newest first
    "#);
    insta::assert_snapshot!(diff(|v| v["status"]["tags"][0]["conditions"] = json!([{"type": "ImportSuccess", "message": "a\nb\n"}])), @r"
    +    conditions:
    +    - type: ImportSuccess
    +      message: |
    +        a
    +        b
    ");
    insta::assert_snapshot!(diff(|v| { v.as_object_mut().unwrap().shift_remove("status"); }), @r#"
    -status:
    -  tags:
    -  - tag: v1
    -    items:   # newest first
    -    # of last week
    -    - created: "2026-11-01T00:00:00Z"
    -      image: sha256:aa
    -    - image: sha256:bb # the first
    "#);
}

#[test]
fn rare_forms_are_changed_safely() {
    let set = |key: &'static str, new: Value| move |v: &mut Value| v[key] = new;
    let table: [(&str, &str, Value, &str); 15] = [
        ("a: []\nb: 1\n", "a", json!([{"x": 1}]), "a:\n- x: 1\nb: 1\n"),
        ("l:\n  - 1\na: {} # c\n", "a", json!({"x": [1]}), "l:\n  - 1\na: # c\n  x:\n    - 1\n"),
        ("a:\nb: 1\n", "a", json!("x"), "a: x\nb: 1\n"),
        ("a: |\n  x\n\n# c\nb: 1\n", "a", json!("y\nz\n"), "a: |\n  y\n  z\n\n# c\nb: 1\n"),
        ("a: |+\n  x\n\nb: 1\n", "a", json!(1), "a: 1\nb: 1\n"),
        ("a: |\n  x\n", "c", json!(1), "a: |\n  x\nc: 1\n"),
        ("a: |+\n  x\n\n", "c", json!(1), "a: |+\n  x\n\nc: 1\n"),
        ("a: 1", "c", json!(1), "a: 1\nc: 1"),
        ("a: 1 # c\r\nb: 2\r\n", "c", json!([1]), "a: 1 # c\r\nb: 2\r\nc:\r\n- 1\r\n"),
        ("b: 1\n", "a", json!(1), "a: 1\nb: 1\n"),
        ("- - 1\n  - 2\n", "", json!(null), "[]\n"),
        ("x: &x 1\ny: *x\na: 0\n", "a", json!(2), "x: &x 1\ny: *x\na: 2\n"),
        ("x: &x 1\ny: *x\n", "y", json!(2), "x: &x 1\ny: 2\n"),
        ("# head\n---\nx: &x 1\ny: *x\n", "x", json!(2), "# head\n---\nx: 2\n\"y\": 1\n"),
        ("? a\n: 1\nb: 2 # c\n", "b", json!(3), "a: 1\nb: 3\n"),
    ];
    for (text, key, new, expected) in table {
        let mut value = read(text).unwrap();
        if key.is_empty() {
            value = json!([]);
        } else {
            set(key, new)(&mut value);
        }
        assert_eq!(rewrite(text, &value), expected, "{text}");
    }
}

#[test]
fn items_of_items_are_changed_in_place() {
    let text = "- - 1 # one\n  - 2\n- - 3\n";
    assert_eq!(rewrite(text, &json!([[0, 1, 2], [3]])), "- - 0\n  - 1 # one\n  - 2\n- - 3\n");
    assert_eq!(rewrite(text, &json!([[2], [3]])), "- - 2\n- - 3\n");
    assert_eq!(rewrite(text, &json!([[1, 2, 4], [3]])), "- - 1 # one\n  - 2\n  - 4\n- - 3\n");
    assert_eq!(rewrite("- a: 1\n  b: 2 # c\n", &json!([{"b": 2, "c": 3}])), "- b: 2 # c\n  c: 3\n");
}

#[test]
fn json_stays_json() {
    assert_eq!(
        rewrite("{\n\t\"b\": 1,\n\t\"a\": 2\n}\n", &json!({"a": 3, "b": 1})),
        "{\n\t\"b\": 1,\n\t\"a\": 3\n}\n"
    );
    assert_eq!(rewrite("{\"b\":1}", &json!({"a": 3, "b": 1})), "{\"b\":1,\"a\":3}");
}

/// Values of the shapes that objects of an API have.
fn value() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        "[a-z]{1,3}",
        "[ -~]{0,12}",
        "\\PC{0,6}",
        "[ -#:\\-a\\n\\t'\"|>]{0,8}",
        "[0-9+.:eExo_-]{1,8}",
        Just("true".to_owned()),
        Just("2026-11-24".to_owned()),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        word.clone().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        proptest::num::f64::NORMAL.prop_map(Value::from),
        Just(Value::Null),
    ];
    let key = prop_oneof![4 => "[a-d]", 1 => word];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn what_is_written_is_read(value in value()) {
        let text = write(&value);
        let read = read(&text);
        prop_assert!(read.as_ref() == Ok(&value), "{text}\n{read:?}");
    }

    #[test]
    fn a_rewritten_text_reads_as_the_new_value(old in value(), new in value()) {
        let text = write(&old).replace("\n- ", " # c\n# above\n-   ");
        let text = if read(&text).is_ok() { text } else { write(&old) };
        let edited = rewrite(&text, &new);
        prop_assert!(read(&edited).as_ref() == Ok(&new), "{text}\n{edited}");
    }
}
