//! Templates of tags: text with fields such as `{tag}`.

use std::fmt;

use crate::model::one_line;

/// What may stand in braces.
pub(super) trait Field: Copy + PartialEq + 'static {
    /// All that there are, with their names.
    const ALL: &'static [(&'static str, Self)];

    /// The name of one.
    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }
}

/// A template with fields `F`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template<F> {
    text: String,
    pub(super) pieces: Vec<Piece<F>>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<F> {
    /// What stands as it is.
    Text(String),
    /// What something else stands for.
    Field(F),
}

/// Why a text is no template of a tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Nothing.
    #[error("a template is empty: expected text with fields in it: {0}")]
    Empty(String),
    /// A field that there is not.
    #[error("'{template}' has {{{field}}}, which is no field: there are {known}")]
    Field {
        /// What was written.
        template: String,
        /// What stands in braces.
        field: String,
        /// The fields that there are.
        known: String,
    },
    /// A brace alone.
    #[error("'{0}' has a brace that belongs to no field: a field is written {{FIELD}}")]
    Brace(String),
    /// A character that cannot be in a tag.
    #[error("'{template}' has '{character}', which no tag can have: expected A-Z a-z 0-9 _ . -")]
    Character {
        /// What was written.
        template: String,
        /// The first such character.
        character: char,
    },
}

impl<F: Field> Template<F> {
    /// Reads a template.
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            pieces.extend(literal(text, before)?);
            let (name, behind) =
                behind.split_once('}').ok_or_else(|| TemplateError::Brace(shown(text)))?;
            pieces.push(Piece::Field(Self::field(text, name)?));
            rest = behind;
        }
        pieces.extend(literal(text, rest)?);
        if pieces.is_empty() {
            return Err(TemplateError::Empty(known::<F>()));
        }
        Ok(Self { text: text.to_owned(), pieces })
    }

    fn field(template: &str, name: &str) -> Result<F, TemplateError> {
        let field = F::ALL.iter().find(|(known, _)| *known == name).map(|(_, field)| *field);
        field.ok_or_else(|| TemplateError::Field {
            template: shown(template),
            field: one_line(name, 40),
            known: known::<F>(),
        })
    }

    /// Whether `field` is in it.
    pub(super) fn has(&self, field: F) -> bool {
        self.pieces.contains(&Piece::Field(field))
    }

    /// The text with a `value` for each field.
    pub(super) fn fill<E>(&self, value: impl Fn(F) -> Result<String, E>) -> Result<String, E> {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Ok(text.clone()),
            Piece::Field(field) => value(*field),
        });
        pieces.collect()
    }
}

impl<F> fmt::Display for Template<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// What stands as it is, if anything does.
fn literal<F>(template: &str, text: &str) -> Result<Option<Piece<F>>, TemplateError> {
    if text.contains('}') {
        return Err(TemplateError::Brace(shown(template)));
    }
    match foreign(text) {
        Some(character) => Err(TemplateError::Character { template: shown(template), character }),
        None => Ok((!text.is_empty()).then(|| Piece::Text(text.to_owned()))),
    }
}

/// The first character that cannot be in a tag.
pub(super) fn foreign(text: &str) -> Option<char> {
    text.chars().find(|c| !(c.is_ascii_alphanumeric() || "._-".contains(*c)))
}

fn known<F: Field>() -> String {
    F::ALL.iter().map(|(name, _)| format!("{{{name}}}")).collect::<Vec<_>>().join(", ")
}

fn shown(template: &str) -> String {
    one_line(template, 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Letter {
        A,
        B,
    }

    impl Field for Letter {
        const ALL: &'static [(&'static str, Self)] = &[("a", Self::A), ("b", Self::B)];
    }

    fn filled(template: &str) -> Result<String, TemplateError> {
        Template::<Letter>::parse(template)?.fill(|field| Ok(format!("<{}>", field.name())))
    }

    #[test]
    fn fields_are_filled_in() {
        for (template, expected) in [
            ("{a}", "<a>"),
            ("x-{a}.{b}_y", "x-<a>.<b>_y"),
            ("{a}{a}{b}", "<a><a><b>"),
            ("plain", "plain"),
        ] {
            assert_eq!(filled(template).unwrap(), expected);
        }
        let template = Template::<Letter>::parse("x-{a}").unwrap();
        assert!(template.has(Letter::A) && !template.has(Letter::B));
        assert_eq!(template.to_string(), "x-{a}");
    }

    #[test]
    fn what_is_no_template_is_told() {
        for (template, told) in [
            ("", "a template is empty: expected text with fields in it: {a}, {b}"),
            ("x-{c}", "'x-{c}' has {c}, which is no field: there are {a}, {b}"),
            ("{}", "'{}' has {}, which is no field"),
            ("{{a}}", "has {{a}, which is no field"),
            ("x-{a", "'x-{a' has a brace that belongs to no field"),
            ("x-a}", "'x-a}' has a brace that belongs to no field"),
            ("{a} b", "'{a} b' has ' ', which no tag can have: expected A-Z"),
            ("x/{a}", "has '/', which no tag can have"),
        ] {
            assert!(filled(template).unwrap_err().to_string().contains(told), "{template}");
        }
    }
}
