//! `completion`.

use clap::Args;
use clap_complete::Shell;

const EXAMPLES: &str = "\
Examples:
  longshore completion bash > ~/.local/share/bash-completion/completions/longshore
  longshore completion zsh > ~/.zfunc/_longshore
  longshore completion fish > ~/.config/fish/completions/longshore.fish";

/// Print the completion script for a shell
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionArgs {
    /// The shell
    pub(crate) shell: Shell,
}
