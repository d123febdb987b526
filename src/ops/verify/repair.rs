//! Brings to a mirror what it lacks, and nothing else.
//!
//! A job of the engine for each manifest that lacks something, to a sink that tells what is really there
//! ([`Ignoring::Manifests`]): blobs that are there are not sent again, and no image is touched that is whole.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::report::Checked;
use super::sites::Site;
use super::{Observer, Verified, check};
use crate::mirror::verify::{Difference, Fault, Finding, Origin, Subject};
use crate::model::{Digest, Endpoint, RefName};
use crate::ops::copy::Ends;
use crate::store::{self, Ignoring, Open, Reference, Sink, Source, Unaware};
use crate::transfer::{self, Copier, CopyOptions, Job, ResolveError, Selection, Target};

/// How many images are repaired at once.
const IMAGES: usize = 16;
/// How many of the manifests that hold a blob a source is asked for.
const HOLDERS: usize = 20;

/// What repairing a mirror has come to.
pub struct Repaired {
    /// The mirror as it was found afterwards.
    pub verified: Verified,
    /// What could not be brought there, and why.
    pub failures: Vec<(String, Arc<ResolveError>)>,
}

/// A manifest to bring, and the name that it is to get.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cure {
    digest: Digest,
    name: Option<RefName>,
}

/// Brings what `verified` lacks from where that is known to be, and looks at it again.
pub async fn repair(
    ends: &Ends,
    verified: Verified,
    options: &CopyOptions,
    copying: Arc<dyn transfer::Observer>,
    looking: &dyn Observer,
) -> Repaired {
    let Verified { checked, damages, depth, proven, share } = verified;
    let copier = Copier::new(options, copying);
    let mut failures = Vec::new();
    let (mut whole, mut again) = (Vec::new(), Vec::new());
    for (place, one) in checked.into_iter().enumerate() {
        match cure(ends, &one, &copier, &mut failures).await {
            0 => whole.push((place, one)),
            _ => again.push((place, one.site)),
        }
    }
    let (places, sites): (Vec<usize>, Vec<_>) = again.into_iter().unzip();
    whole.extend(places.into_iter().zip(check(sites, depth, &proven, looking).await));
    whole.sort_by_key(|(place, _)| *place);
    let checked = whole.into_iter().map(|(_, one)| one).collect();
    Repaired { verified: Verified { checked, damages, depth, proven, share }, failures }
}

/// Brings what one repository lacks, and tells how many images were tried.
async fn cure(
    ends: &Ends,
    checked: &Checked,
    copier: &Copier,
    failures: &mut Vec<(String, Arc<ResolveError>)>,
) -> usize {
    if checked.site.origins.places.is_empty() || checked.cures().next().is_none() {
        return 0;
    }
    let place = checked.site.endpoint.to_string();
    let (sources, sink) = match open(ends, checked).await {
        Ok(opened) => opened,
        Err(error) => {
            failures.push((place, Arc::new(error.into())));
            return 0;
        }
    };
    let mut cures: BTreeMap<Cure, Supply> = BTreeMap::new();
    for possible in checked.cures() {
        cures.extend(sources.supply(possible).await);
    }
    let mut copies = Vec::new();
    for (image, (cure, supply)) in cures.iter().enumerate() {
        let target = Target { image, sink: Arc::clone(&sink), name: cure.name.clone() };
        let job = Job {
            source: Arc::clone(&supply.source),
            reference: Reference::Digest(supply.digest.clone()),
            selection: supply.selection.clone(),
            targets: vec![target],
        };
        copies.push(copier.copy(job));
    }
    let results: Vec<_> = stream::iter(copies).buffered(IMAGES).collect().await;
    for (cure, result) in cures.keys().zip(results.into_iter().flatten()) {
        if let Err(error) = result {
            failures.push((format!("{place}@{}", cure.digest), error));
        }
    }
    if let Err(error) = sink.finish().await {
        failures.push((place, Arc::new(error.into())));
    }
    cures.len()
}

