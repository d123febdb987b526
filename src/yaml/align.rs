//! Which items of a list are the same ones in a later state of it.

use std::collections::HashMap;

use serde_json::Value;

/// Pairs of numbers above which no common subsequence is looked for: the rest of both lists is taken as it stands.
const MAX_TABLE: usize = 4_000_000;

/// For each item of `after`, the item of `before` that it was; the numbers rise.
///
/// Items are the same when they are equal, or have the same name (`name`, `tag` or `type`) that no other item of
/// either list has. Where as many items come as go, those without other names are taken to be changed in their order.
pub(super) fn align(before: &[Value], after: &[Value]) -> Vec<Option<usize>> {
    let (old, new) = tokens(before, after);
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_middle, new_middle) =
        (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let mut pairs: Vec<Option<usize>> = (0..head).map(Some).collect();
    pairs.extend(common(old_middle, new_middle).into_iter().map(|i| i.map(|i| head + i)));
    pairs.extend((old.len() - tail..old.len()).map(Some));
    pair_the_changed(&mut pairs, before, after);
    pairs
}

/// A number for each item, the same for those that are the same.
fn tokens(before: &[Value], after: &[Value]) -> (Vec<usize>, Vec<usize>) {
    let unique = |items: &[Value]| {
        let mut count: HashMap<String, usize> = HashMap::new();
        items.iter().filter_map(identity).for_each(|name| *count.entry(name).or_default() += 1);
        count
    };
    let (old_names, new_names) = (unique(before), unique(after));
    let is_unique = |name: &String| {
        [&old_names, &new_names].iter().all(|names| names.get(name).is_none_or(|count| *count == 1))
    };
    let mut numbers: HashMap<(bool, String), usize> = HashMap::new();
    let mut number = |item: &Value| {
        let key = match identity(item).filter(is_unique) {
            Some(name) => (true, name),
            None => (false, item.to_string()),
        };
        let next = numbers.len();
        *numbers.entry(key).or_insert(next)
    };
    let old = before.iter().map(&mut number).collect();
    (old, after.iter().map(number).collect())
}

fn identity(item: &Value) -> Option<String> {
    let fields = item.as_object()?;
    let (key, name) = ["name", "tag", "type"]
        .iter()
        .find_map(|key| Some((key, fields.get(*key)?.as_str().filter(|name| !name.is_empty())?)))?;
    Some(format!("{key}={name}"))
}

/// The longest common subsequence: for each of `new`, the one of `old`.
fn common(old: &[usize], new: &[usize]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; new.len()];
    if old.len().saturating_mul(new.len()) > MAX_TABLE {
        return pairs;
    }
    let width = new.len() + 1;
    let mut lengths = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            lengths[i * width + j] = if old[i] == new[j] {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            pairs[j] = Some(i);
            (i, j) = (i + 1, j + 1);
        } else if lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// Pairs what lies between two pairs when it is as much on both sides.
fn pair_the_changed(pairs: &mut [Option<usize>], before: &[Value], after: &[Value]) {
    let (mut from, mut old_from) = (0, 0);
    for at in 0..=pairs.len() {
        let old_at = match pairs.get(at) {
            None => before.len(),
            Some(Some(old)) => *old,
            Some(None) => continue,
        };
        if at - from == old_at - old_from {
            (from..at)
                .zip(old_from..old_at)
                .filter(|(new, old)| identity(&after[*new]) == identity(&before[*old]))
                .for_each(|(new, old)| pairs[new] = Some(old));
        }
        (from, old_from) = (at + 1, old_at + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::align;
    use serde_json::{Value, json};

    fn items(value: &Value) -> Vec<Value> {
        value.as_array().unwrap().clone()
    }

    #[test]
    fn items_are_found_again() {
        let table = [
            (json!([1, 2, 3]), json!([0, 1, 2, 3]), vec![None, Some(0), Some(1), Some(2)]),
            (json!([1, 2, 3]), json!([1, 3]), vec![Some(0), Some(2)]),
            (json!([1, 2, 3]), json!([1, 9, 3]), vec![Some(0), Some(1), Some(2)]),
            (json!([1, 2]), json!([]), vec![]),
            (json!([]), json!([1]), vec![None]),
            (
                json!([{"name": "a", "x": 1}, {"name": "b", "x": 1}]),
                json!([{"name": "c"}, {"name": "b", "x": 2}]),
                vec![None, Some(1)],
            ),
            (json!([{"name": "a"}, {"name": "b"}]), json!([{"name": "b", "x": 2}]), vec![Some(1)]),
            (
                json!([{"name": "a"}, {"name": "a"}]),
                json!([{"name": "n"}, {"name": "a"}, {"name": "a"}]),
                vec![None, Some(0), Some(1)],
            ),
        ];
        for (before, after, pairs) in table {
            assert_eq!(align(&items(&before), &items(&after)), pairs, "{before} {after}");
        }
    }
}
