//! `schema`.

use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  longshore schema mirror > mirror.schema.json
  longshore schema tag-sync > tag-sync.schema.json
  # and as the first line of longshore.yaml, for editors with a YAML language server:
  # yaml-language-server: $schema=mirror.schema.json";

/// Print the JSON schema of a file
///
/// Editors complete and check files by it, and so do validators in CI.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SchemaArgs {
    /// The kind of file
    #[arg(value_enum, value_name = "KIND")]
    pub(crate) kind: Schema,
}

/// A kind of file that there is a schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Schema {
    /// What 'mirror --config' reads
    Mirror,
    /// What 'tag-sync' reads
    TagSync,
}

impl Schema {
    /// The schema (JSON Schema 2020-12).
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Mirror => include_str!("../../../schemas/mirror.schema.json"),
            Self::TagSync => include_str!("../../../schemas/tag-sync.schema.json"),
        }
    }
}
