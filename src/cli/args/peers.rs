//! What other tools call our verbs and flags, for people who come from them.

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Words of podman, skopeo, crane and oc, and ours.
const PEERS: [(&str, &[&str]); 14] = [
    ("copy", &["pull", "push", "mirror"]),
    ("cp", &["pull", "push", "mirror"]),
    ("ls", &["tags"]),
    ("list-tags", &["tags"]),
    ("manifest", &["inspect"]),
    ("import", &["import-image"]),
    ("imagestream", &["stream"]),
    ("get", &["stream"]),
    ("describe", &["stream", "inspect"]),
    ("--tls-verify", &["--insecure", "--plain-http"]),
    ("--src-tls-verify", &["--src-insecure", "--src-plain-http"]),
    ("--dest-tls-verify", &["--dest-insecure", "--dest-plain-http"]),
    ("--certificate-authority", &["--ca-file", "--src-ca-file", "--dest-ca-file"]),
    ("--max-registry", &["--jobs"]),
];

/// `error`, with our word for what it does not know.
pub(crate) fn suggest(mut error: Error) -> Error {
    let (unknown, suggested) = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand)
        }
        ErrorKind::UnknownArgument => (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        _ => return error,
    };
    let Some(ContextValue::String(word)) = error.get(unknown) else { return error };
    let ours = PEERS.into_iter().find(|(theirs, _)| theirs == word).map(|(_, ours)| ours);
    if let Some(ours) = ours {
        let ours = ours.iter().map(|word| (*word).to_owned()).collect();
        error.insert(suggested, ContextValue::Strings(ours));
    }
    error
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::Cli;

    #[test]
    fn words_of_other_tools_are_known() {
        for (line, ours) in [
            (&["longshore", "copy", "a", "b"][..], "'mirror'"),
            (&["longshore", "ls", "quay.io/org/app"], "'tags'"),
            (&["longshore", "pull", "--tls-verify=false", "quay.io/org/app"], "'--insecure'"),
            (&["longshore", "mirror", "--max-registry=4", "a.io/a", "b.io/a"], "'--jobs'"),
        ] {
            let text = suggest(Cli::try_parse_from(line).err().unwrap()).to_string();
            assert!(text.contains(ours), "{text}");
        }
    }
}
