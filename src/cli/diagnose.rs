//! From a typed error to what to do about it, and to an exit code. The only place that does so; it looks at types,
//! never at the text of a message.

use std::error::Error;

use longshore::model::one_line;
use longshore::store;
use serde_json::json;

use super::args::UsageError;
use super::console::{Colour, Console};
use super::exit::Exit;

/// An error made ready for a person.
pub(crate) struct Diagnosis {
    what: String,
    causes: Vec<String>,
    hint: Option<String>,
    pub(crate) exit: Exit,
}

/// What the type of an error tells.
struct Finding {
    exit: Exit,
    hint: Option<String>,
}

impl Finding {
    fn new(exit: Exit) -> Self {
        Self { exit, hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

pub(crate) fn diagnose(error: &anyhow::Error) -> Diagnosis {
    let mut messages: Vec<String> =
        error.chain().map(|error| one_line(&error.to_string(), 1000)).collect();
    messages.dedup();
    let what = messages.remove(0);
    let finding = error.chain().find_map(recognise).unwrap_or(Finding::new(Exit::Failed));
    Diagnosis { what, causes: messages, hint: finding.hint, exit: finding.exit }
}

impl Diagnosis {
    /// The error as lines for a person.
    pub(crate) fn text(&self, console: &Console) -> String {
        let mut text = format!("{}: {}\n", console.paint(Colour::Red, "error"), self.what);
        for cause in &self.causes {
            text.push_str(&format!("  cause: {cause}\n"));
        }
        if let Some(hint) = &self.hint {
            text.push_str(&format!("  {}: {hint}\n", console.paint(Colour::Green, "hint")));
        }
        text
    }

    /// The error as one line of JSON.
    pub(crate) fn json(&self) -> String {
        let error = json!({
            "kind": self.exit.name(),
            "exit": self.exit.code(),
            "message": self.what,
            "causes": self.causes,
            "hint": self.hint,
        });
        format!("{}\n", json!({ "error": error }))
    }
}

/// What is known of one error of the chain; `None` leaves the word to its cause.
fn recognise(error: &(dyn Error + 'static)) -> Option<Finding> {
    if error.is::<UsageError>() {
        return Some(Finding::new(Exit::Usage).hint("--help after the verb shows how it is used"));
    }
    if let Some(error) = error.downcast_ref::<store::Error>() {
        return of_store(error);
    }
    if error.is::<std::io::Error>() {
        return Some(Finding::new(Exit::Local));
    }
    None
}

fn of_store(error: &store::Error) -> Option<Finding> {
    let exit = match error {
        store::Error::NotFound { .. } => Exit::NotFound,
        store::Error::Digest { .. } | store::Error::Size { .. } | store::Error::Manifest { .. } => {
            Exit::Verification
        }
        store::Error::Name { .. }
        | store::Error::Several { .. }
        | store::Error::Unsupported { .. } => Exit::Usage,
        store::Error::Backend(cause) => return recognise(cause.as_ref()),
        _ => Exit::Local,
    };
    Some(Finding::new(exit))
}
