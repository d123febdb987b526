//! What is wrong is told once, until it is something else.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::imagestream::StreamName;
use crate::imagestream::api::Status;

use super::one_stream::Problems;

/// Something that does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The stream; `None` when the place itself cannot be looked at.
    pub stream: Option<StreamName>,
    /// The tag; `None` when it is the whole stream.
    pub tag: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What.
    pub message: String,
    /// The image that could not be had, if it is about one, and the answer.
    pub missed: Option<(String, Status)>,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = &self.problem.message;
        match (&self.stream, &self.tag) {
            (Some(stream), Some(tag)) => write!(f, "{stream}:{tag}: {what}"),
            (Some(stream), None) => write!(f, "{stream}: {what}"),
            (None, _) => f.write_str(what),
        }
    }
}

/// What was told last of each stream, and of the place itself.
#[derive(Default)]
pub(super) struct OnceTold(Mutex<HashMap<Option<StreamName>, Problems>>);

impl OnceTold {
    /// Takes note of all that is wrong with a stream now; returns what is news of it: what is wrong, and what no longer
    /// is.
    pub(super) fn update(
        &self,
        stream: Option<&StreamName>,
        now: Problems,
    ) -> (Vec<Trouble>, Vec<Trouble>) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told.remove(&stream.cloned()).unwrap_or_default();
        let trouble = |(tag, problem): (&Option<String>, &Problem)| Trouble {
            stream: stream.cloned(),
            tag: tag.clone(),
            problem: problem.clone(),
        };
        let failed = now.iter().filter(|(tag, now)| before.get(*tag) != Some(*now)).map(trouble);
        let recovered = before.iter().filter(|(tag, _)| !now.contains_key(*tag)).map(trouble);
        let news = (failed.collect(), recovered.collect());
        if !now.is_empty() {
            told.insert(stream.cloned(), now);
        }
        news
    }

    /// How much is wrong.
    pub(super) fn count(&self) -> usize {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.values().map(BTreeMap::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_told_once() {
        let told = OnceTold::default();
        let problems = |list: &[(&str, &str)]| -> Problems {
            let problem = |text: &str| Problem { message: text.to_owned(), missed: None };
            list.iter().map(|(tag, text)| (Some((*tag).to_owned()), problem(text))).collect()
        };
        let count = |list: &[(&str, &str)]| {
            let (failed, recovered) = told.update(None, problems(list));
            (failed.len(), recovered.len(), told.count())
        };
        assert_eq!(count(&[("a", "x"), ("b", "y")]), (2, 0, 2));
        assert_eq!(count(&[("a", "x"), ("b", "y")]), (0, 0, 2));
        assert_eq!(count(&[("a", "z"), ("b", "y")]), (1, 0, 2));
        assert_eq!(count(&[("b", "y"), ("c", "q")]), (1, 1, 2));
        assert_eq!(count(&[]), (0, 2, 0));
        assert_eq!(count(&[("a", "x")]), (1, 0, 1));
    }
}
