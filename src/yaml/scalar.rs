//! One scalar of a text replaced in place.

use serde_json::Value;
use serde_saphyr::granit_parser::{ScalarStyle, StructureStyle};

use super::read::find;
use super::tree::{Kind, Node};
use super::write::{double_quoted, inline, is_plain, is_plain_in_flow, single_quoted};
use super::{Document, EditError, Path, Place, documents};

/// Replaces the scalar at `path` in document number `document` (from 0, as [`documents`] counts) by the string `new`,
/// and leaves every other byte as it is. Quotes stay what they are where `new` allows; a folded or literal block
/// becomes a scalar on one line.
///
/// # Errors
/// When the text cannot be read, no scalar is there, or the scalar is part of an alias, a merge, or an anchor that
/// is used elsewhere.
pub fn set_scalar(
    text: &str,
    document: usize,
    path: &Path,
    new: &str,
) -> Result<String, EditError> {
    let documents = documents(text).map_err(EditError::Read)?;
    let target = documents.get(document).ok_or(EditError::NoDocument(document))?;
    let node = scalar_at(text, target, path)?;
    let replaced = replace(text, node, new, is_in_flow(&target.layout().root, path));
    match reads_as(&replaced, &documents, document, path, new) {
        true => Ok(replaced),
        false => Err(EditError::Unsafe { place: Place::of(text, node.start), path: path.clone() }),
    }
}

fn scalar_at<'d>(text: &str, document: &'d Document, path: &Path) -> Result<&'d Node, EditError> {
    let (node, last) = find(&document.layout().root, path);
    let place = Place::of(text, node.unwrap_or(last).start);
    let path_text = || path.clone();
    let Some(node) = node else {
        return Err(match path.of(&document.value) {
            Some(_) => EditError::Shared { place, path: path_text() },
            None => EditError::Missing { place, path: path_text() },
        });
    };
    match node.kind {
        Kind::Alias => Err(EditError::Shared { place, path: path_text() }),
        Kind::Collection(_) => Err(EditError::NotAScalar { place, path: path_text() }),
        _ if document.layout().shared.contains(&node.anchor) => {
            Err(EditError::Shared { place, path: path_text() })
        }
        Kind::Scalar(_) | Kind::Nothing => Ok(node),
    }
}

fn is_in_flow(root: &Node, path: &Path) -> bool {
    (0..path.0.len()).any(|length| {
        let above = Path(path.0[..length].to_vec());
        matches!(
            find(root, &above).0.map(|node| &node.kind),
            Some(Kind::Collection(collection)) if collection.style == StructureStyle::Flow
        )
    })
}

fn replace(text: &str, node: &Node, new: &str, in_flow: bool) -> String {
    let (before, after) = (&text[..node.start], &text[node.end..]);
    let scalar = restyled(text, node, new, in_flow);
    format!("{before}{scalar}{after}")
}

/// `new` in the style of the scalar that it takes the place of.
pub(super) fn restyled(text: &str, node: &Node, new: &str, in_flow: bool) -> String {
    let old = &text[node.start..node.end];
    let printable = single_quoted(new);
    match node.kind {
        Kind::Scalar(ScalarStyle::DoubleQuoted) => double_quoted(new),
        Kind::Scalar(ScalarStyle::SingleQuoted) if inline(&printable).starts_with('\'') => {
            printable
        }
        _ if in_flow && is_plain_in_flow(new) => new.to_owned(),
        _ if in_flow => double_quoted(new),
        Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded) => {
            let header = old.lines().next().unwrap_or_default();
            let comment = header.find(" #").map_or("", |at| &header[at..]);
            let end = if old.ends_with("\r\n") {
                "\r\n"
            } else if old.ends_with('\n') {
                "\n"
            } else {
                ""
            };
            format!("{}{comment}{end}", inline(new))
        }
        Kind::Nothing => format!(" {}", inline(new)),
        _ if is_plain(new) => new.to_owned(),
        _ => inline(new),
    }
}

/// Whether `text` says what `documents` say, but for `new` at `path`.
fn reads_as(text: &str, before: &[Document], document: usize, path: &Path, new: &str) -> bool {
    let Ok(after) = documents(text) else { return false };
    after.len() == before.len()
        && after.iter().zip(before).enumerate().all(|(i, (after, before))| {
            if i != document {
                return after.value == before.value;
            }
            let mut expected = before.value.clone();
            if let Some(scalar) = path.of_mut(&mut expected) {
                *scalar = Value::from(new);
            }
            after.value == expected
        })
}

#[cfg(test)]
#[path = "scalar_tests.rs"]
mod tests;
