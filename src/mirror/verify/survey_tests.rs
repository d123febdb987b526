use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn digest(kind: &str, number: usize) -> Digest {
    Digest::of(format!("{kind} {number}").as_bytes())
}

fn descriptor(digest: Digest) -> Descriptor {
    Descriptor::new("application/octet-stream".into(), digest, 7)
}

/// Manifests, each with the later ones in it and its blobs; names; what is missing.
#[derive(Clone, Debug)]
struct World {
    children: Vec<Vec<usize>>,
    blobs: Vec<Vec<usize>>,
    names: Vec<usize>,
    missing_manifests: HashSet<usize>,
    missing_blobs: HashSet<usize>,
}

const MANIFESTS: usize = 8;
const BLOBS: usize = 6;

fn worlds() -> impl Strategy<Value = World> {
    let some = |of: usize| prop::collection::vec(0..of, 0..3);
    (
        prop::collection::vec(some(MANIFESTS), MANIFESTS),
        prop::collection::vec(some(BLOBS), MANIFESTS),
        prop::collection::vec(0..MANIFESTS, 0..5),
        prop::collection::hash_set(0..MANIFESTS, 0..3),
        prop::collection::hash_set(0..BLOBS, 0..3),
    )
        .prop_map(|(mut children, blobs, names, missing_manifests, missing_blobs)| {
            for (number, children) in children.iter_mut().enumerate() {
                children.retain(|child| *child > number);
            }
            World { children, blobs, names, missing_manifests, missing_blobs }
        })
}

impl World {
    fn name(number: usize) -> RefName {
        format!("v{number}").parse().unwrap()
    }

    fn number(digest_: &Digest) -> usize {
        (0..MANIFESTS).find(|number| digest("manifest", *number) == *digest_).unwrap()
    }

    fn answer(&self, question: Question) -> Answer {
        match question {
            Question::Names => Answer::Names((0..self.names.len()).map(Self::name).collect()),
            Question::Name(name) => {
                let number: usize = name.as_str()[1..].parse().unwrap();
                Answer::Name(name, Ok(digest("manifest", self.names[number])))
            }
            Question::Manifest(digest_) => {
                let number = Self::number(&digest_);
                if self.missing_manifests.contains(&number) {
                    return Answer::Manifest(digest_, Err(Fault::Missing));
                }
                let children = self.children[number].iter();
                let blobs = self.blobs[number].iter();
                let read = Read {
                    size: 7,
                    children: children.map(|n| descriptor(digest("manifest", *n))).collect(),
                    blobs: blobs.map(|n| descriptor(digest("blob", *n))).collect(),
                    referrers: Ok(Vec::new()),
                };
                Answer::Manifest(digest_, Ok(read))
            }
            Question::Blob(blob) => {
                let missing = self.missing_blobs.iter().any(|n| digest("blob", *n) == blob.digest);
                Answer::Blob(blob, if missing { Err(Fault::Missing) } else { Ok(()) })
            }
            Question::Only | Question::Perhaps(..) => unreachable!("not asked of all names"),
        }
    }

    /// What is missing below the manifest of a name.
    fn missing_from(&self, root: usize) -> HashSet<Subject> {
        let (mut found, mut open, mut seen) = (HashSet::new(), vec![root], HashSet::new());
        while let Some(number) = open.pop() {
            if !seen.insert(number) {
                continue;
            }
            if self.missing_manifests.contains(&number) {
                found.insert(Subject::Manifest(digest("manifest", number)));
                continue;
            }
            open.extend(&self.children[number]);
            let gone = self.blobs[number].iter().filter(|blob| self.missing_blobs.contains(blob));
            found.extend(gone.map(|blob| Subject::Blob(digest("blob", *blob))));
        }
        found
    }
}

fn survey(world: &World) -> (Surveyed, Vec<Question>) {
    let (mut survey, mut asked) = (Survey::new(Scope::of(Names::All)), Vec::new());
    while let Some(question) = survey.next() {
        asked.push(question.clone());
        survey.take(world.answer(question));
    }
    (survey.finish(), asked)
}

proptest! {
    #[test]
    fn all_that_is_missing_is_found_with_the_names_that_lead_there(world in worlds()) {
        let (surveyed, asked) = survey(&world);
        for (number, question) in asked.iter().enumerate() {
            prop_assert!(!asked[..number].contains(question), "asked twice: {question:?}");
        }
        let mut wanted: BTreeMap<Subject, BTreeSet<RefName>> = BTreeMap::new();
        for (name, root) in world.names.iter().enumerate() {
            for subject in world.missing_from(*root) {
                wanted.entry(subject).or_default().insert(World::name(name));
            }
        }
        let found = surveyed.findings.into_iter();
        let found: BTreeMap<_, BTreeSet<_>> =
            found.map(|f| (f.subject, f.names.into_iter().collect())).collect();
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn whoever_holds_a_missing_blob_is_known(world in worlds()) {
        for finding in survey(&world).0.findings {
            if let Subject::Blob(blob) = &finding.subject {
                prop_assert!(!finding.holders.is_empty());
                for holder in &finding.holders {
                    let blobs = &world.blobs[World::number(holder)];
                    prop_assert!(blobs.iter().any(|number| digest("blob", *number) == *blob));
                }
            }
        }
    }
}

#[test]
fn a_chain_without_an_end_is_given_up() {
    let mut survey =
        Survey::new(Scope::roots(vec![Root { digest: digest("link", 0), subject: None }]));
    let mut links = 0;
    while let Some(question) = survey.next() {
        survey.take(match question {
            Question::Perhaps(name, subject) => Answer::Perhaps(name, subject, Ok(None)),
            Question::Manifest(at) => {
                links += 1;
                let next = Descriptor::new(
                    crate::model::media_types::OCI_MANIFEST.into(),
                    digest("link", links),
                    1,
                );
                let read = Read {
                    size: 1,
                    children: Vec::new(),
                    blobs: Vec::new(),
                    referrers: Ok(vec![next]),
                };
                Answer::Manifest(at, Ok(read))
            }
            other => unreachable!("{other:?}"),
        });
    }
    assert_eq!(links, usize::from(MAX_DEPTH) + 1);
    assert!(survey.finish().too_large.is_some());
}

#[test]
fn two_sizes_for_one_digest_are_no_truth() {
    let mut survey =
        Survey::new(Scope::roots(vec![Root { digest: digest("image", 0), subject: None }]));
    let blob = descriptor(digest("blob", 0));
    let lie = Descriptor { size: 8, ..blob.clone() };
    while let Some(question) = survey.next() {
        survey.take(match question {
            Question::Perhaps(name, subject) => Answer::Perhaps(name, subject, Ok(None)),
            Question::Blob(blob) => Answer::Blob(blob, Ok(())),
            Question::Manifest(at) => {
                let blobs = vec![blob.clone(), lie.clone()];
                let read = Read { size: 1, children: Vec::new(), blobs, referrers: Ok(Vec::new()) };
                Answer::Manifest(at, Ok(read))
            }
            other => unreachable!("{other:?}"),
        });
    }
    let findings = survey.finish().findings;
    assert!(matches!(findings[0].fault, Fault::Size { expected: 8, found: 7 }), "{findings:?}");
}
