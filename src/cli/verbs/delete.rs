//! `delete`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use longshore::http::Traffic;
use longshore::mirror::Images;
use longshore::mirror::delete::{List, Row, Verdict, write};
use longshore::model::Endpoint;
use longshore::ops::{self, Deletion, Fate};
use longshore::session::SessionOptions;
use longshore::store::Open;
use serde_json::{Value, json};

use super::ends;
use crate::cli::Context;
use crate::cli::args::{Access, Delete, Format, Step, UsageError};
use crate::cli::diagnose::{Diagnosis, diagnose};
use crate::cli::exit::Exit;
use crate::cli::progress::{Looked, number};

/// A step that can begin.
pub(super) struct Prepared {
    open: Arc<dyn Open>,
    work: Work,
}

enum Work {
    Generate { images: Vec<Images>, file: PathBuf },
    Execute { list: List, max: usize },
}

/// Reads the list that there may be, and opens the registry. Passwords are asked for here.
pub(super) fn prepare(delete: Delete, context: &Context) -> anyhow::Result<Prepared> {
    let work = match delete.step {
        Step::Generate { images, file } => Work::Generate { images, file },
        Step::Execute { file, max } => {
            let text = context.input.file(&file)?;
            Work::Execute { list: List::read(&file.display().to_string(), &text)?, max }
        }
    };
    let places: Vec<&Endpoint> = match &work {
        Work::Generate { images, .. } => images.iter().map(Images::place).collect(),
        Work::Execute { list, .. } => list.parts.iter().map(|part| &part.place).collect(),
    };
    let open = open(&delete.access, &places, Traffic::new(delete.traffic), context)?;
    Ok(Prepared { open, work })
}

fn open(
    access: &Access,
    places: &[&Endpoint],
    traffic: Traffic,
    context: &Context,
) -> anyhow::Result<Arc<dyn Open>> {
    let given = ends::given(&access.login, places.iter().copied(), context)?;
    let traffic = Arc::new(traffic);
    ends::session(access, SessionOptions { given, traffic, ..SessionOptions::default() }, context)
}

pub(super) async fn run(prepared: Prepared, context: &Context) -> anyhow::Result<Exit> {
    let Prepared { open, work } = prepared;
    match work {
        Work::Generate { images, file } => generate(open.as_ref(), &images, &file, context).await,
        Work::Execute { list, max } => execute(open.as_ref(), &list, max, context).await,
    }
}

async fn generate(
    open: &dyn Open,
    images: &[Images],
    file: &Path,
    context: &Context,
) -> anyhow::Result<Exit> {
    if file.exists() {
        let text = format!("{} is there already: a list is never written over", file.display());
        return Err(UsageError(text).into());
    }
    let doomed = {
        let looked = (!context.quiet).then(|| Looked::show(&context.console));
        match &looked {
            Some(looked) => ops::plan_deletion(open, images, looked).await?,
            None => ops::plan_deletion(open, images, &()).await?,
        }
    };
    let rows: Vec<&Row> = doomed.iter().flat_map(|(_, d)| d.blocks.iter().flatten()).collect();
    let manifests = rows.iter().filter(|row| matches!(row, Row::Manifest(..))).count();
    let text = write(&doomed);
    if file.as_os_str() == "-" {
        context.output.bytes(text.as_bytes())?;
    } else {
        save(file, &text)?;
    }
    for (place, doomed) in &doomed {
        for (digest, name) in &doomed.kept {
            tracing::warn!("{place}@{digest} stays: {name} needs it");
        }
    }
    if !context.quiet {
        let (tags, manifests) = counts(rows.len() - manifests, manifests);
        let line = format!("done: {tags} and {manifests} are listed; nothing is deleted yet");
        context.console.lines([line]);
    }
    Ok(Exit::Done)
}

fn counts(tags: usize, manifests: usize) -> (String, String) {
    (number((tags as u64, "tag")), number((manifests as u64, "manifest")))
}

/// Writes a list as a whole or not at all, and never over another.
fn save(file: &Path, text: &str) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", file.display());
    let folder = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut written = tempfile::NamedTempFile::new_in(folder).with_context(failed)?;
    written.write_all(text.as_bytes()).with_context(failed)?;
    written.persist_noclobber(file).with_context(failed)?;
    Ok(())
}

