//! Changes to what an auth file says. Fields that mean nothing here stay as they are, and so does the order.

use serde_json::{Map, Value};

use super::Credential;
use super::entry;
use super::key::{Key, best};

type Fields = Map<String, Value>;

/// A field that should be an object and is not.
#[derive(Debug)]
pub(super) struct NotAnObject(pub(super) &'static str);

/// Sets the entry for `key`, in place of the one that is for the same.
pub(super) fn set_entry(
    fields: &mut Fields,
    key: &Key,
    credential: &Credential,
) -> Result<(), NotAnObject> {
    set(fields, "auths", key, entry::entry(credential))
}

/// Removes the entries for `key`, and not those for what is below it.
pub(super) fn remove_entry(fields: &mut Fields, key: &Key) -> bool {
    remove(fields, "auths", key)
}

/// Removes all entries; tells what they were for.
pub(super) fn remove_entries(fields: &mut Fields) -> Vec<String> {
    let auths = fields.get_mut("auths").and_then(Value::as_object_mut);
    auths.map(std::mem::take).into_iter().flatten().map(|(key, _)| key).collect()
}

/// Names the helper for `key`.
pub(super) fn set_helper(fields: &mut Fields, key: &Key, name: &str) -> Result<(), NotAnObject> {
    set(fields, "credHelpers", key, Value::from(name))
}

/// Takes back the helper for `key`.
pub(super) fn remove_helper(fields: &mut Fields, key: &Key) -> bool {
    remove(fields, "credHelpers", key)
}

fn set(
    fields: &mut Fields,
    field: &'static str,
    key: &Key,
    value: Value,
) -> Result<(), NotAnObject> {
    let object = fields.entry(field).or_insert(Value::Null);
    if object.is_null() {
        *object = Value::Object(Map::new());
    }
    let object = object.as_object_mut().ok_or(NotAnObject(field))?;
    let name = same(object, key).into_iter().next().unwrap_or_else(|| key.to_string());
    object.insert(name, value);
    Ok(())
}

fn remove(fields: &mut Fields, field: &str, key: &Key) -> bool {
    let Some(Value::Object(object)) = fields.get_mut(field) else { return false };
    let names = same(object, key);
    for name in &names {
        object.shift_remove(name);
    }
    !names.is_empty()
}

/// The ways in which `object` writes `key`, the one that a lookup takes first.
fn same(object: &Fields, key: &Key) -> Vec<String> {
    let mut names: Vec<&String> =
        object.keys().filter(|name| Key::parse(name).as_ref() == Some(key)).collect();
    let taken = best(names.iter().copied(), key);
    names.sort_by_key(|name| Some(*name) != taken);
    names.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Secret;
    use proptest::prelude::*;

    fn me() -> Credential {
        Credential::Basic { username: "me".into(), password: Secret::new("x".into()) }
    }

    fn fields(text: &str) -> Fields {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_entry_is_replaced_under_the_name_it_has() {
        let mut file = fields(
            r#"{"x": 1, "auths": {"https://index.docker.io/v1/": {}, "a.io": {}}, "credsStore": "s"}"#,
        );
        set_entry(&mut file, &Key::parse("docker.io").unwrap(), &me()).unwrap();
        set_entry(&mut file, &Key::parse("a.io/org").unwrap(), &me()).unwrap();
        assert_eq!(
            serde_json::to_string(&file).unwrap(),
            r#"{"x":1,"auths":{"https://index.docker.io/v1/":{"auth":"bWU6eA=="},"a.io":{},"a.io/org":{"auth":"bWU6eA=="}},"credsStore":"s"}"#
        );
    }

    #[test]
    fn removing_takes_all_names_of_one_key_and_nothing_below() {
        let mut file = fields(
            r#"{"auths": {"https://quay.io/v2/": {}, "quay.io": {}, "quay.io/org": {}, "b.io": {}}}"#,
        );
        assert!(remove_entry(&mut file, &Key::parse("quay.io").unwrap()));
        assert!(!remove_entry(&mut file, &Key::parse("quay.io").unwrap()));
        assert_eq!(file, fields(r#"{"auths": {"quay.io/org": {}, "b.io": {}}}"#));
        assert_eq!(remove_entries(&mut file), ["quay.io/org", "b.io"]);
        assert_eq!(file, fields(r#"{"auths": {}}"#));
    }

    #[test]
    fn what_is_no_object_is_not_overwritten() {
        let mut file = fields(r#"{"auths": [1], "credHelpers": null}"#);
        let key = Key::parse("quay.io").unwrap();
        assert_eq!(set_entry(&mut file, &key, &me()).unwrap_err().0, "auths");
        set_helper(&mut file, &key, "longshore").unwrap();
        assert!(remove_helper(&mut file, &key));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("\\PC{0,6}", inner), 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn setting_and_removing_leaves_the_rest_and_its_order(
            extra in prop::collection::vec(("[a-z]{1,6}", any_json()), 0..6),
            others in prop::collection::vec(("[a-z]{1,6}\\.io", any_json()), 0..6),
        ) {
            let mut file: Fields = extra.into_iter().filter(|(k, _)| k != "auths").collect();
            file.insert("auths".into(), Value::Object(others.into_iter().collect()));
            let before = serde_json::to_string(&file).unwrap();
            let key = Key::parse("quay.io/org").unwrap();
            set_entry(&mut file, &key, &me()).unwrap();
            prop_assert_ne!(&serde_json::to_string(&file).unwrap(), &before);
            prop_assert!(remove_entry(&mut file, &key));
            prop_assert_eq!(serde_json::to_string(&file).unwrap(), before);
        }
    }
}
