//! Which values of a manifest follow tags, and what its text is when they are current. Pure.

use serde_json::Value;

use super::annotation::{self, ANNOTATION, Container, FieldPath, Trigger};
use crate::imagestream::{Namespace, StreamTag};
use crate::model::one_line;
use crate::yaml::{Document, EditError, Path, Place, set_scalar};

/// What follows tags in the documents of a file.
#[derive(Default)]
pub(super) struct Followers {
    pub(super) images: Vec<Follower>,
    pub(super) faults: Vec<Fault>,
}

/// An image that follows a tag.
pub(super) struct Follower {
    pub(super) tag: StreamTag,
    pub(super) object: String,
    document: usize,
    path: Path,
    pub(super) place: Place,
    current: String,
}

/// What is wrong with a trigger.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) place: Place,
    pub(super) object: String,
    /// A verb phrase.
    pub(super) reason: String,
}

/// One value that was brought up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The object: `Deployment/web`.
    pub object: String,
    /// The tag that it follows.
    pub tag: StreamTag,
    /// Where the value begins.
    pub place: Place,
    /// What the value was.
    pub old: String,
    /// What it is now.
    pub new: String,
}

/// An object in a document, alone or in a list.
struct Object<'a> {
    value: &'a Value,
    number: usize,
    document: &'a Document,
    path: Path,
    text: &'a str,
}

impl Followers {
    /// Looks for triggers in the `documents` of `text`; streams are in `namespace` where neither trigger nor manifest
    /// names another.
    pub(super) fn find(text: &str, documents: &[Document], namespace: &Namespace) -> Self {
        let mut found = Self::default();
        for (number, document) in documents.iter().enumerate() {
            let (value, path) = (&document.value, Path::default());
            found.look_at(&Object { value, number, document, path, text }, namespace);
        }
        found
    }

    fn look_at(&mut self, object: &Object<'_>, namespace: &Namespace) {
        for item in object.items() {
            self.look_at(&item, namespace);
        }
        let annotation = [&["metadata", "annotations"], &[ANNOTATION][..]].concat();
        let Some(triggers) = object.at(&annotation) else { return };
        let place = object.place(&annotation.into_iter().collect());
        let fault = |reason| Fault { place, object: object.name(), reason };
        let namespace = match object.namespace(namespace) {
            Ok(namespace) => namespace,
            Err(why) => return self.faults.push(fault(format!("is in no namespace: {why}"))),
        };
        let read = triggers.as_str().ok_or("it is no text".to_owned());
        match read.and_then(annotation::parse) {
            Err(why) => self.faults.push(fault(format!("has triggers that cannot be read: {why}"))),
            Ok(triggers) => {
                for trigger in triggers {
                    let added = self.add(object, &trigger, &namespace);
                    self.faults.extend(added.err().map(&fault));
                }
            }
        }
    }

    fn add(
        &mut self,
        object: &Object<'_>,
        trigger: &Trigger,
        namespace: &Namespace,
    ) -> Result<(), String> {
        let Some(follower) = object.follower(trigger, namespace)? else { return Ok(()) };
        let mut others = self.images.iter();
        if others.any(|other| (other.document, &other.path) == (follower.document, &follower.path))
        {
            return Err(format!("has two triggers for {}", follower.path));
        }
        self.images.push(follower);
        Ok(())
    }
}

