//! Running a program and taking its measure: wall time here, the rest by GNU time, whose small process keeps the
//! memory of the suite out of the figures.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use serde::Serialize;

/// What has not ended by then hangs.
const SECONDS: &str = "600";

/// One run of a tool.
#[derive(Clone, Copy, Default, Serialize)]
pub(crate) struct Sample {
    pub(crate) wall: f64,
    /// Seconds of user and system time, of the program and what it started.
    pub(crate) cpu: f64,
    /// The peak of the largest of these processes.
    pub(crate) rss_mib: f64,
    pub(crate) source_requests: Option<f64>,
    pub(crate) destination_requests: Option<f64>,
    pub(crate) received_mb: Option<f64>,
    pub(crate) sent_mb: Option<f64>,
}

/// Runs `words` with `home` as the only folder that it knows. An error is what the tool said last.
pub(crate) fn run(words: &[String], home: &Path) -> Result<Result<Sample, String>> {
    let figures = home.join("figures");
    let mut command = Command::new("/usr/bin/time");
    command.args(["-q", "-f", "%U %S %M", "-o"]).arg(&figures);
    command.args(["timeout", SECONDS]).args(words);
    let start = Instant::now();
    let status = prepare(&mut command, home)?.status().context("/usr/bin/time")?;
    let wall = start.elapsed().as_secs_f64();
    if !status.success() {
        return Ok(Err(format!("{status}: {}", last_words(home))));
    }
    let figures = fs::read_to_string(&figures)?;
    let figures: Vec<f64> = figures.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [user, system, rss] = figures[..] else {
        return Ok(Err("no figures from time".to_owned()));
    };
    Ok(Ok(Sample { wall, cpu: user + system, rss_mib: rss / 1024.0, ..Sample::default() }))
}

/// Starts `words` in a process group of its own, to be killed.
pub(crate) fn start(words: &[String], home: &Path) -> Result<Child> {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).process_group(0);
    prepare(&mut command, home)?.spawn().with_context(|| words[0].clone())
}

/// The last line that the program which ran in `home` wrote to standard error.
pub(crate) fn last_words(home: &Path) -> String {
    let said = fs::read(home.join("stderr")).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("(nothing said)");
    line.trim().chars().filter(|letter| !letter.is_control()).take(300).collect()
}

fn prepare<'a>(command: &'a mut Command, home: &Path) -> Result<&'a mut Command> {
    command.env_clear().env("HOME", home).env("TMPDIR", home);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    let said = File::create(home.join("stderr"))?;
    Ok(command.current_dir(home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(said))
}

/// The middle of the values, or the mean of the two in the middle.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([].into_iter()), None);
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), Some(2.5));
    }
}
