//! Templates of Go, as far as files of regsync need them: values, the functions that regsync has, pipelines. There are
//! neither conditions nor loops nor variables.

use super::lexer::{Token, tokens};
use crate::model::one_line;
use crate::tagsync::file::Surroundings;

/// What a template can ask for.
pub(in super::super) struct Data<'a> {
    pub(in super::super) surroundings: &'a dyn Surroundings,
    /// What stands behind a dot, as `.Sync.Source` does.
    pub(in super::super) field: &'a dyn Fn(&str) -> Option<Text>,
}

/// What a template stands for: text, and fields of templates of this program for what is known later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Text(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Plain(String),
    Field(&'static str),
}

impl Text {
    pub(in super::super) fn plain(text: impl Into<String>) -> Self {
        Self(vec![Part::Plain(text.into())])
    }

    /// What is called `name` in templates of this program.
    pub(in super::super) fn field(name: &'static str) -> Self {
        Self(vec![Part::Field(name)])
    }

    /// The text, if all of it is known.
    pub(in super::super) fn known(&self) -> Option<String> {
        let parts = self.0.iter().map(|part| match part {
            Part::Plain(text) => Some(text.as_str()),
            Part::Field(_) => None,
        });
        parts.collect()
    }

    /// The same as a template of this program.
    pub(in super::super) fn template(&self) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Plain(text) => text.clone(),
            Part::Field(name) => format!("{{{name}}}"),
        });
        parts.collect()
    }

    fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// Why a template stands for nothing.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum Why {
    /// What it says; it may be quoted.
    #[error("{0}")]
    Form(String),
    /// A file that it names.
    #[error("cannot read {path}: {source}")]
    File {
        path: String,
        #[source]
        source: std::io::Error,
    },
}

/// What `template` stands for.
pub(in super::super) fn expand(template: &str, data: &Data<'_>) -> Result<Text, Why> {
    let mut whole = Text::default();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        let end = end_of(behind).ok_or_else(|| {
            Why::Form(format!("'{}' has '{{{{' without '}}}}'", one_line(template, 80)))
        })?;
        let (action, behind) = (&behind[..end], &behind[end + 2..]);
        let (before, action) = match action.strip_prefix("- ") {
            Some(action) => (before.trim_end(), action),
            None => (before, action),
        };
        let (action, behind) = match action.strip_suffix(" -") {
            Some(action) => (action, behind.trim_start()),
            None => (action, behind),
        };
        whole.extend(Text::plain(before));
        if !action.trim_start().starts_with("/*") {
            whole.extend(Action { text: action, data }.value()?);
        }
        rest = behind;
    }
    whole.extend(Text::plain(rest));
    whole.0.retain(|part| *part != Part::Plain(String::new()));
    Ok(whole)
}

/// Where an action ends: at `}}` that is in no quotes.
fn end_of(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut is_escaped = false;
    text.char_indices().find_map(|(index, character)| {
        match (quote, character) {
            _ if is_escaped => is_escaped = false,
            (Some('"'), '\\') => is_escaped = true,
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '`') => quote = Some(character),
            (None, '}') if text[index..].starts_with("}}") => return Some(index),
            _ => {}
        }
        None
    })
}

/// A value in an action.
#[derive(Clone, Debug)]
enum Value {
    Text(Text),
    List(Vec<String>),
    Number(usize),
    /// What `time` and `time.Now` stand for.
    Time,
}

/// What stands between braces.
struct Action<'a> {
    text: &'a str,
    data: &'a Data<'a>,
}

