//! Which values of a manifest follow tags, and what its text is when they are current. Pure.

use std::ops::Range;

use super::annotation::{self, ANNOTATION, Container, FieldPath, Trigger};
use super::node::{Node, Position, parse};
use crate::imagestream::{Namespace, StreamTag};
use crate::model::one_line;

/// What follows tags in the documents of a file.
#[derive(Default)]
pub(super) struct Followers<'a> {
    pub(super) images: Vec<Follower<'a>>,
    pub(super) faults: Vec<Fault>,
}

/// An image that follows a tag.
pub(super) struct Follower<'a> {
    pub(super) tag: StreamTag,
    object: String,
    image: &'a Node,
    current: &'a str,
    span: Range<usize>,
}

/// What is wrong with a trigger.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) position: Position,
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
    pub position: Position,
    /// What the value was.
    pub old: String,
    /// What it is now.
    pub new: String,
    /// The bytes of the text that were replaced.
    pub(super) span: Range<usize>,
    /// What they were replaced by.
    pub(super) written: String,
}

impl<'a> Followers<'a> {
    /// Looks for triggers in `documents`; streams are in `namespace` where neither trigger nor manifest names another.
    pub(super) fn find(documents: &'a [Node], namespace: &Namespace) -> Self {
        let mut found = Self::default();
        for document in documents {
            found.look_at(document, namespace);
        }
        found
    }

    fn look_at(&mut self, object: &'a Node, namespace: &Namespace) {
        if object.get("kind").and_then(Node::text).is_some_and(|kind| kind.ends_with("List")) {
            for item in object.get("items").map(Node::items).unwrap_or_default() {
                self.look_at(item, namespace);
            }
        }
        let Some(annotation) = object.at(&["metadata", "annotations", ANNOTATION]) else { return };
        let name = name_of(object);
        let fault =
            |reason| Fault { position: annotation.position(), object: name.clone(), reason };
        let own = object.at(&["metadata", "namespace"]).and_then(Node::text);
        let namespace = match own.map(str::parse).transpose() {
            Ok(own) => own.unwrap_or_else(|| namespace.clone()),
            Err(error) => return self.faults.push(fault(format!("is in no namespace: {error}"))),
        };
        let read = annotation.text().ok_or("it is no text".to_owned()).and_then(annotation::parse);
        let triggers = match read {
            Ok(triggers) => triggers,
            Err(why) => {
                return self.faults.push(fault(format!("has triggers that cannot be read: {why}")));
            }
        };
        for trigger in triggers {
            match follower(object, &name, &trigger, &namespace) {
                Ok(Some(follower)) if self.images.iter().any(|i| i.span == follower.span) => {
                    self.faults.push(fault(format!(
                        "has two triggers for {}",
                        one_line(&trigger.field_path, 200)
                    )));
                }
                Ok(follower) => self.images.extend(follower),
                Err(reason) => self.faults.push(fault(reason)),
            }
        }
    }
}

fn name_of(object: &Node) -> String {
    let text = |keys: &[&str]| object.at(keys).and_then(Node::text).unwrap_or("?");
    one_line(&format!("{}/{}", text(&["kind"]), text(&["metadata", "name"])), 200)
}

fn follower<'a>(
    object: &'a Node,
    name: &str,
    trigger: &Trigger,
    namespace: &Namespace,
) -> Result<Option<Follower<'a>>, String> {
    let followed = trigger.follows(namespace);
    let Some(tag) = followed.map_err(|why| format!("has a trigger that follows no tag: {why}"))?
    else {
        return Ok(None);
    };
    let path: FieldPath = trigger
        .field_path
        .parse()
        .map_err(|why| format!("has a trigger for no container: {why}"))?;
    let shown = one_line(&trigger.field_path, 200);
    let containers = object.at(&path.keys).map(Node::items).unwrap_or_default();
    let container = match &path.container {
        Container::At(index) => containers.get(*index),
        Container::Named(name) => containers
            .iter()
            .find(|container| container.get("name").and_then(Node::text) == Some(name)),
    };
    let container = container.ok_or_else(|| format!("has no container {shown}"))?;
    let image = container.get("image");
    let written = image.and_then(|image| Some((image, image.text()?)));
    let (image, current) = written.ok_or_else(|| {
        format!("has no text at {shown} that could be replaced: write one, such as ' '")
    })?;
    let span = image.span().ok_or_else(|| {
        format!(
            "has at {shown} a value that is written elsewhere (a YAML alias), and it is left alone"
        )
    })?;
    Ok(Some(Follower { tag, object: name.to_owned(), image, current, span }))
}

