//! From a typed error to what to do about it, and to an exit code. The only place that does so; it looks at types,
//! never at the text of a message.

mod known;

use std::fmt::Write as _;

use longshore::model::one_line;
use serde_json::{Value, json};

use self::known::{Finding, recognise};
use super::console::{Colour, Console};
use super::exit::Exit;

/// The most characters of one message: foreign text is cut before it comes here, names are not.
const WIDTH: usize = 1000;

/// An error made ready for a person.
pub(crate) struct Diagnosis {
    what: String,
    causes: Vec<String>,
    hint: Option<String>,
    pub(crate) exit: Exit,
}

pub(crate) fn diagnose(error: &anyhow::Error) -> Diagnosis {
    let mut messages: Vec<String> =
        error.chain().map(|error| one_line(&error.to_string(), WIDTH)).collect();
    messages.dedup();
    let what = messages.remove(0);
    let finding = error.chain().find_map(recognise).unwrap_or_else(|| Finding::of(Exit::Failed));
    Diagnosis { what, causes: messages, hint: finding.hint, exit: finding.exit }
}

impl Diagnosis {
    /// The error as lines for a person.
    pub(crate) fn text(&self, console: &Console) -> String {
        let mut text = format!("{}: {}\n", console.paint(Colour::Red, "error"), self.what);
        for cause in &self.causes {
            let _ = writeln!(text, "  cause: {cause}");
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "  {}: {hint}", console.paint(Colour::Green, "hint"));
        }
        text
    }

    /// The error as JSON.
    pub(crate) fn value(&self) -> Value {
        json!({
            "kind": self.exit.name(),
            "exit": self.exit.code(),
            "message": self.what,
            "causes": self.causes,
            "hint": self.hint,
        })
    }
}
