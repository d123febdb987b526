//! The lock file: what each tag meant when it was last looked at. It is made to be read as the difference of two
//! commits: a line for each tag, in an order of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::model::{Digest, ReferenceError, Tag, one_line};
use crate::yaml::{self, Document, Path, Place, Step};

/// What stands above.
const HEADING: &str =
    "# What 'longshore tag-sync update' found; 'run --locked' moves exactly these.\n";

/// The form that is written and read here.
const VERSION: u64 = 1;

/// What tags meant: by the name of the rule, by the source repository, by the tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// All rules.
    pub rules: BTreeMap<String, BTreeMap<String, BTreeMap<Tag, Digest>>>,
}

/// Why a text is no lock file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// It is no document, or not of the form that it should have.
    #[error("{file}:{}: not a lock file that can be read", source.place())]
    Document {
        /// The file's name.
        file: String,
        /// Where and why.
        #[source]
        source: yaml::Error,
    },
    /// It does not say that it is of a form that is known.
    #[error(
        "{file}:{place}: the version of the lock file is {found} where {VERSION} belongs: 'longshore tag-sync update' writes it anew"
    )]
    Version {
        /// The file's name.
        file: String,
        /// Where it stands.
        place: Place,
        /// What it is.
        found: String,
    },
    /// A name that is no tag.
    #[error("{file}:{place}: {repository} has a tag that is none")]
    Tag {
        /// The file's name.
        file: String,
        /// Where it stands.
        place: Place,
        /// The repository.
        repository: String,
        /// What is wrong with it.
        #[source]
        source: ReferenceError,
    },
}

/// The document, with tags that are not looked at yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "version")]
    _version: u64,
    rules: BTreeMap<String, BTreeMap<String, BTreeMap<String, Digest>>>,
}

impl Lock {
    /// The text of the file. Names that a reader of YAML could take for numbers and the like stand in quotes.
    #[must_use]
    pub fn to_text(&self) -> String {
        let rules = object(&self.rules, |repositories| {
            object(repositories, |tags| object(tags, |digest| digest.as_str().into()))
        });
        let document = serde_json::json!({ "version": VERSION, "rules": rules });
        format!("{HEADING}{}", yaml::write(&document))
    }

    /// Reads the `text` of the file that is called `file`.
    ///
    /// # Errors
    /// When it is no lock file of this form: where and why.
    pub fn parse(file: &str, text: &str) -> Result<Self, LockError> {
        let unread = |source| LockError::Document { file: file.to_owned(), source };
        let value = yaml::read(text).map_err(unread)?;
        let document = yaml::documents(text).map_err(unread)?.into_iter().next();
        let place = |keys: &[&str]| place(document.as_ref(), text, keys);
        let found = value.get("version");
        if found != Some(&VERSION.into()) {
            let found = found.map_or_else(|| "missing".to_owned(), Value::to_string);
            let (file, place) = (file.to_owned(), place(&["version"]));
            return Err(LockError::Version { file, place, found: one_line(&found, 40) });
        }
        let written: Written = yaml::typed(text, value).map_err(unread)?;
        let mut rules = BTreeMap::new();
        for (rule, repositories) in written.rules {
            let mut read = BTreeMap::new();
            for (repository, tags) in repositories {
                let tag = |name: &str| {
                    name.parse().map_err(|source| LockError::Tag {
                        file: file.to_owned(),
                        place: place(&["rules", &rule, &repository, name]),
                        repository: one_line(&repository, 80),
                        source,
                    })
                };
                let tags = tags.into_iter().map(|(name, digest)| Ok((tag(&name)?, digest)));
                let tags = tags.collect::<Result<_, _>>()?;
                read.insert(repository, tags);
            }
            rules.insert(rule, read);
        }
        Ok(Self { rules })
    }

    /// All tags, in their order.
    fn entries(&self) -> BTreeMap<Key<'_>, &Digest> {
        let mut entries = BTreeMap::new();
        for (rule, repositories) in &self.rules {
            for (repository, tags) in repositories {
                let key = |tag| (rule.as_str(), repository.as_str(), tag);
                entries.extend(tags.iter().map(|(tag, digest)| (key(tag), digest)));
            }
        }
        entries
    }
}

/// The rule, the repository and the tag.
type Key<'a> = (&'a str, &'a str, &'a Tag);

fn object<K: ToString, V>(entries: &BTreeMap<K, V>, value: impl Fn(&V) -> Value) -> Value {
    entries.iter().map(|(key, entry)| (key.to_string(), value(entry))).collect()
}

/// Where the last of `keys` stands, or the last of them that is there.
fn place(document: Option<&Document>, text: &str, keys: &[&str]) -> Place {
    let path: Path = keys.iter().map(|key| Step::Key((*key).to_owned())).collect();
    document.map_or(Place { line: 1, column: 1 }, |document| document.place_of_key(text, &path))
}

/// What is different of one tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The name of the rule.
    pub rule: String,
    /// The source repository.
    pub repository: String,
    /// The tag.
    pub tag: Tag,
    /// What is different.
    pub what: What,
}

/// What is different of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It was not there, and means this now.
    Added(Digest),
    /// It is not there, and meant this.
    Removed(Digest),
    /// It means another image.
    Moved {
        /// What it meant.
        from: Digest,
        /// What it means.
        to: Digest,
    },
}

/// `+ quay.io/org/app:v1.1 sha256:…`, `- …`, `~ … was …`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let image = format!("{}:{}", one_line(&self.repository, 300), self.tag);
        match &self.what {
            What::Added(digest) => write!(f, "+ {image} {digest}"),
            What::Removed(digest) => write!(f, "- {image} {digest}"),
            What::Moved { from, to } => write!(f, "~ {image} {to} was {from}"),
        }
    }
}

/// What `new` has otherwise than `old`, by rule, repository and tag.
#[must_use]
pub fn difference(old: &Lock, new: &Lock) -> Vec<Change> {
    let (old, new) = (old.entries(), new.entries());
    let keys: BTreeSet<&Key<'_>> = old.keys().chain(new.keys()).collect();
    let changes = keys.into_iter().filter_map(|key| {
        let what = what(old.get(key).copied(), new.get(key).copied())?;
        let (rule, repository, tag) = (key.0.to_owned(), key.1.to_owned(), key.2.clone());
        Some(Change { rule, repository, tag, what })
    });
    changes.collect()
}

fn what(old: Option<&Digest>, new: Option<&Digest>) -> Option<What> {
    match (old.cloned(), new.cloned()) {
        (None, Some(digest)) => Some(What::Added(digest)),
        (Some(digest), None) => Some(What::Removed(digest)),
        (Some(from), Some(to)) if from != to => Some(What::Moved { from, to }),
        _ => None,
    }
}

#[cfg(test)]
#[path = "lock_tests.rs"]
mod tests;