impl Follower<'_> {
    /// The edit that makes it `reference`; `None` when it is that already.
    fn edit(&self, text: &str, reference: &str) -> Result<Option<Edit>, Fault> {
        if self.current == reference {
            return Ok(None);
        }
        if !is_reference(reference) {
            let shown = one_line(reference, 200);
            return Err(
                self.fault(format!("follows {}, which is '{shown}', no reference", self.tag))
            );
        }
        let old = text.get(self.span.clone()).ok_or_else(|| self.fault(IN_PLACE.to_owned()))?;
        Ok(Some(Edit {
            object: self.object.clone(),
            tag: self.tag.clone(),
            position: self.image.position(),
            old: self.current.to_owned(),
            new: reference.to_owned(),
            span: self.span.clone(),
            written: written_like(old, reference),
        }))
    }

    fn fault(&self, reason: String) -> Fault {
        Fault { position: self.image.position(), object: self.object.clone(), reason }
    }
}

const IN_PLACE: &str = "cannot be changed there without changing more: the file is left alone";

/// The edits that make `followers` what `current` tells, in the order of the text, and the text with them. A tag of
/// which `current` knows nothing is left as it is.
pub(super) fn edit(
    text: &str,
    documents: &[Node],
    followers: &Followers<'_>,
    current: impl Fn(&StreamTag) -> Option<String>,
) -> (String, Vec<Edit>, Vec<Fault>) {
    let (mut edits, mut faults) = (Vec::new(), Vec::new());
    for follower in &followers.images {
        let Some(reference) = current(&follower.tag) else { continue };
        match follower.edit(text, &reference) {
            Ok(edit) => edits.extend(edit),
            Err(fault) => faults.push(fault),
        }
    }
    edits.sort_by_key(|edit| edit.span.start);
    let edited = replaced(text, &edits);
    if says_that_alone(documents, &edited, followers, &edits) {
        return (edited, edits, faults);
    }
    faults.extend(edits.into_iter().map(|edit| Fault {
        position: edit.position,
        object: edit.object,
        reason: IN_PLACE.to_owned(),
    }));
    (text.to_owned(), Vec::new(), faults)
}

/// The text with `edits`, which are in its order.
fn replaced(text: &str, edits: &[Edit]) -> String {
    let mut edited = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        edited.push_str(&text[done..edit.span.start]);
        edited.push_str(&edit.written);
        done = edit.span.end;
    }
    edited.push_str(&text[done..]);
    edited
}

/// Whether the edited text says what the documents said, but for the values that were edited.
fn says_that_alone(
    documents: &[Node],
    edited: &str,
    followers: &Followers<'_>,
    edits: &[Edit],
) -> bool {
    let Ok(after) = parse(edited) else { return false };
    let images: Vec<(*const Node, &str)> = edits
        .iter()
        .filter_map(|edit| {
            let follower = followers.images.iter().find(|image| image.span == edit.span)?;
            Some((std::ptr::from_ref(follower.image), edit.new.as_str()))
        })
        .collect();
    documents.len() == after.len()
        && documents.iter().zip(&after).all(|(a, b)| a.says_the_same_but(b, &images))
}

/// Whether a text is made of what references are made of: nothing that could mean something else in YAML or JSON.
fn is_reference(text: &str) -> bool {
    let sound = |c: char| c.is_ascii_alphanumeric() || "._-/:@[]".contains(c);
    !text.is_empty() && text.len() <= 1024 && text.chars().all(sound)
}

/// `reference` in the quotes of `old`. Without quotes only what cannot be read as something else than text.
fn written_like(old: &str, reference: &str) -> String {
    let end = &old[old.trim_end().len()..];
    let plain = reference.starts_with(|c: char| c.is_ascii_alphanumeric())
        && reference.contains(['/', '@'])
        && !reference.contains(['[', ']']);
    match old.chars().next() {
        Some('\'') => format!("'{reference}'"),
        Some('"') => format!("\"{reference}\""),
        // A block scalar ends with the end of its line.
        _ if plain => format!("{reference}{end}"),
        _ => format!("\"{reference}\"{end}"),
    }
}
