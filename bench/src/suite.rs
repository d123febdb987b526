//! One run of the benchmark: which cases, at which scale, and where the results go.

use std::cell::Cell;
use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::cases::CASES;
use crate::corpus::Corpus;
use crate::machine::{self, Machine};
use crate::report::{self, Report};
use crate::scale::{FULL, SMALL, Scale};
use crate::server::Server;
use crate::{compare, interrupt, startup};

/// What all the cases need.
pub(crate) struct Suite {
    pub(crate) scale: Scale,
    pub(crate) rounds: usize,
    pub(crate) corpus: Corpus,
    pub(crate) source: Server,
    scratch: PathBuf,
    folders: Cell<usize>,
}

impl Suite {
    /// A folder that nobody has used. It is not there yet.
    pub(crate) fn fresh_folder(&self) -> PathBuf {
        self.folders.set(self.folders.get() + 1);
        self.scratch.join(self.folders.get().to_string())
    }
}

impl Drop for Suite {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.scratch);
    }
}

/// Runs the cases of these names, in this order, or all. Settings come from `ROUNDS`, `SCALE`, `BENCH_DIR`, `RESULTS`, `PEERS`.
pub(crate) fn run(names: &[String]) -> Result<()> {
    let known: Vec<&str> =
        CASES.iter().map(|case| case.name).chain(["interrupt", "startup"]).collect();
    for name in names {
        ensure!(known.contains(&name.as_str()), "no case {name}; there are {}", known.join(", "));
    }
    let suite = prepare()?;
    let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    if wanted.is_empty() {
        wanted.clone_from(&known);
    }
    let mut reports = Vec::new();
    for name in &wanted {
        let machine = Machine::now(&suite.scale)?;
        let report = measure(&suite, name)?;
        write(&report, &machine)?;
        reports.push(report);
    }
    reports.sort_by_key(|report: &Report| known.iter().position(|name| *name == report.name));
    let has_all = known.iter().all(|name| wanted.contains(name));
    let whole = suite.scale.name == FULL.name && has_all && suite.rounds >= FULL.rounds;
    match env::var_os("README").filter(|_| whole) {
        Some(readme) => {
            report::into_readme(&PathBuf::from(readme), &reports, &Machine::now(&suite.scale)?)
        }
        None => Ok(()),
    }
}

fn prepare() -> Result<Suite> {
    let scale = match env::var("SCALE").as_deref() {
        Err(_) | Ok("full") => FULL,
        Ok("small") => SMALL,
        Ok(other) => bail!("SCALE={other}: full or small"),
    };
    let rounds = match env::var("ROUNDS") {
        Ok(rounds) => rounds.parse().context("ROUNDS")?,
        Err(_) => scale.rounds,
    };
    let folder = PathBuf::from(env::var_os("BENCH_DIR").context("BENCH_DIR is not set")?);
    ensure!(!folder.to_string_lossy().contains(' '), "BENCH_DIR has a space in its name");
    let folder = fs::canonicalize(folder)?;
    let source = Server::docker(&folder.join(format!("source-{}", scale.name)))?;
    eprintln!("making the images");
    let list = folder.join(format!("corpus-{}.json", scale.name));
    let corpus = Corpus::at(&list, &source.address, &scale.sizes)?;
    eprintln!("{}", machine::describe(&corpus));
    let scratch = folder.join("scratch");
    let _ = fs::remove_dir_all(&scratch);
    Ok(Suite { scale, rounds, corpus, source, scratch, folders: Cell::new(0) })
}

fn measure(suite: &Suite, name: &str) -> Result<Report> {
    match CASES.iter().find(|case| case.name == name) {
        Some(case) => compare::run(suite, case),
        None if name == "interrupt" => interrupt::run(suite),
        None => startup::run(suite),
    }
}

fn write(report: &Report, machine: &Machine) -> Result<()> {
    let text = report.markdown(machine);
    eprintln!("\n{text}");
    if let Some(folder) = env::var_os("RESULTS").map(PathBuf::from) {
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(report.name).with_extension("md"), text)?;
        let json = serde_json::to_string_pretty(&report.json(machine))?;
        fs::write(folder.join(report.name).with_extension("json"), json + "\n")?;
    }
    Ok(())
}
