//! `startup`: how long `longshore --version` takes.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::measure::median;
use crate::report::{Headline, Report};
use crate::suite::Suite;
use crate::tools::Tool;

const RUNS: usize = 50;

pub(crate) fn run(_: &Suite) -> Result<Report> {
    let programs = Tool::Longshore.programs().context("longshore is not built")?;
    let seconds = (0..RUNS).map(|_| {
        let start = Instant::now();
        let status = Command::new(&programs[0]).arg("--version").stdout(Stdio::null()).status()?;
        ensure!(status.success(), "longshore --version: {status}");
        Ok(start.elapsed().as_secs_f64())
    });
    let seconds: Vec<f64> = seconds.collect::<Result<_>>()?;
    let middle = median(seconds.iter().copied()).unwrap_or_default() * 1e3;
    let most = seconds.iter().copied().fold(0.0, f64::max) * 1e3;
    let head = ["tool", "median ms", "longest ms", "runs"].map(str::to_owned).to_vec();
    let row = vec![
        "longshore".to_owned(),
        format!("{middle:.1}"),
        format!("{most:.1}"),
        RUNS.to_string(),
    ];
    Ok(Report {
        name: "startup",
        title: "`longshore --version`, from fork to exit",
        table: vec![head, row],
        notes: Vec::new(),
        headline: Headline::Sentence(format!("`longshore --version` takes {middle:.1} ms.")),
        data: json!({"median_ms": middle, "seconds": seconds}),
    })
}
