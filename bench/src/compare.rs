//! One case: each tool in turn, round by round.

use anyhow::Result;

use crate::cases::{COUNTING, Case, Way};
use crate::measure::Sample;
use crate::report::{Headline, Report, absent};
use crate::rows::{HEAD, Row, headline, ratios};
use crate::site::Site;
use crate::suite::Suite;
use crate::tools::{Before, PEERS, Tool};

pub(crate) fn run(suite: &Suite, case: &Case) -> Result<Report> {
    let tools = case.floors.iter().copied().chain([Tool::Longshore]).chain(PEERS);
    let runners = tools.map(|tool| Runner::new(suite, case, tool)).collect::<Result<Vec<_>>>()?;
    let mut runners: Vec<_> = runners.into_iter().flatten().collect();
    for runner in &mut runners {
        runner.count()?;
    }
    for round in 1..=suite.rounds.min(case.most_rounds) {
        for runner in &mut runners {
            runner.time(round)?;
        }
    }
    let rows: Vec<_> = runners.into_iter().map(|runner| runner.row).collect();
    Ok(report(suite, case, &rows))
}

fn report(suite: &Suite, case: &Case, rows: &[Row]) -> Report {
    let head = HEAD.map(str::to_owned).to_vec();
    let counting = match case.way {
        Way::Direct => "Bytes are of a round before, through relays that only count",
        Way::Relayed { .. } => "Bytes are of the same rounds, by the relays",
    };
    let notes = [format!(
        "Medians of {} alternating rounds. Requests are from the access logs of the registries. {counting}.",
        suite.rounds.min(case.most_rounds)
    )];
    let notes = ratios(rows).into_iter().chain(notes);
    let left_out = absent(|tool| rows.iter().any(|row| row.tool == tool));
    Report {
        name: case.name,
        title: case.title,
        table: [head].into_iter().chain(rows.iter().map(Row::cells)).collect(),
        notes: notes.chain(left_out).collect(),
        headline: Headline::Row(headline(case.name, rows)),
        data: rows.iter().map(Row::data).collect(),
    }
}

/// One tool at one case.
struct Runner<'a> {
    suite: &'a Suite,
    case: &'a Case,
    tool: Tool,
    row: Row,
    /// Where the job has been done before, for the cases that ask for it.
    filled: Option<Site<'a>>,
}

impl<'a> Runner<'a> {
    /// None if the tool is not there or cannot do this.
    fn new(suite: &'a Suite, case: &'a Case, tool: Tool) -> Result<Option<Self>> {
        let runner = Self { suite, case, tool, row: Row::new(tool), filled: None };
        let able = runner.site(Way::Direct)?.command(tool, case)?.is_some();
        Ok(able.then_some(runner))
    }

    /// A round through relays that only count. Where relays stand in any case, they count in the rounds that are timed.
    fn count(&mut self) -> Result<()> {
        if matches!(self.case.way, Way::Direct) {
            let site = self.prepared(COUNTING)?;
            if self.row.failure.is_none() {
                self.row.counted = self.run_at(&site, "counting")?;
            }
        }
        if self.case.before == Before::Everything && self.row.failure.is_none() {
            self.filled = Some(self.prepared(self.case.way)?);
        }
        Ok(())
    }

    fn time(&mut self, round: usize) -> Result<()> {
        if self.row.failure.is_some() {
            return Ok(());
        }
        let label = format!("round {round}");
        let sample = match self.filled.take() {
            Some(site) => {
                let sample = self.run_at(&site, &label)?;
                self.filled = Some(site);
                sample
            }
            None => {
                let site = self.prepared(self.case.way)?;
                self.run_at(&site, &label)?
            }
        };
        self.row.samples.extend(sample);
        Ok(())
    }

    /// A site where everything is as the case wants it before the run.
    fn prepared(&mut self, way: Way) -> Result<Site<'a>> {
        if self.case.before == Before::Nothing {
            return self.site(way);
        }
        // The job is done first over a short and wide way, which is then made what it is to be.
        let site = self.site(if matches!(way, Way::Direct) { way } else { COUNTING })?;
        self.run_at(&site, "filling")?;
        site.set(way);
        Ok(site)
    }

    fn site(&self, way: Way) -> Result<Site<'a>> {
        let set = (self.case.set)(&self.suite.corpus);
        Site::new(&self.suite.fresh_folder(), &self.suite.source, set, self.case.to, way)
    }

    /// Runs the tool there, and makes sure that the images have come. A failure is kept in the row.
    fn run_at(&mut self, site: &Site, label: &str) -> Result<Option<Sample>> {
        let Some(words) = site.command(self.tool, self.case)? else {
            return Ok(None);
        };
        let outcome = match site.run(&words)? {
            Ok(sample) => match (self.tool, site.missing()?) {
                (Tool::Floor(_), _) | (_, None) => Ok(sample),
                (_, Some(missing)) => Err(format!("ended well, but {missing}")),
            },
            Err(said) => Err(said),
        };
        let told =
            outcome.as_ref().map_or_else(Clone::clone, |sample| format!("{:.2} s", sample.wall));
        eprintln!("{}: {label}: {}: {told}", self.case.name, self.tool.name());
        match outcome {
            Ok(sample) => Ok(Some(sample)),
            Err(said) => {
                self.row.failure = Some(said);
                Ok(None)
            }
        }
    }
}
