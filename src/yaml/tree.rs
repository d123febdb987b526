//! Where each node of a document stands in its text.
//!
//! The parser tells what the nodes are and where scalars are; this finds the indicators between them (`-`, `:`, `&x`,
//! `|`). What is of a rare form is marked [`odd`](Node::odd): it can be replaced as a whole, not changed within.

use std::collections::HashSet;
use std::iter::Peekable;

use serde_saphyr::granit_parser::{
    Event, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle,
};

/// One document of a text.
#[derive(Debug)]
pub(super) struct Layout {
    /// Its first byte: of its `---`, if it has one.
    pub(super) begin: usize,
    pub(super) root: Node,
    /// The anchors that aliases refer to.
    pub(super) shared: HashSet<usize>,
}

/// A node and its place.
#[derive(Debug)]
pub(super) struct Node {
    /// Its first byte, of its anchor and tag if it has them.
    pub(super) begin: usize,
    /// The first byte of its content.
    pub(super) start: usize,
    /// The byte behind its content; a line end is no content, but in a block scalar that keeps all of them.
    pub(super) end: usize,
    /// The number of its anchor, or 0.
    pub(super) anchor: usize,
    /// Of a form that is not understood well enough to be changed within.
    pub(super) odd: bool,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar(ScalarStyle),
    /// No text at all, which is `null`.
    Nothing,
    Alias,
    Collection(Collection),
}

#[derive(Debug)]
pub(super) struct Collection {
    pub(super) style: StructureStyle,
    pub(super) entries: Vec<Entry>,
}

/// An item of a sequence, or a key and its value.
#[derive(Debug)]
pub(super) struct Entry {
    /// The first byte: of the dash, or the key.
    pub(super) mark: usize,
    /// The byte behind the dash, or the colon.
    pub(super) indicated: usize,
    pub(super) key: Option<String>,
    pub(super) value: Node,
}

/// The documents of `text`.
pub(super) fn layouts(text: &str) -> Result<Vec<Layout>, ScanError> {
    let mut builder =
        Builder { text, events: Parser::new_from_str(text).peekable(), shared: HashSet::new() };
    let mut layouts = Vec::new();
    while let Some((event, span)) = builder.next()? {
        if let Event::DocumentStart(explicit, _) = event {
            let begin = start_of(&span);
            let root = builder.node(if explicit { end_of(&span) } else { begin })?;
            let shared = std::mem::take(&mut builder.shared);
            layouts.push(Layout { begin, root, shared });
        }
    }
    Ok(layouts)
}

struct Builder<'t> {
    text: &'t str,
    events: Peekable<Parser<'t, StrInput<'t>>>,
    shared: HashSet<usize>,
}

impl<'t> Builder<'t> {
    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, ScanError> {
        self.events.next().transpose()
    }

    /// Whether the collection ends here; `Some` is where.
    fn ends(&mut self) -> Result<Option<usize>, ScanError> {
        match self.events.peek() {
            Some(Ok((Event::SequenceEnd | Event::MappingEnd, span))) => {
                let end = end_of(span);
                self.events.next();
                Ok(Some(end))
            }
            Some(Ok(_)) => Ok(None),
            Some(Err(_)) => Err(self.next().err().unwrap_or_else(broken)),
            None => Err(broken()),
        }
    }

    /// The next node, whose text begins somewhere behind `from`.
    fn node(&mut self, from: usize) -> Result<Node, ScanError> {
        let (event, span) = self.next()?.ok_or_else(broken)?;
        let begin = self.skip(from);
        let start = start_of(&span);
        let plain = |end, odd, kind| Node { begin: start, start, end, anchor: 0, odd, kind };
        Ok(match event {
            Event::Alias(anchor) => {
                self.shared.insert(anchor);
                plain(end_of(&span), false, Kind::Alias)
            }
            Event::Scalar(_, style, anchor, tag) => {
                let bare = anchor == 0 && tag.is_none();
                if start == end_of(&span) && style == ScalarStyle::Plain {
                    let end = if bare { from } else { self.properties(begin) };
                    let begin = begin.min(end);
                    Node { begin, start: end, end, anchor, odd: !bare, kind: Kind::Nothing }
                } else {
                    let (start, end) = self.scalar(begin, &span, style);
                    Node { begin, start, end, anchor, odd: !bare, kind: Kind::Scalar(style) }
                }
            }
            Event::SequenceStart(StructureStyle::Block, anchor, tag) => {
                let start = self.properties(begin);
                self.sequence(Node { begin, anchor, odd: tag.is_some(), ..blank(start) })?
            }
            Event::MappingStart(StructureStyle::Block, anchor, tag) => {
                let own = anchor != 0 || tag.is_some();
                let start = if own { self.properties(begin) } else { begin };
                self.mapping(Node { begin, anchor, odd: tag.is_some(), ..blank(start) })?
            }
            Event::SequenceStart(StructureStyle::Flow, anchor, tag) => {
                self.flow(Node { begin, anchor, odd: tag.is_some(), ..blank(start) }, Keys::None)?
            }
            Event::MappingStart(StructureStyle::Flow, anchor, tag) => {
                self.flow(Node { begin, anchor, odd: tag.is_some(), ..blank(start) }, Keys::Some)?
            }
            _ => plain(start, true, Kind::Nothing),
        })
    }

