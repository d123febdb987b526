//! `credential-helper`: other programs ask for a login over standard input and output.

use std::io;
use std::sync::Arc;

use longshore::auth::{HelperAction, Keyring, Vault, answer_helper};

use crate::cli::Context;
use crate::cli::args::{HelperArgs, HelperVerb};
use crate::cli::exit::Exit;

/// Errors go to standard output: that is where the protocol wants them.
pub(super) async fn run(args: HelperArgs, context: &Context) -> anyhow::Result<Exit> {
    let action = match args.action {
        HelperVerb::Get => HelperAction::Get,
        HelperVerb::Store => HelperAction::Store,
        HelperVerb::Erase => HelperAction::Erase,
        HelperVerb::List => HelperAction::List,
    };
    let vault: Arc<dyn Vault> = Arc::new(Keyring);
    match answer_helper(action, io::stdin(), &vault).await {
        Ok(answer) => {
            context.output.bytes(answer.as_bytes())?;
            Ok(Exit::Done)
        }
        Err(error) => {
            let chain: Vec<String> =
                anyhow::Error::new(error).chain().map(ToString::to_string).collect();
            context.output.line(chain.join(": "))?;
            Ok(Exit::Failed)
        }
    }
}
