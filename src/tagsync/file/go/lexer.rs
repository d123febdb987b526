//! What stands between the braces of a template, taken apart.

use std::iter::Peekable;
use std::str::CharIndices;

/// A part of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// In quotes.
    Text(String),
    Number(usize),
    /// `.Sync.Source`
    Field(String),
    /// `env`, `time.Now.Format`
    Name(String),
    Open,
    Close,
    Pipe,
}

/// The parts; `None` where there is something else.
pub(super) fn tokens(action: &str) -> Option<Vec<Token>> {
    let mut characters = action.char_indices().peekable();
    let mut tokens = Vec::new();
    while let Some((begin, character)) = characters.next() {
        let token = match character {
            _ if character.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '|' => Token::Pipe,
            '`' => {
                let end = characters.find(|(_, character)| *character == '`')?.0;
                Token::Text(action[begin + 1..end].to_owned())
            }
            '"' => Token::Text(quoted(&mut characters)?),
            _ => word(&action[begin..], &mut characters)?,
        };
        tokens.push(token);
    }
    Some(tokens)
}

/// A text up to its closing quote.
fn quoted(characters: &mut Peekable<CharIndices<'_>>) -> Option<String> {
    let mut text = String::new();
    loop {
        text.push(match characters.next()?.1 {
            '"' => return Some(text),
            '\\' => match characters.next()?.1 {
                'n' => '\n',
                't' => '\t',
                character @ ('"' | '\\' | '\'') => character,
                _ => return None,
            },
            character => character,
        });
    }
}

/// A number, a name or a field, of which the first character is taken already.
fn word(rest: &str, characters: &mut Peekable<CharIndices<'_>>) -> Option<Token> {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let length = rest.find(|c| !is_inside(c)).unwrap_or(rest.len());
    let word = &rest[..length];
    while characters.next_if(|(_, character)| is_inside(*character)).is_some() {}
    match word.chars().next()? {
        '.' => Some(Token::Field(word.to_owned())),
        first if first.is_ascii_digit() => word.parse().ok().map(Token::Number),
        _ => Some(Token::Name(word.to_owned())),
    }
}