async fn execute(
    open: &dyn Open,
    list: &List,
    max: usize,
    context: &Context,
) -> anyhow::Result<Exit> {
    let mut told: Vec<Told> = Vec::new();
    let mut failed = None;
    let mut done = |deletion: Deletion| {
        let one = Told::of(deletion);
        if context.output.format() == Format::Text
            && let Err(error) = context.output.line(one.line())
        {
            failed.get_or_insert(error);
        }
        told.push(one);
    };
    let result = {
        let looked = (!context.quiet).then(|| Looked::show(&context.console));
        match &looked {
            Some(looked) => ops::delete(open, list, max, looked, &mut done).await,
            None => ops::delete(open, list, max, &(), &mut done).await,
        }
    };
    if context.output.format() == Format::Json && (result.is_ok() || !told.is_empty()) {
        let deletions: Vec<Value> = told.iter().map(Told::json).collect();
        context.output.json(&json!({ "deletions": deletions }))?;
    }
    result?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    if !context.quiet {
        context.console.lines([last_line(&told)]);
    }
    let mut exits: Vec<Exit> =
        told.iter().filter_map(|one| one.error.as_ref()).map(|e| context.tell(e)).collect();
    exits.extend(told.iter().filter(|one| one.kind == STAYS).map(|_| Exit::Failed));
    Ok(Exit::of_failures(&exits, exits.len()))
}

fn last_line(told: &[Told]) -> String {
    let of = |kind| told.iter().filter(move |one| one.kind == kind);
    let tags = of(DELETED).filter(|one| one.name.is_some()).count();
    let (tags, manifests) = counts(tags, of(DELETED).count() - tags);
    let mut line = format!("done: {tags} and {manifests} deleted");
    for (kind, word) in [(GONE, "gone before"), (STAYS, "stay"), (FAILED, "failed")] {
        match of(kind).count() {
            0 => {}
            count => line.push_str(&format!(", {count} {word}")),
        }
    }
    if told.iter().any(|one| one.kind == DELETED) {
        line.push_str("; a registry gives the space back when it collects its garbage");
    }
    line
}

const DELETED: &str = "deleted";
const GONE: &str = "gone";
const STAYS: &str = "stays";
const FAILED: &str = "failed";

/// One thing of a list and what is to be told of it.
struct Told {
    kind: &'static str,
    place: Endpoint,
    name: Option<longshore::model::RefName>,
    digest: longshore::model::Digest,
    why: Option<String>,
    error: Option<Diagnosis>,
}

impl Told {
    fn of(deletion: Deletion) -> Self {
        let Deletion { place, name, digest, outcome } = deletion;
        let (kind, why, error) = match outcome {
            Fate::Deleted => (DELETED, None, None),
            Fate::Gone => (GONE, None, None),
            Fate::Refused(verdict) => (STAYS, refusal(&verdict), None),
            Fate::Bound => {
                let why = "the registry cannot take away a tag and keep its manifest, which another tag needs";
                (STAYS, Some(why.to_owned()), None)
            }
            Fate::Failed(error) => {
                let context = "cannot delete all that the list says";
                (FAILED, None, Some(diagnose(&anyhow::Error::new(error).context(context))))
            }
        };
        Self { kind, place, name, digest, why, error }
    }

    fn what(&self) -> String {
        match &self.name {
            Some(name) => {
                self.place.named(name).map_or_else(|_| name.to_string(), |image| image.to_string())
            }
            None => format!("{}@{}", self.place, self.digest),
        }
    }

    fn line(&self) -> String {
        let why = self.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("{:<8} {}{why}", self.kind, self.what())
    }

    fn json(&self) -> Value {
        json!({
            "outcome": self.kind,
            "place": self.place.to_string(),
            "tag": self.name.as_ref().map(longshore::model::RefName::as_str),
            "digest": self.digest,
            "why": self.why,
            "error": self.error.as_ref().map(Diagnosis::value),
        })
    }
}

pub(super) fn refusal(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Go | Verdict::Gone => None,
        Verdict::Moved(now) => Some(format!("it is {now} now")),
        Verdict::Needed(name) => Some(format!("{name} needs it")),
        Verdict::NameMoved(name) => Some(format!("{name} was this manifest and is another now")),
    }
}
