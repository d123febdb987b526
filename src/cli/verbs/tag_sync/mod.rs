//! `tag-sync`.

mod check;
mod explain;
mod failed;
mod file;
mod metrics;
mod pass;
mod react;
mod reports;
mod run;
mod told;
mod undo;
mod update;
mod watch;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use longshore::auth::Credential;
use longshore::http::{RateLimit, Traffic};
use longshore::mirror::Place;
use longshore::mirror::file::Files as _;
use longshore::model::{Rate, Registry};
use longshore::ops::tag_sync::{Inquiry, Memory, Unit};
use longshore::ops::{Ends, FilesOnDisk, PlanObserver};
use longshore::session::SessionOptions;
use longshore::shard::{Assignment, Shard, unit_of};
use longshore::tagsync::{Lock, Rule, RuleFile, Source, Target};
use longshore::transfer::CopyOptions;

use super::{Work, ends};
use crate::cli::Context;
use crate::cli::args::{
    Copy, LockArgs, ReachArgs, RulesArgs, TagSyncVerb, UsageError, WhichArgs, settings,
};
use crate::cli::interrupt::stoppable;
use crate::cli::progress::Fetched;

/// Passwords are asked for here.
pub(super) fn start(verb: TagSyncVerb, context: &Context) -> anyhow::Result<Work<'_>> {
    let work = match verb {
        TagSyncVerb::Check(args) => check::start(*args, context)?,
        TagSyncVerb::Run(args) => return run::start(*args, context),
        TagSyncVerb::Watch(args) => return watch::start(*args, context),
        TagSyncVerb::Explain(args) => explain::start(*args, context)?,
        TagSyncVerb::Update(args) => update::start(*args, context)?,
        TagSyncVerb::Undo(args) => undo::start(*args, context)?,
    };
    Ok(stoppable(work, context).boxed())
}

/// Rules, and what reaches their registries.
struct Opened {
    file: RuleFile,
    path: PathBuf,
    /// Both ends, for each limit that windows have, and for none.
    ends: Vec<(Option<Rate>, Ends)>,
    options: CopyOptions,
    memory: Memory,
    logins: Logins,
}

/// Logins that the command line gives, for sources and for targets.
#[derive(Clone, Default)]
struct Logins {
    source: Option<(Registry, Credential)>,
    target: Option<(Registry, Credential)>,
}

/// Reads the file of rules, and opens both ends. Passwords are asked for here.
fn open(rules: &RulesArgs, reach: ReachArgs, context: &Context) -> anyhow::Result<Opened> {
    let file = file::read(rules, context)?;
    let copy = reach.resolve();
    let (sources, targets) = (places(&file.rules, source), places(&file.rules, targets));
    let logins = Logins {
        source: ends::given_among(&copy.source, &sources, context)?,
        target: ends::given_among(&copy.destination, &targets, context)?,
    };
    open_file(file, rules, copy, &logins, context)
}

/// Opens both ends of a file of rules, with logins that are known.
fn open_file(
    file: RuleFile,
    rules: &RulesArgs,
    mut copy: Copy,
    logins: &Logins,
    context: &Context,
) -> anyhow::Result<Opened> {
    settings::apply(&mut copy, &file.settings);
    file::apply(&mut copy, &file);
    let options = copy.request.options.clone();
    let mut ends = vec![(None, ends_of(&file, &copy, logins, None, context)?)];
    for limit in file.rules.iter().flat_map(|rule| rule.window.limits()) {
        if ends.iter().all(|(known, _)| *known != Some(*limit)) {
            ends.push((Some(*limit), ends_of(&file, &copy, logins, Some(*limit), context)?));
        }
    }
    let memory = Memory::of(&context.env);
    Ok(Opened { file, path: rules.file.clone(), ends, options, memory, logins: logins.clone() })
}

fn ends_of(
    file: &RuleFile,
    copy: &Copy,
    logins: &Logins,
    limit: Option<Rate>,
    context: &Context,
) -> anyhow::Result<Ends> {
    let mut traffic = copy.traffic.clone();
    // Of several the last counts: that of a window only where the command line wants no lower one.
    let lower = |rate: &Rate| traffic.bytes_per_second().is_none_or(|own| rate.get() < own);
    let limit = limit.filter(lower);
    traffic.limits.extend(limit.map(|rate| RateLimit { registry: None, rate }));
    let shared = SessionOptions {
        write: copy.write,
        traffic: Arc::new(Traffic::new(traffic)),
        logins: file::logins(file),
        ..SessionOptions::default()
    };
    let with = |given: &Option<(Registry, Credential)>| SessionOptions {
        given: given.clone(),
        ..shared.clone()
    };
    Ok(Ends {
        source: ends::session(&copy.source, with(&logins.source), context)?,
        destination: ends::session(&copy.destination, with(&logins.target), context)?,
    })
}