impl Object<'_> {
    /// What a list lists.
    fn items(&self) -> impl Iterator<Item = Object<'_>> {
        let is_list = self.text_at(&["kind"]).is_some_and(|kind| kind.ends_with("List"));
        let items = self.value.get("items").filter(|_| is_list).and_then(Value::as_array);
        items.into_iter().flatten().enumerate().map(|(index, value)| Object {
            value,
            path: self.below(["items".into(), index.into()]),
            ..*self
        })
    }

    fn at(&self, keys: &[impl AsRef<str>]) -> Option<&Value> {
        keys.iter().try_fold(self.value, |value, key| value.get(key.as_ref()))
    }

    fn text_at(&self, keys: &[&str]) -> Option<&str> {
        self.at(keys).and_then(Value::as_str)
    }

    fn below(&self, steps: impl IntoIterator<Item = crate::yaml::Step>) -> Path {
        self.path.0.iter().cloned().chain(steps).collect()
    }

    fn place(&self, path: &Path) -> Place {
        self.document.place(self.text, &self.below(path.0.iter().cloned()))
    }

    fn name(&self) -> String {
        let kind = self.text_at(&["kind"]).unwrap_or("?");
        let name = self.text_at(&["metadata", "name"]).unwrap_or("?");
        one_line(&format!("{kind}/{name}"), 200)
    }

    fn namespace(&self, default: &Namespace) -> Result<Namespace, String> {
        match self.text_at(&["metadata", "namespace"]) {
            Some(own) => own.parse().map_err(|error| format!("{error}")),
            None => Ok(default.clone()),
        }
    }

    fn follower(
        &self,
        trigger: &Trigger,
        namespace: &Namespace,
    ) -> Result<Option<Follower>, String> {
        let followed = trigger.follows(namespace);
        let followed =
            followed.map_err(|why| format!("has a trigger that follows no tag: {why}"))?;
        let Some(tag) = followed else { return Ok(None) };
        let path: FieldPath = trigger
            .field_path
            .parse()
            .map_err(|why| format!("has a trigger for no container: {why}"))?;
        let shown = one_line(&trigger.field_path, 200);
        let containers = self.at(&path.keys).and_then(Value::as_array);
        let index = containers.and_then(|containers| path.container.index(containers));
        let index = index.ok_or_else(|| format!("has no container {shown}"))?;
        let keys = path.keys.iter().map(|key| key.as_str().into());
        let path = self.below(keys.chain([index.into(), "image".into()]));
        let current = match path.of(&self.document.value) {
            Some(Value::String(current)) => current.clone(),
            Some(Value::Null) => String::new(),
            Some(_) | None => return Err(format!("has no text at {shown} that could be replaced")),
        };
        let place = self.document.place(self.text, &path);
        let (object, document) = (self.name(), self.number);
        Ok(Some(Follower { tag, object, document, path, place, current }))
    }
}

impl Container {
    fn index(&self, containers: &[Value]) -> Option<usize> {
        match self {
            Self::At(index) => Some(*index).filter(|index| *index < containers.len()),
            Self::Named(name) => containers
                .iter()
                .position(|container| container.get("name").and_then(Value::as_str) == Some(name)),
        }
    }
}

/// Makes `followers` what `current` tells. Returns the text with that, what has changed in it, and what could not be. A
/// tag of which `current` knows nothing is left as it is.
pub(super) fn edit(
    text: &str,
    followers: &Followers,
    current: impl Fn(&StreamTag) -> Option<String>,
) -> (String, Vec<Edit>, Vec<Fault>) {
    let (mut text, mut edits, mut faults) = (text.to_owned(), Vec::new(), Vec::new());
    for follower in &followers.images {
        let Some(new) = current(&follower.tag).filter(|new| *new != follower.current) else {
            continue;
        };
        match follower.edited(&text, &new) {
            Ok(edited) => {
                text = edited;
                edits.push(follower.edit(new));
            }
            Err(reason) => {
                let Follower { place, object, .. } = follower;
                faults.push(Fault { place: *place, object: object.clone(), reason });
            }
        }
    }
    (text, edits, faults)
}

impl Follower {
    fn edited(&self, text: &str, new: &str) -> Result<String, String> {
        if !is_reference(new) {
            let shown = one_line(new, 200);
            return Err(format!("follows {}, which is '{shown}', no reference", self.tag));
        }
        set_scalar(text, self.document, &self.path, new).map_err(|error| match error {
            EditError::Shared { path, .. } => {
                format!("has at {path} a value that stands elsewhere too (a YAML alias); it is left alone")
            }
            _ => format!("has at {} a value that cannot be changed alone; it is left alone", self.path),
        })
    }

    fn edit(&self, new: String) -> Edit {
        Edit {
            object: self.object.clone(),
            tag: self.tag.clone(),
            place: self.place,
            old: self.current.clone(),
            new,
        }
    }
}

/// Whether a text is made of what references are made of.
fn is_reference(text: &str) -> bool {
    let sound = |c: char| c.is_ascii_alphanumeric() || "._-/:@[]".contains(c);
    !text.is_empty() && text.len() <= 1024 && text.chars().all(sound)
}
