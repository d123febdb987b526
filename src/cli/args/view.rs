//! How results are written: by all verbs alike as text or JSON, by those that work on image streams in more ways.

use std::ffi::OsStr;
use std::fmt;

use clap::builder::{EnumValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args, Command, Error, ValueEnum};

use super::{Format, UsageError};

/// How a result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum View {
    /// For people
    #[default]
    Text,
    /// All that is known, for people
    Describe,
    /// The name alone
    Name,
    /// What has moved, as assignments for a shell
    Env,
    /// The object, for programs and people
    Yaml,
    /// For programs
    Json,
}

impl View {
    /// How messages are written that go with it.
    pub(crate) fn format(self) -> Format {
        match self {
            Self::Json => Format::Json,
            Self::Text | Self::Describe | Self::Name | Self::Env | Self::Yaml => Format::Text,
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}

/// The views of verbs that do not say otherwise.
pub(crate) const PLAIN: &[View] = &[View::Text, View::Json];
/// The views of `import-image`.
pub(crate) const OF_IMPORT: &[View] =
    &[View::Text, View::Describe, View::Name, View::Env, View::Yaml, View::Json];
/// The views of `import-image --all-streams`.
pub(crate) const OF_IMPORTS: &[View] = &[View::Text, View::Env, View::Json];
/// The views of a list of streams.
pub(crate) const OF_STREAMS: &[View] = &[View::Text, View::Name, View::Yaml, View::Json];
/// The views of a document.
pub(crate) const OF_DOCUMENT: &[View] = &[View::Yaml, View::Json];

/// Refuses a view that is not among those of a verb.
pub(crate) fn check(view: View, views: &[View]) -> Result<(), UsageError> {
    if views.contains(&view) {
        return Ok(());
    }
    let views: Vec<String> = views.iter().map(ToString::to_string).collect();
    Err(UsageError(format!("-o {view} is not for this: use {}", views.join(", "))))
}

/// Reads a view, whichever verb it is for, but offers only some.
#[derive(Clone, Copy)]
pub(super) struct Offer(pub(super) &'static [View]);

impl TypedValueParser for Offer {
    type Value = View;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, Error> {
        EnumValueParser::new().parse_ref(command, arg, value).map_err(|error| {
            let offered = PossibleValuesParser::new(self.0.iter().map(ToString::to_string));
            offered.parse_ref(command, arg, value).err().unwrap_or(error)
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().filter_map(ValueEnum::to_possible_value)))
    }
}

/// The global `--output`, with the views of one verb. clap gives it whatever the global one was given.
macro_rules! output_args {
    ($(#[$doc:meta])* $name:ident, $views:ident, $default:ident, $help:literal) => {
        $(#[$doc])*
        #[derive(Args, Clone, Copy)]
        #[command(next_help_heading = "Global options")]
        pub(crate) struct $name {
            #[arg(id = "output", short, long, value_name = "FORMAT", value_parser = Offer($views),
                  default_value_t = View::$default, hide_possible_values = true, help = $help)]
            pub(crate) view: View,
        }
    };
}

output_args!(
    /// For `import-image`.
    ImportOutput,
    OF_IMPORT,
    Text,
    "How the result is written: text, what became of each tag; describe, as oc does; name; env, what moved as \
     assignments for a shell; the stream as yaml or json; with json, errors are JSON too"
);
output_args!(
    /// For lists of streams.
    StreamsOutput,
    OF_STREAMS,
    Text,
    "How streams are written: text, name, yaml or json; with json, errors are JSON too"
);
output_args!(
    /// For one document.
    DocumentOutput,
    OF_DOCUMENT,
    Yaml,
    "How the stream is written: yaml or json; with json, errors are JSON too"
);