impl Action<'_> {
    fn value(&self) -> Result<Text, Why> {
        let tokens = tokens(self.text).ok_or_else(|| self.unknown())?;
        let mut tokens = tokens.as_slice();
        let value = self.pipeline(&mut tokens)?;
        match (value, tokens) {
            (Value::Text(text), []) => Ok(text),
            (Value::Number(number), []) => Ok(Text::plain(number.to_string())),
            _ => Err(self.unknown()),
        }
    }

    fn unknown(&self) -> Why {
        let action = one_line(self.text.trim(), 80);
        Why::Form(format!(
            "'{{{{{action}}}}}' is more than is known of templates here: write what it stands for"
        ))
    }

    /// Commands, each of which is given what the one before it gives.
    fn pipeline(&self, tokens: &mut &[Token]) -> Result<Value, Why> {
        let mut value = self.command(tokens, None)?;
        while let [Token::Pipe, rest @ ..] = *tokens {
            *tokens = rest;
            value = self.command(tokens, Some(value))?;
        }
        Ok(value)
    }

    fn command(&self, tokens: &mut &[Token], given: Option<Value>) -> Result<Value, Why> {
        let name = match *tokens {
            [Token::Name(name), rest @ ..] => {
                *tokens = rest;
                Some(name)
            }
            _ => None,
        };
        let mut arguments = Vec::new();
        while let Some(argument) = self.operand(tokens)? {
            arguments.push(argument);
        }
        arguments.extend(given);
        match (name, arguments.as_slice()) {
            (Some(name), arguments) => self.call(name, arguments),
            (None, [value]) => Ok(value.clone()),
            (None, _) => Err(self.unknown()),
        }
    }

    fn operand(&self, tokens: &mut &[Token]) -> Result<Option<Value>, Why> {
        let [first, rest @ ..] = *tokens else { return Ok(None) };
        let value = match first {
            Token::Text(text) => Value::Text(Text::plain(text)),
            Token::Number(number) => Value::Number(*number),
            Token::Field(name) => Value::Text((self.data.field)(name).ok_or_else(|| {
                let name = one_line(name, 80);
                Why::Form(format!("'{name}' is not known here: write what it stands for"))
            })?),
            // A function without arguments.
            Token::Name(name) => {
                let value = self.call(name, &[])?;
                *tokens = rest;
                return Ok(Some(value));
            }
            Token::Open => {
                *tokens = rest;
                let value = self.pipeline(tokens)?;
                let [Token::Close, rest @ ..] = *tokens else { return Err(self.unknown()) };
                *tokens = rest;
                return Ok(Some(value));
            }
            Token::Close | Token::Pipe => return Ok(None),
        };
        *tokens = rest;
        Ok(Some(value))
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, Why> {
        let text = |index: usize| match arguments.get(index) {
            Some(Value::Text(text)) => text.known().ok_or_else(|| self.unknown()),
            _ => Err(self.unknown()),
        };
        let is_empty = |value: &Value| matches!(value, Value::Text(text) if text.known().as_deref() == Some(""));
        let value = match (name, arguments) {
            ("env", [_]) => self.data.surroundings.variable(&text(0)?).unwrap_or_default(),
            ("file", [_]) => self.file(&text(0)?)?,
            ("lower", [_]) => text(0)?.to_lowercase(),
            ("upper", [_]) => text(0)?.to_uppercase(),
            ("default", [other, value]) => {
                return Ok(if is_empty(value) { other.clone() } else { value.clone() });
            }
            ("split", [_, _]) => {
                let parts = text(0)?.split(&text(1)?).map(str::to_owned).collect();
                return Ok(Value::List(parts));
            }
            ("join", [Value::List(parts), _]) => parts.join(&text(1)?),
            ("index", [Value::List(parts), Value::Number(index)]) => {
                let why = || {
                    let action = one_line(self.text.trim(), 80);
                    Why::Form(format!("'{{{{{action}}}}}' has no part {index}"))
                };
                parts.get(*index).cloned().ok_or_else(why)?
            }
            ("printf", [_, values @ ..]) => return self.printf(&text(0)?, values).map(Value::Text),
            ("time" | "time.Now" | "time.Now.UTC", []) => return Ok(Value::Time),
            ("time.Now.Format" | "time.Now.UTC.Format", [_]) => {
                return date(&text(0)?).map(Value::Text).ok_or_else(|| self.unknown());
            }
            _ => return Err(self.unknown()),
        };
        Ok(Value::Text(Text::plain(value)))
    }

    fn file(&self, path: &str) -> Result<String, Why> {
        let read = self.data.surroundings.file(path.as_ref());
        let text = read.map_err(|source| Why::File { path: one_line(path, 200), source })?;
        Ok(text.trim().to_owned())
    }

    fn printf(&self, format: &str, values: &[Value]) -> Result<Text, Why> {
        let mut pieces = format.split('%');
        let mut whole = Text::plain(pieces.next().unwrap_or_default());
        let mut values = values.iter();
        for piece in pieces {
            let value = match (piece.chars().next(), values.next()) {
                (Some('s' | 'v'), Some(Value::Text(text))) => text.clone(),
                (Some('d' | 'v'), Some(Value::Number(number))) => Text::plain(number.to_string()),
                _ => return Err(self.unknown()),
            };
            whole.extend(value);
            whole.extend(Text::plain(&piece[1..]));
        }
        match values.next() {
            None => Ok(whole),
            Some(_) => Err(self.unknown()),
        }
    }
}

