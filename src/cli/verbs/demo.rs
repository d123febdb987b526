//! `demo`: a walk through the verbs against a registry of its own. Every command that is shown is parsed and run as if
//! it had been typed.

use std::fs;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context as _, bail, ensure};
use clap::Parser as _;
use longshore::config::{ConnectionOptions, Env};
use longshore::model::Digest;
use longshore::ops;
use longshore::server::{Htpasswd, Options, Server};
use tempfile::TempDir;

use super::{ends, start};
use crate::cli::Context;
use crate::cli::args::{Access, Cli, DemoArgs, Format, UsageError};
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::prompt::Input;

/// A small image for several platforms.
const IMAGE: &[u8] = include_bytes!("../../../fixtures/demo.oci.tar");

/// The cost of the hash of a password that lives for seconds.
const HASH_COST: u32 = 4;

/// What is told, the command that follows, and what a shell would feed it. `@` stands for the registry.
const STEPS: [(&str, &str, &str); 7] = [
    (
        "Log in. The password is proved against the registry before it is kept.",
        "login --plain-http --username demo --password-stdin @",
        " < password",
    ),
    (
        "Push an image for two platforms from an archive. A result is DIGEST and place.",
        "push --plain-http oci-archive:app.tar @/demo/app:v1",
        "",
    ),
    ("See what the registry has now.", "inspect --plain-http @/demo/app:v1", ""),
    (
        "Pull it, with all its platforms, into an OCI layout.",
        "pull --plain-http @/demo/app:v1 oci:layout:v1",
        "",
    ),
    (
        "Pull one platform into an archive for 'podman load' or 'docker load'.",
        "pull --plain-http --platform linux/amd64 @/demo/app:v1 docker-archive:amd64.tar",
        "",
    ),
    (
        "Mirror it to another repository and to a second layout.",
        "mirror --src-plain-http --dest-plain-http @/demo/app:v1 @/mirror/app:v1 oci:backup:v1",
        "",
    ),
    ("List the tags of the new repository.", "tags --plain-http @/mirror/app", ""),
];

/// Places that have the same image after that.
const COPIES: [&str; 5] =
    ["oci-archive:app.tar", "@/demo/app:v1", "oci:layout:v1", "@/mirror/app:v1", "oci:backup:v1"];

pub(super) async fn run(args: DemoArgs, context: &Context) -> anyhow::Result<Exit> {
    let workplace = Workplace::make(args.keep)?;
    let dir = workplace.path();
    let password: String = std::iter::repeat_with(fastrand::alphanumeric).take(16).collect();
    let users = format!("demo:{}\n", bcrypt::hash(&password, HASH_COST)?);
    lay_out(dir, &password, &users).context("cannot write the files of the demo")?;
    let users = Some(Htpasswd::parse(&users)?);
    let options = Options { users, ..Options::new(dir.join("registry")) };
    let server = Server::bind("127.0.0.1:0", options).await?;
    let registry = server.local_addr().to_string();
    let inner = Context {
        env: isolated(dir),
        registries: OnceLock::new(),
        input: Input::Text(password),
        output: Output::new(Format::Text),
        console: context.console.clone(),
        quiet: true,
    };
    tokio::select! {
        exit = walk(dir, &registry, &inner) => exit,
        () = server.run(pending()) => bail!("the registry of the demo came to an end"),
    }
}

/// Puts the files of the walk into `dir` and goes there, so that commands can be shown as they would be typed.
fn lay_out(dir: &Path, password: &str, users: &str) -> std::io::Result<()> {
    fs::write(dir.join("app.tar"), IMAGE)?;
    fs::write(dir.join("users"), users)?;
    fs::write(dir.join("password"), password)?;
    std::env::set_current_dir(dir)
}

/// An environment in which nothing of the person's own is read or written.
fn isolated(dir: &Path) -> Env {
    let authfile = dir.join("auth.json").display().to_string();
    Env::fake(
        dir,
        [("REGISTRY_AUTH_FILE", authfile.as_str()), ("CONTAINERS_REGISTRIES_CONF", "/dev/null")],
    )
}

async fn walk(dir: &Path, registry: &str, inner: &Context) -> anyhow::Result<Exit> {
    let out = inner.output;
    out.line("# A registry of our own, with one user. Nothing outside this folder is touched.")?;
    out.line(format_args!("$ cd {}", dir.display()))?;
    out.line("$ export REGISTRY_AUTH_FILE=$PWD/auth.json")?;
    out.line(format_args!("$ longshore serve --addr {registry} --htpasswd users registry &"))?;
    for (tells, command, fed) in STEPS {
        let exit = step(tells, &command.replace('@', registry), fed, inner).await?;
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    let digest = compare(registry, inner).await?;
    out.line(format_args!("\n# One image, one digest in all {} places: {digest}", COPIES.len()))?;
    step("Log out.", &format!("logout {registry}"), "", inner).await
}

/// Shows a command, then does what it says.
async fn step(tells: &str, command: &str, fed: &str, inner: &Context) -> anyhow::Result<Exit> {
    inner.output.line(format_args!("\n# {tells}\n$ longshore {command}{fed}"))?;
    let words = ["longshore"].into_iter().chain(command.split_whitespace());
    start(Cli::try_parse_from(words)?.command, inner)?.await
}

/// The digest that all copies have.
async fn compare(registry: &str, inner: &Context) -> anyhow::Result<Digest> {
    let connection = ConnectionOptions { plain_http: true, ..ConnectionOptions::default() };
    let access = Access { connection, ..Access::default() };
    let mut digests = Vec::new();
    for place in COPIES {
        let place = place.replace('@', registry).parse()?;
        let open = ends::one(&access, &place, inner)?;
        digests.push(ops::inspect(open.as_ref(), &place, None).await?.manifest.digest().clone());
    }
    ensure!(digests.windows(2).all(|pair| pair[0] == pair[1]), "the copies differ: {digests:?}");
    Ok(digests.swap_remove(0))
}

/// The folder of the demo, gone in the end unless it is to be kept.
enum Workplace {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Workplace {
    fn make(keep: Option<PathBuf>) -> anyhow::Result<Self> {
        let Some(dir) = keep else {
            let dir = tempfile::Builder::new().prefix("longshore-demo-").tempdir();
            return Ok(Self::Temporary(dir.context("cannot make a temporary folder")?));
        };
        let what = || format!("cannot make the folder {}", dir.display());
        fs::create_dir_all(&dir).with_context(what)?;
        if fs::read_dir(&dir).with_context(what)?.next().is_some() {
            bail!(UsageError(format!("{} is not empty", dir.display())));
        }
        Ok(Self::Kept(dir.canonicalize().with_context(what)?))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(dir) => dir,
            Self::Temporary(dir) => dir.path(),
        }
    }
}
