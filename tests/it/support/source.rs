//! Reads Rust source just well enough to know which paths it names.

/// A path that source code names, spelled from its root: `crate::model::Digest`, `std::fs`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) line: usize,
    pub(crate) path: String,
}

/// All paths of two parts or more in `text`, a module `depth` levels below the crate's root. Groups are spelled out,
/// and `super` is followed as far as the root; paths that stay inside the module are left out.
pub(crate) fn names(text: &str, depth: usize) -> Vec<Name> {
    let tokens = tokens(text);
    let mut reader = Reader { tokens: &tokens, at: 0, found: Vec::new() };
    let mut blocks = Vec::new();
    while let Some(token) = reader.tokens.get(reader.at) {
        match token.text.as_str() {
            "{" => blocks.push(reader.opens_module()),
            "}" => drop(blocks.pop()),
            _ if reader.starts_path() => {
                let inner = blocks.iter().filter(|is_module| **is_module).count();
                reader.path(&[], depth + inner);
                continue;
            }
            _ => {}
        }
        reader.at += 1;
    }
    reader.found
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    found: Vec<Name>,
}

impl Reader<'_> {
    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.text)
    }

    /// Whether the brace here belongs to `mod name {`.
    fn opens_module(&self) -> bool {
        self.at >= 2 && self.text(self.at - 2) == "mod"
    }

    fn starts_path(&self) -> bool {
        let follows = self.at > 0 && self.text(self.at - 1) == "::";
        !follows && is_word(self.text(self.at)) && self.text(self.at + 1) == "::"
            || self.at > 0 && self.text(self.at - 1) == "use" && is_word(self.text(self.at))
    }

    /// Reads a path, or the tree of paths of a `use`, behind `prefix`.
    fn path(&mut self, prefix: &[&str], depth: usize) {
        let line = self.tokens[self.at].line;
        let mut parts: Vec<String> = prefix.iter().map(|part| (*part).to_owned()).collect();
        loop {
            match self.text(self.at) {
                "{" => return self.group(&parts, depth),
                word if is_word(word) => parts.push(word.to_owned()),
                "*" => parts.push("*".to_owned()),
                _ => break,
            }
            self.at += 1;
            if self.text(self.at) != "::" {
                break;
            }
            self.at += 1;
        }
        if let Some(path) = from_root(&parts, depth) {
            self.found.push(Name { line, path });
        }
    }

    fn group(&mut self, prefix: &[String], depth: usize) {
        let prefix: Vec<&str> = prefix.iter().map(String::as_str).collect();
        self.at += 1;
        loop {
            match self.text(self.at) {
                "}" | "" => break,
                "as" => self.at += 2,
                word if is_word(word) || word == "{" || word == "*" => self.path(&prefix, depth),
                _ => self.at += 1,
            }
        }
        self.at += 1;
    }
}

/// `super::super::http` in a module two levels deep is `crate::http`.
fn from_root(parts: &[String], depth: usize) -> Option<String> {
    let ups = parts.iter().take_while(|part| *part == "super").count();
    match parts.first().map(String::as_str) {
        Some("self" | "Self") | None => None,
        Some("super") if ups < depth => None,
        Some("super") => Some(format!("crate::{}", parts[ups..].join("::"))),
        Some(_) => Some(parts.join("::")),
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

struct Token {
    line: usize,
    text: String,
}

/// Words, `::` and single signs; comments, strings and characters are left out.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let len = token_len(rest, first);
        let token = &rest[..len];
        if is_word(token) && !token.contains('"')
            || token == "::"
            || first.is_ascii_punctuation() && len == 1
        {
            tokens.push(Token { line, text: token.to_owned() });
        }
        line += token.matches('\n').count();
        rest = &rest[len..];
    }
    tokens
}

/// How many bytes the token at the start of `rest` has.
fn token_len(rest: &str, first: char) -> usize {
    let word =
        |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    if rest.starts_with("//") {
        rest.find('\n').unwrap_or(rest.len())
    } else if rest.starts_with("/*") {
        rest.find("*/").map_or(rest.len(), |end| end + 2)
    } else if let Some(len) = raw_string_len(rest) {
        len
    } else if first == '"' || rest.starts_with("b\"") {
        let start = rest.find('"').unwrap_or_default() + 1;
        start + quoted_len(&rest[start..], '"')
    } else if first == '\'' {
        character_len(rest)
    } else if rest.starts_with("::") {
        2
    } else if first.is_alphanumeric() || first == '_' {
        word(rest)
    } else {
        first.len_utf8()
    }
}

/// The length of `r#"…"#` or `br"…"` at the start of `rest`.
fn raw_string_len(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('b').unwrap_or(rest).strip_prefix('r')?;
    let hashes = body.len() - body.trim_start_matches('#').len();
    let text = body[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = rest.len() - text.len();
    Some(text.find(&end).map_or(rest.len(), |at| start + at + end.len()))
}

/// The length up to and with the closing quote.
fn quoted_len(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of `'a'`, or 1 for the quote of a lifetime.
fn character_len(rest: &str) -> usize {
    let inside = &rest[1..];
    let mut chars = inside.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => 1 + quoted_len(inside, '\''),
        _ => 1,
    }
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let text = r##"
//! use crate::commented::Out;
use std::{fmt, collections::{HashMap, BTreeMap as Map}};
use crate::model::{self, Digest};
use super::http::Client;
use reqwest;
fn f<'a>(x: &'a str) -> char { let s = "crate::quoted::a \" b"; let r = r#"crate::raw"#; '{' }
/* crate::block */
fn g() { crate::auth::load(); Self::h(); self::i(); }
mod tests { use super::Sibling; use super::super::store::Sink; }
"##;
    let found: Vec<String> =
        names(text, 1).into_iter().map(|name| format!("{} {}", name.line, name.path)).collect();
    let expected = [
        "3 std::fmt",
        "3 std::collections::HashMap",
        "3 std::collections::BTreeMap",
        "4 crate::model::self",
        "4 crate::model::Digest",
        "5 crate::http::Client",
        "6 reqwest",
        "9 crate::auth::load",
        "10 crate::store::Sink",
    ];
    assert_eq!(found, expected);
}
