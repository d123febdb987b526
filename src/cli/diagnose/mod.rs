//! From a typed error to what to do about it, and to an exit code. The only place that does so; it looks at types,
//! never at the text of a message.

mod imagestreams;
mod known;
mod reactions;
mod tag_sync;

use std::error::Error;
use std::fmt::Write as _;

use longshore::model::one_line;
use longshore::reaction::{Failure, Output};
use serde_json::{Value, json};

use self::known::{Finding, recognise};
use super::args::Format;
use super::console::{Colour, Console};
use super::exit::Exit;

/// The most characters of one message: foreign text is cut before it comes here, names are not.
const WIDTH: usize = 1000;

/// How many lines of a command that failed are told with its error.
pub(crate) const LAST_LINES: usize = 20;

/// An error made ready for a person.
pub(crate) struct Diagnosis {
    what: String,
    causes: Vec<String>,
    hint: Option<String>,
    /// All that is wrong, where the message tells only how much.
    details: Vec<String>,
    /// The last lines of what a command wrote that failed.
    output: Option<Output>,
    pub(crate) exit: Exit,
}

pub(crate) fn diagnose(error: &anyhow::Error) -> Diagnosis {
    let mut messages: Vec<String> =
        error.chain().map(|error| without_logins(&one_line(&error.to_string(), WIDTH))).collect();
    messages.dedup();
    let what = messages.remove(0);
    let failure = error.chain().find_map(|error| error.downcast_ref::<Failure>());
    let output = failure.and_then(Failure::output).map(|output| output.end(LAST_LINES));
    let finding = error.chain().find_map(recognise).unwrap_or_else(|| Finding::of(Exit::Failed));
    let Finding { exit, hint, details } = finding;
    let details = details.iter().map(|line| without_logins(&one_line(line, WIDTH))).collect();
    let hint = hint.map(|hint| without_logins(&hint));
    Diagnosis { what, causes: messages, hint, details, output, exit }
}

/// A text without the passwords of logins that stand before a host, as in `user:password@host`. A tag before a digest
/// is none.
fn without_logins(text: &str) -> String {
    let mut words = text.split('@').peekable();
    let mut shown = String::new();
    while let Some(word) = words.next() {
        let Some(next) = words.peek() else {
            shown.push_str(word);
            break;
        };
        let begins = word.rfind(|c: char| c.is_whitespace() || "/'\"".contains(c));
        let login = &word[begins.map_or(0, |at| at + 1)..];
        match login.split_once(':') {
            Some((user, _)) if !next.starts_with("sha") => {
                shown.push_str(&word[..word.len() - login.len()]);
                shown.push_str(user);
                shown.push_str(":…@");
            }
            _ => {
                shown.push_str(word);
                shown.push('@');
            }
        }
    }
    shown
}

/// The exit code of a run that failed because of `error`.
pub(crate) fn exit_of(error: &(dyn Error + 'static)) -> Exit {
    chain(error).find_map(recognise).map_or(Exit::Failed, |finding| finding.exit)
}

/// An error with its causes, in one line.
pub(crate) fn in_one_line(error: &(dyn Error + 'static), max: usize) -> String {
    let mut messages: Vec<String> = chain(error).map(ToString::to_string).collect();
    messages.dedup();
    one_line(&messages.join(": "), max)
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

impl Diagnosis {
    /// What clap says of a command line, without the usage that it shows to a person.
    pub(crate) fn of_usage(error: &clap::Error) -> Self {
        let text = error.to_string();
        let what: Vec<&str> = text.lines().map(str::trim).take_while(|l| !l.is_empty()).collect();
        let what = what.join(" ");
        let what = what.trim_start_matches("error: ");
        let hint = Some("'longshore help' shows what can be given".to_owned());
        let (what, causes, details) = (one_line(what, WIDTH), Vec::new(), Vec::new());
        Self { what, causes, hint, details, output: None, exit: Exit::Usage }
    }

    /// Tells it in lines for a person, or in one line of JSON, and how the process is to end because of it.
    pub(crate) fn tell(&self, format: Format, console: &Console) -> Exit {
        let text = match format {
            Format::Text => self.text(console),
            Format::Json => format!("{}\n", json!({ "error": self.value() })),
        };
        console.write(text.as_bytes());
        self.exit
    }

    /// The error as lines for a person.
    fn text(&self, console: &Console) -> String {
        let mut text = format!("{}: {}\n", console.paint(Colour::Red, "error"), self.what);
        for cause in &self.causes {
            let _ = writeln!(text, "  cause: {cause}");
        }
        for line in &self.details {
            let _ = writeln!(text, "  - {line}");
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "  {}: {hint}", console.paint(Colour::Green, "hint"));
        }
        text
    }

    /// The error in plain lines: what, its causes, and what to do.
    pub(crate) fn plain(&self) -> String {
        let causes = self.causes.iter().map(|cause| format!("cause: {cause}"));
        let hint = self.hint.iter().map(|hint| format!("hint: {hint}"));
        let lines: Vec<String> =
            std::iter::once(self.what.clone()).chain(causes).chain(hint).collect();
        lines.join("\n")
    }

    /// The error that a report tells of.
    pub(crate) fn of_report(error: &Value) -> Self {
        let line = |text: &str| one_line(text, WIDTH);
        let text = |key: &str| error.get(key).and_then(Value::as_str).map(line);
        let lines = |key: &str| {
            let lines = error.get(key).and_then(Value::as_array).into_iter().flatten();
            lines.filter_map(Value::as_str).map(line).collect()
        };
        let exit = error.get("exit").and_then(Value::as_u64).and_then(Exit::of_code);
        Self {
            what: text("message").unwrap_or_else(|| "it is not told what went wrong".to_owned()),
            causes: lines("causes"),
            hint: text("hint"),
            details: lines("details"),
            output: None,
            exit: exit.unwrap_or(Exit::Failed),
        }
    }

    /// The error as JSON.
    pub(crate) fn value(&self) -> Value {
        let mut value = json!({
            "kind": self.exit.name(),
            "exit": self.exit.code(),
            "message": self.what,
            "causes": self.causes,
            "hint": self.hint,
        });
        if !self.details.is_empty() {
            value["details"] = json!(self.details);
        }
        if let Some(output) = &self.output {
            value["output"] = json!({ "lines": output.lines(), "bytesLeftOut": output.dropped() });
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_read_again_as_it_was_written() {
        let error = anyhow::anyhow!("no such tag").context("cannot copy a to b");
        let written = diagnose(&error).value();
        assert_eq!(Diagnosis::of_report(&written).value(), written);
        let strange = Diagnosis::of_report(&json!({"exit": 99, "message": "a\u{1b}[31m\nb"}));
        assert_eq!(strange.exit, Exit::Failed);
        assert!(!strange.plain().contains(['\u{1b}', '\n']));
    }

    #[test]
    fn passwords_before_a_host_are_not_shown() {
        for (text, shown) in [
            ("'bob:PW@host/app' is no image", "'bob:…@host/app' is no image"),
            ("GET http://bob:PW@host/v2/", "GET http://bob:…@host/v2/"),
            ("bob:p@ss@host", "bob:…@ss@host"),
            ("q.io/org/app:v1@sha256:00 is gone", "q.io/org/app:v1@sha256:00 is gone"),
            ("team@example.com", "team@example.com"),
            ("plain", "plain"),
        ] {
            assert_eq!(without_logins(text), shown);
        }
    }
}