/// What a layout of Go stands for: `20060102` is the date.
fn date(layout: &str) -> Option<Text> {
    const KNOWN: [(&str, &str); 8] = [
        ("20060102", "date"),
        ("150405", "time"),
        ("2006", "year"),
        ("01", "month"),
        ("02", "day"),
        ("15", "hour"),
        ("04", "minute"),
        ("05", "second"),
    ];
    let mut whole = Text::default();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        let known =
            KNOWN.iter().find_map(|(layout, name)| Some((rest.strip_prefix(layout)?, name)));
        rest = match known {
            Some((behind, name)) => {
                whole.extend(Text::field(name));
                behind
            }
            None if "-_.T".contains(first) => {
                whole.extend(Text::plain(first));
                &rest[1..]
            }
            None => return None,
        };
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::*;

    struct Made;

    impl Surroundings for Made {
        fn variable(&self, name: &str) -> Option<String> {
            (name == "HOME").then(|| "/home/me".to_owned())
        }

        fn file(&self, path: &Path) -> io::Result<String> {
            match path.to_str() {
                Some("/run/token") => Ok(" t0ken\n".to_owned()),
                _ => Err(io::Error::new(io::ErrorKind::NotFound, "not there")),
            }
        }
    }

    fn expanded(template: &str) -> Result<String, Why> {
        let field = |name: &str| match name {
            ".Sync.Source" => Some(Text::plain("gcr.io/Example/repo")),
            ".Ref.Tag" => Some(Text::field("tag")),
            _ => None,
        };
        let data = Data { surroundings: &Made, field: &field };
        expand(template, &data).map(|text| text.template())
    }

    #[test]
    fn a_template_is_expanded() {
        for (template, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("{{env \"HOME\"}}/x", "/home/me/x"),
            ("{{ env `HOME` }}", "/home/me"),
            ("{{env \"NONE\"}}", ""),
            ("{{env \"NONE\" | default \"x\"}}", "x"),
            ("{{default \"x\" (env \"HOME\")}}", "/home/me"),
            ("{{file \"/run/token\"}}", "t0ken"),
            ("r.io/{{ .Sync.Source }}", "r.io/gcr.io/Example/repo"),
            ("r.io/{{ index (split .Sync.Source \"gcr.io/\") 1 }}", "r.io/Example/repo"),
            ("{{ join (split .Sync.Source \"/\") \"-\" | lower }}", "gcr.io-example-repo"),
            ("{{upper \"a}}b\"}}", "A}}B"),
            ("{{\"a\\\"b\"}}", "a\"b"),
            ("a {{- \" b \" -}} c", "a b c"),
            ("a{{/* no word */}}b", "ab"),
            ("bkup-{{.Ref.Tag}}", "bkup-{tag}"),
            ("{{printf \"%s-%s\" .Ref.Tag \"x\"}}", "{tag}-x"),
            ("{{.Ref.Tag}}-{{time.Now.Format \"20060102\"}}", "{tag}-{date}"),
            ("{{.Ref.Tag}}-{{time.Now.UTC.Format \"20060102-150405\"}}", "{tag}-{date}-{time}"),
            ("{{time.Now.Format \"2006-01-02T15\"}}", "{year}-{month}-{day}T{hour}"),
        ] {
            assert_eq!(expanded(template).unwrap(), expected, "{template}");
        }
    }

    #[test]
    fn what_is_not_known_is_told() {
        for (template, told) in [
            ("{{env \"HOME\"", "has '{{' without '}}'"),
            ("{{if true}}a{{end}}", "'{{if true}}' is more than is known of templates here"),
            ("{{$t := time.Now}}", "'{{$t := time.Now}}' is more than is known"),
            ("{{range .X}}", "'.X' is not known here"),
            ("{{.Ref.Other}}", "'.Ref.Other' is not known here: write what it stands for"),
            ("{{lower .Ref.Tag}}", "'{{lower .Ref.Tag}}' is more than is known"),
            ("{{time.Now}}", "is more than is known"),
            ("{{time.Now.Format \"Jan 2\"}}", "is more than is known"),
            ("{{file \"/none\"}}", "cannot read /none: not there"),
            ("{{index (split \"a\" \"/\") 1}}", "has no part 1"),
            ("{{env}}", "is more than is known"),
            ("{{}}", "is more than is known"),
            ("{{\"a\" \"b\"}}", "is more than is known"),
            ("{{(env \"HOME\"}}", "is more than is known"),
            ("{{printf \"%s\"}}", "is more than is known"),
            ("{{printf \"%x\" 1}}", "is more than is known"),
        ] {
            let why = expanded(template).unwrap_err().to_string();
            assert!(why.contains(told), "{template}: {why}");
        }
    }

    #[test]
    fn what_is_known_later_is_no_text() {
        let data = Data { surroundings: &Made, field: &|_| None };
        assert_eq!(expand("a{{\"b\"}}", &data).unwrap().known().as_deref(), Some("ab"));
        assert_eq!(expand("{{time.Now.Format \"2006\"}}", &data).unwrap().known(), None);
    }
}
