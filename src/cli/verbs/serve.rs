//! `serve`.

use longshore::server::{Htpasswd, Options, Server, Tls};
use serde_json::json;

use crate::cli::Context;
use crate::cli::args::{Format, ServeArgs};
use crate::cli::exit::Exit;
use crate::cli::interrupt::Interrupts;

/// Serves until the first signal; requests under way may finish. That is how serving ends well.
pub(super) async fn run(args: ServeArgs, context: &Context) -> anyhow::Result<Exit> {
    let mut interrupts = Interrupts::listen()?;
    let users = args.htpasswd.as_deref().map(Htpasswd::read).transpose()?;
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::read(certificate, key)?),
        _ => None,
    };
    if !args.addr.ip().is_loopback() {
        warn_of_openness(&args);
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    let options = Options { users, tls, read_only: args.read_only, ..Options::new(&args.dir) };
    let server = Server::bind(args.addr, options).await?;
    let url = format!("{scheme}://{}", server.local_addr());
    match context.output.format() {
        Format::Text => {
            context.output.line(format_args!("serving {} at {url}", args.dir.display()))?;
        }
        Format::Json => context.output.json(&json!({ "dir": args.dir, "url": url }))?,
    }
    server
        .run(async move {
            interrupts.next().await;
            interrupts.kill_on_next();
        })
        .await;
    Ok(Exit::Done)
}

fn warn_of_openness(args: &ServeArgs) {
    if args.htpasswd.is_none() && !args.read_only {
        tracing::warn!(
            "whoever reaches {} can push and delete: use --htpasswd or --read-only",
            args.addr
        );
    }
    if args.htpasswd.is_some() && args.tls_cert.is_none() {
        tracing::warn!("passwords travel in clear: use --tls-cert and --tls-key");
    }
}