    fn sequence(&mut self, mut node: Node) -> Result<Node, ScanError> {
        let mut entries = Vec::new();
        let mut at = node.start;
        while self.ends()?.is_none() {
            let mark = self.skip(at);
            let indicated = mark + usize::from(self.is(mark, b'-'));
            node.odd |= indicated == mark;
            let value = self.node(indicated)?;
            at = value.end.max(indicated);
            entries.push(Entry { mark, indicated, key: None, value });
        }
        node.end = at;
        node.kind = Kind::Collection(Collection { style: StructureStyle::Block, entries });
        Ok(node)
    }

    fn mapping(&mut self, mut node: Node) -> Result<Node, ScanError> {
        let mut entries = Vec::new();
        let mut at = node.start;
        while self.ends()?.is_none() {
            let mark = self.skip(at);
            let explicit = self.is(mark, b'?') && !self.text_follows(mark + 1);
            let (key, name) = self.key(if explicit { mark + 1 } else { at })?;
            let colon = self.skip(key.end);
            let indicated = if self.is(colon, b':') { colon + 1 } else { key.end };
            node.odd |= explicit || name.is_none() || indicated == key.end;
            let value = self.node(indicated)?;
            at = value.end.max(indicated);
            entries.push(Entry { mark, indicated, key: name.or(Some(String::new())), value });
        }
        node.end = at;
        node.kind = Kind::Collection(Collection { style: StructureStyle::Block, entries });
        Ok(node)
    }

    /// A collection in brackets. Its scalars are found exactly, and nothing else within it.
    fn flow(&mut self, mut node: Node, keys: Keys) -> Result<Node, ScanError> {
        let mut entries = Vec::new();
        let mut at = node.start;
        node.end = loop {
            if let Some(end) = self.ends()? {
                break end;
            }
            let (mark, key) = match keys {
                Keys::None => (None, None),
                Keys::Some => {
                    let (key, name) = self.key(at)?;
                    node.odd |= name.is_none();
                    at = key.end;
                    (Some(key.start), Some(name.unwrap_or_default()))
                }
            };
            let value = self.node(self.next_start(at))?;
            let mark = mark.unwrap_or(value.begin);
            entries.push(Entry { mark, indicated: value.begin, key, value });
            at = entries.last().map_or(at, |entry| entry.value.end);
        };
        node.kind = Kind::Collection(Collection { style: StructureStyle::Flow, entries });
        Ok(node)
    }

    /// A key, and its name when it is a simple one.
    fn key(&mut self, from: usize) -> Result<(Node, Option<String>), ScanError> {
        let name = match self.events.peek() {
            Some(Ok((Event::Scalar(name, _, 0, None), _))) => Some(name.clone().into_owned()),
            _ => None,
        };
        let node = self.node(from)?;
        let name = name.filter(|_| matches!(node.kind, Kind::Scalar(_)));
        Ok((node, name))
    }

    /// Behind the separators of a flow collection.
    fn next_start(&self, mut at: usize) -> usize {
        loop {
            let next = self.skip(at);
            match self.text.as_bytes().get(next) {
                Some(b',' | b':' | b'[' | b'{' | b'?') => at = next + 1,
                _ => return next,
            }
        }
    }

    /// Where a scalar's text begins, with its quotes or its `|`, and where it ends.
    fn scalar(&self, begin: usize, span: &Span, style: ScalarStyle) -> (usize, usize) {
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return (start_of(span), end_of(span));
        }
        let header = self.properties(begin);
        let header_end = next_line(self.text, header);
        let keeps = self.text[header..header_end].split('#').next().unwrap_or("").contains('+');
        let body = &self.text[..end_of(span).max(header)];
        let end = if keeps {
            body.rfind('\n').map_or(body.len(), |newline| {
                if body[newline..].trim().is_empty() { newline + 1 } else { body.len() }
            })
        } else {
            body.trim_end_matches([' ', '\r', '\n']).len()
        };
        (header, end.max(header + self.text[header..header_end].trim_end().len()))
    }

    /// Behind the anchor and the tag that begin here, if any do.
    fn properties(&self, mut at: usize) -> usize {
        while self.is(at, b'&') || self.is(at, b'!') {
            let rest = &self.text[at..];
            let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let next = self.skip(at + length);
            if next >= self.text.len() {
                return at + length;
            }
            at = next;
        }
        at
    }

    /// Behind white space and comments.
    fn skip(&self, from: usize) -> usize {
        let mut at = from;
        loop {
            let rest = &self.text[at..];
            at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{feff}']).len();
            if !self.is(at, b'#') {
                return at;
            }
            at = next_line(self.text, at);
        }
    }

    fn is(&self, at: usize, byte: u8) -> bool {
        self.text.as_bytes().get(at) == Some(&byte)
    }

    fn text_follows(&self, at: usize) -> bool {
        self.text.as_bytes().get(at).is_some_and(|byte| !byte.is_ascii_whitespace())
    }
}

/// Whether the items of a collection have keys.
#[derive(Clone, Copy)]
enum Keys {
    None,
    Some,
}

fn blank(start: usize) -> Node {
    Node { begin: start, start, end: start, anchor: 0, odd: false, kind: Kind::Nothing }
}

/// The parser stops only after an error or the end of the stream, so this does not come up.
fn broken() -> ScanError {
    let place = serde_saphyr::granit_parser::Marker::new(0, 1, 0);
    ScanError::new(place, "the document ends early")
}

fn start_of(span: &Span) -> usize {
    span.byte_range().unwrap_or_default().start
}

fn end_of(span: &Span) -> usize {
    span.byte_range().unwrap_or_default().end
}

/// The first byte of the line that `at` is in.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The byte behind the line that `at` is in; `at` itself when a line begins there.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    if at > 0 && text.as_bytes()[at - 1] == b'\n' {
        return at;
    }
    next_line(text, at)
}

fn next_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}
