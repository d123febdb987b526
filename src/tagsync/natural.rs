//! The order of names that people expect: numbers within them count as numbers.

use std::cmp::Ordering;

/// Whether `a` comes before `b`: `v2` before `v10`. Equal are only equal texts.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    while let (Some(x), Some(y)) = (left.first(), right.first()) {
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            numbers(take_number(&mut left), take_number(&mut right))
        } else {
            (left, right) = (&left[1..], &right[1..]);
            x.cmp(y)
        };
        if order.is_ne() {
            return order;
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// The digits that `text` begins with, which are cut off.
fn take_number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(length);
    *text = rest;
    number
}

fn numbers(a: &[u8], b: &[u8]) -> Ordering {
    let digits = |number: &[u8]| number.iter().take_while(|digit| **digit == b'0').count();
    let (a, b) = (&a[digits(a)..], &b[digits(b)..]);
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let ordered = [
            "1",
            "01",
            "1-rc",
            "1.2",
            "1.2.1",
            "1.10",
            "2",
            "10",
            "99999999999999999999999",
            "a",
            "a1",
            "a1b",
            "a01c",
            "a2",
            "a10",
            "b",
        ];
        let mut sorted = ordered;
        sorted.reverse();
        sorted.sort_by(|a, b| natural(a, b));
        // `01` and `1` are one number: the text decides.
        let expected = {
            let mut expected = ordered;
            expected.swap(0, 1);
            expected
        };
        assert_eq!(sorted, expected);
    }

    proptest! {
        #[test]
        fn it_is_an_order(a in "[0-2a.]{0,6}", b in "[0-2a.]{0,6}", c in "[0-2a.]{0,6}") {
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            prop_assert_eq!(natural(&a, &b).is_eq(), a == b);
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                prop_assert!(natural(&a, &c).is_le());
            }
        }
    }
}
