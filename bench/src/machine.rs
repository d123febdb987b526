//! What the figures come from: the machine, and the versions of the tools.

use std::fmt;
use std::fs;
use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};

use crate::corpus::{Corpus, Set};
use crate::scale::Scale;
use crate::tools::{PEERS, Tool};

pub(crate) struct Machine {
    scale: &'static str,
    date: String,
    cores: usize,
    processor: String,
    memory_gib: f64,
    kernel: String,
    load: String,
    versions: Vec<String>,
}

impl Machine {
    pub(crate) fn now(scale: &Scale) -> Result<Self> {
        let processor = fs::read_to_string("/proc/cpuinfo")?;
        let memory = fs::read_to_string("/proc/meminfo")?;
        let kib: f64 = field(&memory, "MemTotal").trim_end_matches(" kB").parse()?;
        let load = fs::read_to_string("/proc/loadavg")?;
        Ok(Self {
            scale: scale.name,
            date: said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            cores: std::thread::available_parallelism()?.get(),
            processor: field(&processor, "model name"),
            memory_gib: kib / 1024.0 / 1024.0,
            kernel: said("uname", &["-sr"]),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
            versions: versions(),
        })
    }

    pub(crate) fn data(&self) -> Value {
        json!({
            "scale": self.scale, "date": self.date, "cores": self.cores, "processor": self.processor,
            "memory_gib": self.memory_gib, "kernel": self.kernel, "load_before": self.load, "versions": self.versions,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        if self.scale != "full" {
            writeln!(out, "At the scale «{}», where figures mean nothing.", self.scale)?;
        }
        let Self { date, cores, processor, memory_gib, kernel, load, .. } = self;
        writeln!(
            out,
            "{date}: {cores} cores ({processor}), {memory_gib:.0} GiB, {kernel}, load average before {load}."
        )?;
        write!(out, "{}.", self.versions.join(", "))
    }
}

/// The value of the first line that begins with `name`, up to a colon.
fn field(text: &str, name: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim());
    value.unwrap_or("0").to_owned()
}

/// The first line that a program prints.
fn said(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text)
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("?")
        .trim()
        .to_owned()
}

fn versions() -> Vec<String> {
    let registry = said("docker-registry", &["--version"]);
    let tools = [Tool::Longshore].into_iter().chain(PEERS);
    let of_tool = |tool: Tool| {
        let program = tool.programs()?.first()?.display().to_string();
        let version = said(&program, tool.version_words());
        let name = tool.name();
        Some(if version.contains(&name) { version } else { format!("{name} {version}") })
    };
    tools.filter_map(of_tool).chain([registry]).collect()
}

/// What the images amount to.
pub(crate) fn describe(corpus: &Corpus) -> String {
    let one = |name: &str, set: &Set| {
        format!(
            "{name}: {} images, {} blobs of {:.1} MB; {} with their repositories, of {:.1} MB",
            set.images.len(),
            set.blobs.len(),
            set.bytes() as f64 / 1e6,
            set.pairs,
            set.pair_bytes as f64 / 1e6
        )
    };
    let sets = [
        ("big", &corpus.big),
        ("one", &corpus.one),
        ("fan", &corpus.fan),
        ("many", &corpus.many),
        ("tags", &corpus.tags),
    ];
    sets.map(|(name, set)| one(name, set)).join("\n")
}
