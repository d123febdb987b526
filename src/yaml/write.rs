//! Values to text, as `kubectl get -o yaml` prints them: two spaces, sequences at the indentation of their key.

use std::fmt::Write as _;

use serde_json::{Map, Number, Value};

use super::ambiguous::is_ambiguous;
use super::read::MAX_KEY;

/// How far nested collections are moved in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    /// How far a sequence is moved in from its key: 0 or 2.
    pub(super) sequence: usize,
}

/// How far a mapping, and the lines of a string, are moved in.
const STEP: usize = 2;

/// Prints a value as one document.
#[must_use]
pub fn write(value: &Value) -> String {
    let mut text = block(value, 0, Style::default());
    text.push('\n');
    text
}

/// A value that begins at column `column`, without the line end after it.
pub(super) fn block(value: &Value, column: usize, style: Style) -> String {
    let mut printer = Printer { out: String::new(), style };
    printer.block(value, column);
    printer.out
}

/// What stands behind the colon of a key that is at `column`, without the line end after it.
pub(super) fn after_colon(value: &Value, column: usize, style: Style) -> String {
    let mut printer = Printer { out: String::new(), style };
    printer.after_colon(value, column);
    printer.out
}

/// What stands behind a dash that is at `column`, without the line end after it.
pub(super) fn after_dash(value: &Value, column: usize, style: Style) -> String {
    let mut printer = Printer { out: " ".to_owned(), style };
    printer.block(value, column + STEP);
    printer.out
}

/// A key and its value, as a line of a mapping at `column`.
pub(super) fn entry(key: &str, value: &Value, column: usize, style: Style) -> String {
    let mut printer = Printer { out: String::new(), style };
    printer.entry(key, value, column);
    printer.out
}

struct Printer {
    out: String,
    style: Style,
}

impl Printer {
    fn block(&mut self, value: &Value, column: usize) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (i, (key, value)) in fields.iter().enumerate() {
                    if i > 0 {
                        self.line(column);
                    }
                    self.entry(key, value, column);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        self.line(column);
                    }
                    self.out.push_str("- ");
                    self.block(item, column + STEP);
                }
            }
            // Where a document is nothing but a string, nothing is left of its lines to move in.
            _ if column == 0 => self.out.push_str(&flow(value)),
            _ => self.scalar(value, column),
        }
    }

    fn entry(&mut self, key: &str, value: &Value, column: usize) {
        let key = inline(key);
        if key.chars().count() < MAX_KEY {
            self.out.push_str(&key);
        } else {
            self.out.push_str("? ");
            self.out.push_str(&key);
            self.line(column);
        }
        self.out.push(':');
        self.after_colon(value, column);
    }

    fn after_colon(&mut self, value: &Value, column: usize) {
        let column = match value {
            Value::Object(fields) if !fields.is_empty() => column + STEP,
            Value::Array(items) if !items.is_empty() => column + self.style.sequence,
            _ => {
                self.out.push(' ');
                return self.scalar(value, column + STEP);
            }
        };
        self.line(column);
        self.block(value, column);
    }

    fn scalar(&mut self, value: &Value, column: usize) {
        match value {
            Value::String(text) if is_literal(text) => self.literal(text, column),
            Value::String(text) => self.out.push_str(&inline(text)),
            _ => self.out.push_str(&flow(value)),
        }
    }

    fn literal(&mut self, text: &str, column: usize) {
        let body = text.strip_suffix('\n');
        self.out.push_str(match body {
            None => "|-",
            Some(body) if body.ends_with('\n') => "|+",
            Some(_) => "|",
        });
        for line in body.unwrap_or(text).split('\n') {
            self.line(if line.is_empty() { 0 } else { column });
            self.out.push_str(line);
        }
    }

    fn line(&mut self, column: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', column));
    }
}

/// Whether a string of several lines can be shown as such.
fn is_literal(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n'])
        && !text.contains(" \n")
        && !text.ends_with(' ')
        && text.chars().all(|c| c == '\n' || is_printable(c))
}

/// A string on one line.
pub(super) fn inline(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if is_ambiguous(text) || !text.chars().all(is_printable) {
        double_quoted(text)
    } else {
        single_quoted(text)
    }
}

/// Whether a string can stand without quotes in a block collection, and is read as a string.
pub(super) fn is_plain(text: &str) -> bool {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return false };
    let begins_well = match first {
        '-' | '?' | ':' => chars.next().is_some_and(|next| next != ' '),
        _ => !",[]{}#&*!|>'\"%@` ".contains(first),
    };
    begins_well
        && !["---", "..."].iter().any(|mark| text.starts_with(mark))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(is_printable)
        && !is_ambiguous(text)
}

/// Whether a string can stand without quotes in brackets, too.
pub(super) fn is_plain_in_flow(text: &str) -> bool {
    is_plain(text)
        && !text.starts_with(['-', '?', ':'])
        && text.chars().all(|c| c.is_alphanumeric() || "._-/:@+ ".contains(c))
}

/// Characters that every reader of YAML takes as they are.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

pub(super) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub(super) fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            c => {
                // Writing to a string does not fail.
                let _ = match u32::from(c) {
                    n @ ..=0xff => write!(out, "\\x{n:02x}"),
                    n @ ..=0xffff => write!(out, "\\u{n:04x}"),
                    n => write!(out, "\\U{n:08x}"),
                };
            }
        }
    }
    out.push('"');
    out
}

/// A value on one line, with brackets where it is a collection.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number_text(number),
        Value::String(text) if is_plain_in_flow(text) => text.clone(),
        Value::String(text) => double_quoted(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => flow_mapping(fields),
    }
}

fn flow_mapping(fields: &Map<String, Value>) -> String {
    let entries = fields.iter().map(|(key, value)| {
        let key = if is_plain_in_flow(key) { key.clone() } else { double_quoted(key) };
        let mark = if key.chars().count() < MAX_KEY { "" } else { "? " };
        format!("{mark}{key}: {}", flow(value))
    });
    format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
}

/// A number in a form that readers of YAML 1.1 take for one, too: with an exponent it needs a point and a sign.
fn number_text(number: &Number) -> String {
    let text = number.to_string();
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
    format!("{digits}{point}e{sign}{exponent}")
}