fn places(rules: &[Rule], of: fn(&Rule) -> Vec<Place>) -> Vec<Place> {
    rules.iter().flat_map(of).collect()
}

fn source(rule: &Rule) -> Vec<Place> {
    vec![match &rule.source {
        Source::Repository(place) | Source::Image(place, _) => Place::At(place.clone()),
        Source::Below { namespace, .. } => Place::Below(namespace.clone()),
    }]
}

fn targets(rule: &Rule) -> Vec<Place> {
    let place = |target: &Target| match target {
        Target::Repository(place) => Some(Place::At(place.clone())),
        Target::Below(root) => root.any().ok().map(Place::At),
    };
    rule.targets.iter().filter_map(place).collect()
}

impl Opened {
    fn inquiry<'a>(
        &'a self,
        limit: Option<Rate>,
        is_fresh_wanted: bool,
        observer: &'a dyn PlanObserver,
    ) -> Inquiry<'a> {
        let of_limit = self.ends.iter().find(|(known, _)| *known == limit);
        let (_, ends) = of_limit.unwrap_or(&self.ends[0]);
        Inquiry {
            ends,
            rules: &self.file.rules,
            memory: &self.memory,
            now: Timestamp::now(),
            is_fresh_wanted,
            observer,
        }
    }

    /// The numbers of the rules with these names; of all when none is given.
    fn named(&self, names: &[String]) -> Result<BTreeSet<usize>, UsageError> {
        let rules = &self.file.rules;
        if names.is_empty() {
            return Ok((0..rules.len()).collect());
        }
        let number = |name: &String| {
            rules.iter().position(|rule| rule.name == *name).ok_or_else(|| {
                let known: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
                UsageError(format!("no rule is called '{name}'; there are {}", known.join(", ")))
            })
        };
        names.iter().map(number).collect()
    }

    /// The lock file that is asked for.
    fn lock(&self, args: &LockArgs) -> anyhow::Result<Option<Lock>> {
        if !args.locked {
            return Ok(None);
        }
        let path = lock_path(&self.path, args.lock.as_deref())?;
        Ok(Some(read_lock(&path)?))
    }
}

/// Shows how many repositories were asked, unless nobody wants to see it.
fn asking(context: &Context) -> Box<dyn PlanObserver> {
    match context.quiet {
        true => Box::new(()),
        false => Box::new(Fetched::counting("repositories", &context.console)),
    }
}

/// The lock file of a file of rules, unless another is named.
fn lock_path(rules: &Path, named: Option<&Path>) -> Result<PathBuf, UsageError> {
    match named {
        Some(path) => Ok(path.to_owned()),
        None if rules.as_os_str() == "-" => {
            Err(UsageError("rules from standard input need --lock FILE".to_owned()))
        }
        None => Ok(rules.with_extension("lock")),
    }
}

fn read_lock(path: &Path) -> anyhow::Result<Lock> {
    use anyhow::Context as _;
    let failed = || format!("cannot read {}: 'tag-sync update' writes it", path.display());
    let text = FilesOnDisk.read(path).with_context(failed)?;
    Ok(Lock::parse(&path.display().to_string(), &text)?)
}

/// The share of this machine.
struct Share(Option<(Shard, Assignment)>);

impl Share {
    /// The share that is asked for, of the repositories that the rules name. Those that are found below a place are
    /// shared by their names.
    fn of(which: &WhichArgs, rules: &[Rule], context: &Context) -> anyhow::Result<Self> {
        let Some(wanted) = which.shard else { return Ok(Self(None)) };
        let index = context.env.var(longshore::shard::COMPLETION_INDEX);
        let shard = wanted.resolve(index)?;
        let targets = rules.iter().flat_map(|rule| &rule.targets);
        let named = targets.filter_map(|target| match target {
            Target::Repository(place) => Some(longshore::shard::Unit::new(unit_of(place), 1)),
            Target::Below(_) => None,
        });
        let assignment = Assignment::of(named, shard.count());
        Ok(Self(Some((shard, assignment))))
    }

    /// What of a repository is this machine's: the targets that it sees to.
    fn owned(&self, unit: &Unit) -> Unit {
        let Some((shard, assignment)) = &self.0 else { return unit.clone() };
        let is_own = |target: &&longshore::model::Endpoint| {
            assignment.owner(&unit_of(target)) == shard.index()
        };
        Unit { targets: unit.targets.iter().filter(is_own).cloned().collect(), ..unit.clone() }
    }

    fn shard(&self) -> Option<Shard> {
        self.0.as_ref().map(|(shard, _)| *shard)
    }
}