/// Opens where images can be had, and the place that lacks them as it was found to be.
async fn open<'a>(
    ends: &Ends,
    checked: &'a Checked,
) -> store::Result<(Sources<'a>, Arc<dyn Sink>)> {
    let Site { endpoint, origins, .. } = &checked.site;
    let mut places = Vec::new();
    for place in &origins.places {
        places.push((place, ends.source.source(place).await?));
    }
    let ignoring = Ignoring::Manifests(checked.wrong_blobs());
    let doubted = Unaware { open: Arc::clone(&ends.destination), ignoring };
    Ok((Sources { places, made: &origins.made }, doubted.sink(endpoint).await?))
}

/// Where a manifest is had, and what makes it.
struct Supply {
    source: Arc<dyn Source>,
    digest: Digest,
    selection: Selection,
}

/// Where the images of a site can be had.
struct Sources<'a> {
    places: Vec<(&'a Endpoint, Arc<dyn Source>)>,
    made: &'a HashMap<Digest, Origin>,
}

impl Sources<'_> {
    /// The first of several manifests that can be had; where none can, the first.
    async fn supply(&self, possible: Vec<Cure>) -> Option<(Cure, Supply)> {
        for cure in possible.iter().take(HOLDERS) {
            if let Some(supply) = self.made(cure) {
                return Some((cure.clone(), supply));
            }
            let reference = Reference::Digest(cure.digest.clone());
            for (_, source) in &self.places {
                if matches!(source.digest(&reference).await, Ok(Some(_))) {
                    return Some((cure.clone(), Supply::of(source, &cure.digest)));
                }
            }
        }
        let (_, source) = self.places.first()?;
        let cure = possible.into_iter().next()?;
        let supply = Supply::of(source, &cure.digest);
        Some((cure, supply))
    }

    fn made(&self, cure: &Cure) -> Option<Supply> {
        let Origin { place, digest, selection } = self.made.get(&cure.digest)?;
        let (_, source) = self.places.iter().find(|(known, _)| *known == place)?;
        Some(Supply { selection: selection.clone(), ..Supply::of(source, digest) })
    }
}

impl Supply {
    fn of(source: &Arc<dyn Source>, digest: &Digest) -> Self {
        let (source, digest) = (Arc::clone(source), digest.clone());
        Self { source, digest, selection: Selection::default() }
    }
}

impl Checked {
    /// For each thing that lacks, the manifests that would bring it.
    fn cures(&self) -> impl Iterator<Item = Vec<Cure>> {
        let differences = self.differences.iter().filter_map(of_difference);
        let findings = self.looked.iter().flat_map(|surveyed| &surveyed.findings);
        differences.chain(findings.map(of_finding)).filter(|cures| !cures.is_empty())
    }

    /// The blobs that are there and are not what they should be.
    fn wrong_blobs(&self) -> HashSet<Digest> {
        let findings = self.looked.iter().flat_map(|surveyed| &surveyed.findings);
        let wrong = findings.filter_map(|finding| match (&finding.subject, &finding.fault) {
            (Subject::Blob(digest), Fault::Damaged { .. } | Fault::Size { .. }) => {
                Some(digest.clone())
            }
            _ => None,
        });
        wrong.collect()
    }
}

fn of_difference(difference: &Difference) -> Option<Vec<Cure>> {
    match difference {
        Difference::Missing { name, expected } | Difference::Other { name, expected, .. } => {
            Some(vec![Cure { digest: expected.clone(), name: Some(name.clone()) }])
        }
        Difference::Extra { .. } => None,
    }
}

fn of_finding(finding: &Finding) -> Vec<Cure> {
    let cure = |digest: &Digest| Cure { digest: digest.clone(), name: None };
    match (&finding.subject, &finding.fault) {
        (_, Fault::Unchecked(_)) | (Subject::Name | Subject::Referrers(_), _) => Vec::new(),
        (Subject::Manifest(digest), _) => vec![cure(digest)],
        (Subject::Blob(_), _) => finding.holders.iter().map(cure).collect(),
    }
}
