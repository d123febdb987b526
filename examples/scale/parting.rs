//! How shards part the registry: by the library, as `mirror --shard` does.

use std::collections::HashSet;

use longshore::mirror::plan::{
    Amount, Lock, LockedDestination, LockedImage, LockedPlace, State, Sums, Totals,
};
use longshore::mirror::units;
use longshore::model::{Digest, Endpoint};
use longshore::shard::{Assignment, ShardCount, Unit};
use longshore::transfer::Attachments;

use super::Error;
use super::registry::{Registry, Repository};

/// What is known in advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// A plan.
    Plan,
    /// A mapping for each repository, with all its tags.
    Mappings,
    /// Nothing: each repository goes by its own name.
    Nothing,
}

/// The repositories of each shard.
pub(crate) fn parts<'r>(
    registry: &'r Registry,
    known: &[Unit],
    count: ShardCount,
) -> Result<Vec<Vec<&'r Repository>>, Error> {
    let assignment = Assignment::of(known.iter().cloned(), count);
    let mut parts = vec![Vec::new(); count.get()];
    for repository in &registry.repositories {
        parts[assignment.owner(&at(repository))].push(repository);
    }
    Ok(parts)
}

impl Known {
    pub(crate) fn units(self, registry: &Registry) -> Result<Vec<Unit>, Error> {
        match self {
            Self::Plan => Ok(plan(registry)?.units()),
            Self::Mappings => {
                let endpoints =
                    registry.repositories.iter().map(|repository| at(repository).parse());
                Ok(units(&endpoints.collect::<Result<Vec<Endpoint>, _>>()?).collect())
            }
            Self::Nothing => Ok(Vec::new()),
        }
    }
}

/// Where a repository goes.
fn at(repository: &Repository) -> String {
    format!("mirror.example.com/{}", repository.name)
}

/// The plan of all of it, as far as shards look at it. A blob comes to the first repository by name that needs it; the
/// others mount it.
fn plan(registry: &Registry) -> Result<Lock, Error> {
    let mut taken = HashSet::new();
    let (mut images, mut places) = (Vec::new(), Vec::new());
    for repository in &registry.repositories {
        let mut copy = Amount::default();
        for (number, tag) in repository.tags.iter().enumerate() {
            images.push(image(repository, number)?);
            for blob in tag.blobs.iter().copied().filter(|blob| taken.insert(*blob)) {
                copy.blobs += 1;
                copy.bytes += registry.sizes[blob];
            }
        }
        let sums = Sums { copy, ..Sums::default() };
        places.push(LockedPlace {
            place: at(repository),
            copy: Vec::new(),
            mount: [].into(),
            sums,
        });
    }
    Ok(Lock {
        version: Lock::VERSION,
        referrers: Attachments::None,
        sparse: false,
        images,
        manifests: [].into(),
        blobs: [].into(),
        places,
        totals: Totals::default(),
    })
}

fn image(repository: &Repository, number: usize) -> Result<LockedImage, Error> {
    let name = format!("{}:v{number}", at(repository)).parse()?;
    Ok(LockedImage {
        source: format!("source.example.com/{}:v{number}", repository.name).parse()?,
        digest: Digest::of(format!("{} {number}", repository.name).as_bytes()),
        picked_from: None,
        platforms: Vec::new(),
        referrers: Vec::new(),
        destinations: vec![LockedDestination { name, state: State::New, had: None }],
    })
}
