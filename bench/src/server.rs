//! Registries as processes: Debian's `docker-registry`, and longshore's own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

/// A registry on a free port. Dropping it ends it.
pub(crate) struct Server {
    pub(crate) address: String,
    log: PathBuf,
    child: Child,
}

impl Server {
    /// `docker-registry` with its storage below `folder`, and its access log on as it is by default.
    pub(crate) fn docker(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let config = json!({
            "version": "0.1",
            "log": {"level": "info", "formatter": "text"},
            "storage": {"filesystem": {"rootdirectory": folder.join("storage")}},
            "http": {"addr": "127.0.0.1:0", "secret": "none"},
        });
        let file = folder.join("config.yml");
        fs::write(&file, config.to_string())?;
        let mut command = leashed("docker-registry");
        command.arg("serve").arg(file);
        Self::start(command, folder, "listening on ")
    }

    /// `longshore serve` over `folder`.
    pub(crate) fn longshore(program: &Path, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let mut command = leashed(program);
        command.args(["serve", "--addr", "127.0.0.1:0"]).arg(folder.join("storage"));
        Self::start(command, folder, " at http://")
    }

    fn start(mut command: Command, folder: &Path, before_address: &str) -> Result<Self> {
        let log = folder.join("log");
        let output = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().with_context(|| format!("{command:?}"))?;
        let mut server = Self { address: String::new(), log, child };
        server.address = server.wait(before_address)?;
        Ok(server)
    }

    /// Waits until the log names the address.
    fn wait(&mut self, before_address: &str) -> Result<String> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let text = fs::read_to_string(&self.log)?;
            let address = text
                .split_once(before_address)
                .and_then(|(_, rest)| rest.split_once(['"', ',', '\n', ' ']))
                .map(|(address, _)| address.to_owned());
            if let Some(address) = address {
                return Ok(address);
            }
            let ended = self.child.try_wait()?;
            ensure!(ended.is_none() && Instant::now() < deadline, "no registry: {text}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// How many requests it has answered, by its access log.
    pub(crate) fn requests(&self) -> Result<usize> {
        Ok(fs::read_to_string(&self.log)?.matches(" HTTP/1.1\" ").count())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that ends when the suite does, however that ends.
fn leashed(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}
