//! Brings to a mirror what it lacks, and nothing else.
//!
//! A job of the engine for each manifest that lacks something, to a sink that tells what is really there
//! ([`Doubted`]): blobs that are there are not sent again, and no image is touched that is whole.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::report::Checked;
use super::{Observer, Verified, check};
use crate::mirror::verify::{Difference, Doubted, Fault, Finding, Subject};
use crate::model::{Digest, Endpoint, RefName};
use crate::ops::copy::Ends;
use crate::store::{self, Reference, Sink, Source};
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
    let Verified { checked, depth, proven } = verified;
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
    Repaired { verified: Verified { checked, depth, proven }, failures }
}

/// Brings what one repository lacks, and tells how many images were tried.
async fn cure(
    ends: &Ends,
    checked: &Checked,
    copier: &Copier,
    failures: &mut Vec<(String, Arc<ResolveError>)>,
) -> usize {
    let Some(from) = &checked.site.source else { return 0 };
    if checked.cures().next().is_none() {
        return 0;
    }
    let place = checked.site.endpoint.to_string();
    let opened = open(ends, from, &checked.site.endpoint).await;
    let (source, sink) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            failures.push((place, Arc::new(error.into())));
            return 0;
        }
    };
    let sink: Arc<dyn Sink> = Arc::new(Doubted::new(sink, checked.wrong_blobs()));
    let mut cures: BTreeSet<Cure> = BTreeSet::new();
    for possible in checked.cures() {
        cures.extend(first_at(source.as_ref(), possible).await);
    }
    let mut copies = Vec::new();
    for (image, Cure { digest, name }) in cures.iter().cloned().enumerate() {
        let target = Target { image, sink: Arc::clone(&sink), name };
        let job = Job {
            source: Arc::clone(&source),
            reference: Reference::Digest(digest),
            selection: Selection::default(),
            targets: vec![target],
        };
        copies.push(copier.copy(job));
    }
    let results: Vec<_> = stream::iter(copies).buffered(IMAGES).collect().await;
    for (cure, result) in cures.iter().zip(results.into_iter().flatten()) {
        if let Err(error) = result {
            failures.push((format!("{place}@{}", cure.digest), error));
        }
    }
    if let Err(error) = sink.finish().await {
        failures.push((place, Arc::new(error.into())));
    }
    cures.len()
}

async fn open(
    ends: &Ends,
    from: &Endpoint,
    to: &Endpoint,
) -> store::Result<(Arc<dyn Source>, Arc<dyn Sink>)> {
    Ok((ends.source.source(from).await?, ends.destination.sink(to).await?))
}

/// The first of several manifests that the source has; where it has none, the first.
async fn first_at(source: &dyn Source, possible: Vec<Cure>) -> Option<Cure> {
    for cure in possible.iter().take(HOLDERS) {
        let reference = Reference::Digest(cure.digest.clone());
        if matches!(source.digest(&reference).await, Ok(Some(_))) {
            return Some(cure.clone());
        }
    }
    possible.into_iter().next()
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
