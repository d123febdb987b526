//! `interrupt`: killed with SIGKILL when half of the bytes are through, and run again. What the second run moves says
//! whether the tool goes on or starts over.

use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use crate::cases::{COUNTING, To, Way};
use crate::measure;
use crate::relay::Link;
use crate::report::{Headline, Report, absent};
use crate::server::Server;
use crate::site::Site;
use crate::suite::Suite;
use crate::tools::{Before, PEERS, Tool, Wants};

#[derive(Clone, Copy)]
enum Destination {
    Layout,
    Docker,
    Longshore,
}

const DESTINATIONS: [(Destination, &str); 3] = [
    (Destination::Layout, "OCI layout"),
    (Destination::Docker, "docker-registry"),
    (Destination::Longshore, "longshore serve"),
];

/// What one interrupted transfer moved, as shares of the image.
struct Moved {
    first: [f64; 2],
    second: [f64; 2],
}

pub(crate) fn run(suite: &Suite) -> Result<Report> {
    let head = [
        "tool",
        "destination",
        "read before the kill",
        "read again",
        "sent before the kill",
        "sent again",
    ];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    let (mut data, mut headline, mut measured) = (Vec::new(), Vec::new(), Vec::new());
    for (destination, name) in DESTINATIONS {
        for tool in [Tool::Longshore].into_iter().chain(PEERS) {
            let Some(outcome) = interrupted(suite, tool, destination)? else {
                continue;
            };
            eprintln!(
                "interrupt: {name}: {}: {}",
                tool.name(),
                if outcome.is_ok() { "done" } else { "failed" }
            );
            measured.push(tool);
            if tool == Tool::Longshore
                && let Ok(moved) = &outcome
            {
                headline.push(format!("{name} {}", percent(moved.second[0].max(moved.second[1]))));
            }
            data.push(outcome_data(tool, name, &outcome));
            table.push(cells(tool, name, &outcome));
        }
    }
    Ok(Report {
        name: "interrupt",
        title: "Killed when half of the image's 1 GiB was through, and run again",
        table,
        notes: [
            Some("Shares of the bytes of the image, by the relays; «read» from the source, «sent» to the destination.".to_owned()),
            absent(|tool| measured.contains(&tool)),
        ]
        .into_iter()
        .flatten()
        .collect(),
        headline: Headline::Sentence(format!(
            "Killed half-way and run again, longshore moves at most this share of the bytes: {}.",
            headline.join(", ")
        )),
        data: Value::Array(data),
    })
}

fn outcome_data(tool: Tool, destination: &str, outcome: &Result<Moved, String>) -> Value {
    let (first, second, failure) = match outcome {
        Ok(moved) => (Some(moved.first), Some(moved.second), None),
        Err(said) => (None, None, Some(said)),
    };
    json!({"tool": tool.name(), "destination": destination, "first": first, "second": second, "failure": failure})
}

fn cells(tool: Tool, destination: &str, outcome: &Result<Moved, String>) -> Vec<String> {
    let figures = match outcome {
        Ok(Moved { first, second }) => [first[0], second[0], first[1], second[1]].map(percent),
        Err(said) => [
            format!("failed: {}", said.replace('|', "\\|")),
            String::new(),
            String::new(),
            String::new(),
        ],
    };
    [tool.name(), destination.to_owned()].into_iter().chain(figures).collect()
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// None if the tool is not there or cannot do this; an error is what it said last.
fn interrupted(
    suite: &Suite,
    tool: Tool,
    destination: Destination,
) -> Result<Option<Result<Moved, String>>> {
    let site = site(suite, destination)?;
    let Some(words) = site.command_for(tool, Before::Nothing, Wants::Images)? else {
        return Ok(None);
    };
    let bytes = suite.corpus.big.bytes() as f64;
    let shares = |site: &Site| [site.received().down as f64 / bytes, site.sent().up as f64 / bytes];
    let decisive = usize::from(!matches!(destination, Destination::Layout));
    let mut child = measure::start(&words, site.home())?;
    let started = Instant::now();
    while shares(&site)[decisive] < 0.5 {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(Err(format!(
                "{status} before half: {}",
                measure::last_words(site.home())
            ))));
        }
        ensure!(started.elapsed() < Duration::from_secs(600), "{} hangs", tool.name());
        thread::sleep(Duration::from_millis(1));
    }
    kill(&mut child)?;
    let first = settled(&site, shares);
    site.set(COUNTING);
    Ok(Some(site.run(&words)?.and_then(|_| {
        let both = shares(&site);
        let second = [both[0] - first[0], both[1] - first[1]];
        match site.missing() {
            Ok(None) => Ok(Moved { first, second }),
            Ok(Some(missing)) => Err(format!("ended well, but {missing}")),
            Err(error) => Err(error.to_string()),
        }
    })))
}

fn site(suite: &Suite, destination: Destination) -> Result<Site<'_>> {
    let folder = suite.fresh_folder();
    let link = suite.scale.interrupted;
    let way = Way::Relayed { source: link, destination: Link::PLAIN };
    let (source, set) = (&suite.source, &suite.corpus.big);
    match destination {
        Destination::Layout => Site::new(&folder, source, set, To::Layout, way),
        Destination::Docker => Site::new(&folder, source, set, To::Registries(1), way),
        Destination::Longshore => {
            let programs = Tool::Longshore.programs().context("longshore is not built")?;
            let server = Server::longshore(&programs[0], &folder.join("registry"))?;
            Site::with(&folder, source, set, vec![server], way)
        }
    }
}

/// Kills the child and what it started, without a word.
fn kill(child: &mut Child) -> Result<()> {
    let group = Pid::from_child(child);
    kill_process_group(group, Signal::KILL)?;
    child.wait()?;
    Ok(())
}

/// What had gone through when the connections of the killed one were closed at both ends.
fn settled(site: &Site, shares: impl Fn(&Site) -> [f64; 2]) -> [f64; 2] {
    loop {
        let before = shares(site);
        thread::sleep(Duration::from_millis(300));
        if shares(site) == before {
            return before;
        }
    }
}
