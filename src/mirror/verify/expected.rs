//! What the names of a mirror should point to, and how what they do point to differs from that. Pure.

use std::collections::BTreeMap;

use crate::model::{Digest, RefName};

/// What the names of one repository should point to.
pub type Expected = BTreeMap<RefName, Digest>;

/// How a name differs from what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is not there.
    Missing {
        /// The name.
        name: RefName,
        /// What it should point to.
        expected: Digest,
    },
    /// It points to something else.
    Other {
        /// The name.
        name: RefName,
        /// What it should point to.
        expected: Digest,
        /// What it points to.
        found: Digest,
    },
    /// Nothing is said of it.
    Extra {
        /// The name.
        name: RefName,
        /// What it points to.
        found: Digest,
    },
}

/// All differences, in the order of names. The list of referrers that a client keeps under a name where a registry keeps
/// none (OCI distribution specification, «Referrers Tag Schema») is no image too many.
#[must_use]
pub fn compare(expected: &Expected, found: &BTreeMap<RefName, Digest>) -> Vec<Difference> {
    let mut differences = BTreeMap::new();
    for (name, digest) in expected {
        let (name, expected) = (name.clone(), digest.clone());
        let difference = match found.get(&name) {
            Some(found) if *found == expected => continue,
            Some(found) => Difference::Other { name: name.clone(), expected, found: found.clone() },
            None => Difference::Missing { name: name.clone(), expected },
        };
        differences.insert(name, difference);
    }
    let is_unknown = |name: &RefName| !expected.contains_key(name) && !lists_referrers(name);
    for (name, found) in found.iter().filter(|(name, _)| is_unknown(name)) {
        let extra = Difference::Extra { name: name.clone(), found: found.clone() };
        differences.insert(name.clone(), extra);
    }
    differences.into_values().collect()
}

/// `sha256-HEX`.
fn lists_referrers(name: &RefName) -> bool {
    name.as_str().replacen('-', ":", 1).parse::<Digest>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    #[test]
    fn missing_other_and_extra_names_are_told_apart() {
        let expect = |(name, text): &(&str, &str)| (name.parse().unwrap(), digest(text));
        let expected: Expected = [("a", "1"), ("b", "2"), ("c", "3")].iter().map(expect).collect();
        let found = [("a", "1"), ("b", "9"), ("d", "4")]
            .map(|(name, text)| (name.parse::<RefName>().unwrap(), digest(text)));
        let name = |text: &str| text.parse().unwrap();
        assert_eq!(
            compare(&expected, &found.into_iter().collect()),
            [
                Difference::Other { name: name("b"), expected: digest("2"), found: digest("9") },
                Difference::Missing { name: name("c"), expected: digest("3") },
                Difference::Extra { name: name("d"), found: digest("4") },
            ]
        );
    }
    #[test]
    fn a_list_of_referrers_is_missed_and_never_extra() {
        let list: RefName = digest("1").as_str().replace(':', "-").parse().unwrap();
        let lists = BTreeMap::from([(list.clone(), digest("2"))]);
        assert_eq!(compare(&Expected::new(), &lists), []);
        let missing = Difference::Missing { name: list, expected: digest("2") };
        assert_eq!(compare(&lists, &BTreeMap::new()), [missing]);
        let signature = format!("{}.sig", digest("1").as_str().replace(':', "-")).parse().unwrap();
        assert_eq!(compare(&Expected::new(), &[(signature, digest("2"))].into()).len(), 1);
    }
}
