//! A change made to a typed view of a document, carried over to the document.

use serde_json::{Map, Value};

use super::align::align;

/// `raw` with what changed from `before` to `after`, two states of a typed view of it. What the view does not know,
/// writes in another form, leaves out because it is empty, or adds because it is a default, stays as it is in `raw`.
#[must_use]
pub fn carry(raw: &Value, before: &Value, after: &Value) -> Value {
    if before == after {
        return raw.clone();
    }
    match (raw, before, after) {
        (Value::Object(raw), Value::Object(before), Value::Object(after)) => {
            Value::Object(fields(raw, before, after))
        }
        (Value::Array(raw), Value::Array(before), Value::Array(after))
            if raw.len() == before.len() =>
        {
            Value::Array(items(raw, before, after))
        }
        _ => after.clone(),
    }
}

fn fields(
    raw: &Map<String, Value>,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Map<String, Value> {
    let kept = raw.iter().filter_map(|(key, value)| {
        let value = match (before.get(key), after.get(key)) {
            (Some(before), Some(after)) => carry(value, before, after),
            (None, Some(after)) => after.clone(),
            (Some(_), None) => return None,
            (None, None) => value.clone(),
        };
        Some((key.clone(), value))
    });
    let mut result: Map<String, Value> = kept.collect();
    for (key, value) in after {
        if !raw.contains_key(key) && before.get(key) != Some(value) {
            result.insert(key.clone(), value.clone());
        }
    }
    result
}

fn items(raw: &[Value], before: &[Value], after: &[Value]) -> Vec<Value> {
    let pairs = align(before, after);
    let carried = after.iter().zip(pairs).map(|(after, pair)| match pair {
        Some(old) => carry(&raw[old], &before[old], after),
        None => after.clone(),
    });
    carried.collect()
}

#[cfg(test)]
mod tests {
    use super::carry;
    use serde_json::json;

    #[test]
    fn only_what_changed_is_carried_over() {
        let raw = json!({"other": 1, "empty": null, "time": "10:00:00.5", "tags": [
            {"name": "a", "note": "kept"}, {"name": "b"}, {"name": "c", "note": "lost"},
        ]});
        let before = json!({"time": "10:00:01", "default": {}, "tags": [
            {"name": "a", "policy": {}}, {"name": "b", "policy": {}}, {"name": "c", "policy": {}},
        ]});
        let after = json!({"time": "10:00:01", "default": {}, "more": 2, "tags": [
            {"name": "z", "policy": {}}, {"name": "a", "policy": {"x": 1}}, {"name": "b", "policy": {}},
        ]});
        let expected = json!({"other": 1, "empty": null, "time": "10:00:00.5", "more": 2, "tags": [
            {"name": "z", "policy": {}}, {"name": "a", "note": "kept", "policy": {"x": 1}}, {"name": "b"},
        ]});
        assert_eq!(carry(&raw, &before, &after), expected);
        assert_eq!(carry(&raw, &before, &before), raw);
    }
}
