//! Receipts: what a far side holds, in a few kilobytes, so that a bundle can leave it out. Pure.
//!
//! A blob is told by the first 64 bits of its digest, and stands under the first repository that has it. Two blobs of
//! one short form are met once in 10^10 bundles of 10,000 blobs for a side that holds 100,000; and then the import, which
//! asks for the whole digest before it writes, says what lacks.

use std::collections::{BTreeMap, HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};

use super::contents::{ContentsError, Head, text};
use super::{Contents, FarRepository};
use crate::model::{Digest, RepositoryPath};

const FORMAT: &str = "longshore-receipt";
const VERSION: u32 = 1;
/// The bytes of a digest that tell a blob.
const SHORT: usize = 8;
/// The digits of a digest that tell what a tag names.
const DIGITS: usize = 2 * SHORT;

/// The start of a digest.
type Short = [u8; SHORT];

/// What a far side holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    format: String,
    version: u32,
    /// The place, as it was asked for.
    pub of: String,
    /// Its repositories, by path.
    pub repositories: Vec<Inventory>,
}

/// What a repository holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The path on the registry.
    #[serde(with = "text")]
    pub path: RepositoryPath,
    /// The start of the digest of each tag.
    pub tags: BTreeMap<String, String>,
    /// The start of the digest of each blob, one after the other, in Base64.
    blobs: String,
}

/// What is known to be at the destination of a bundle, and where there.
#[derive(Clone, Debug, Default)]
pub struct Base {
    whole: HashMap<Digest, FarRepository>,
    short: HashMap<Short, FarRepository>,
    /// Where that is known from.
    pub(super) known_from: Vec<String>,
}

impl Receipt {
    /// A receipt of `of`, of which nothing is known yet.
    #[must_use]
    pub fn new(of: String) -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION, of, repositories: Vec::new() }
    }

    /// Adds a repository. `seen` has the blobs of those before it, and gets those of this one.
    pub fn add(
        &mut self,
        path: RepositoryPath,
        tags: &BTreeMap<String, Digest>,
        blobs: impl IntoIterator<Item = Digest>,
        seen: &mut HashSet<Digest>,
    ) {
        let mut new: Vec<Short> = Vec::new();
        for blob in blobs {
            if seen.insert(blob.clone()) {
                new.extend(short(&blob));
            }
        }
        new.sort_unstable();
        let tag = |(tag, digest): (&String, &Digest)| {
            let digits: String = digest.hex().chars().take(DIGITS).collect();
            (tag.clone(), format!("{}:{digits}", digest.algorithm().as_str()))
        };
        let (tags, blobs) = (tags.iter().map(tag).collect(), STANDARD_NO_PAD.encode(new.concat()));
        self.repositories.push(Inventory { path, tags, blobs });
    }

    /// Reads what [`Receipt::to_bytes`] wrote.
    ///
    /// # Errors
    /// When it is something else, or of another version.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        Head::of(bytes)?.check(FORMAT, VERSION)?;
        Ok(serde_json::from_slice(bytes).map_err(ContentsError::from)?)
    }

    /// One line for each repository.
    ///
    /// # Errors
    /// Never, with what is in it; it is JSON that could not be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let head = serde_json::to_string(&Self { repositories: Vec::new(), ..self.clone() })?;
        let head = head.trim_end_matches("[]}").to_owned() + "[";
        let lines = self.repositories.iter().map(serde_json::to_string);
        let lines = lines.collect::<Result<Vec<_>, _>>()?.join(",\n");
        Ok(format!("{head}\n{lines}\n]}}\n").into_bytes())
    }
}

impl Contents {
    /// What the bundle itself leaves out.
    pub(super) fn own_base(&self) -> Base {
        let mut base = Base { known_from: self.base.clone(), ..Base::default() };
        base.add_presumed(self);
        base
    }
}

/// Why a text is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// It is no receipt at all, or one of another version.
    #[error(transparent)]
    Form(Box<dyn std::error::Error + Send + Sync>),
    /// The blobs of a repository cannot be read.
    #[error("the blobs of {0} are not what a receipt has there")]
    Blobs(String),
}

impl From<ContentsError> for ReceiptError {
    fn from(error: ContentsError) -> Self {
        Self::Form(Box::new(error))
    }
}

impl Base {
    /// Adds what a receipt tells.
    ///
    /// # Errors
    /// When its blobs cannot be read.
    pub fn add_receipt(&mut self, receipt: &Receipt) -> Result<(), ReceiptError> {
        for Inventory { path, blobs, .. } in &receipt.repositories {
            let unusable = || ReceiptError::Blobs(path.to_string());
            let bytes = STANDARD_NO_PAD.decode(blobs).map_err(|_| unusable())?;
            let (blobs, rest) = bytes.as_chunks::<SHORT>();
            if !rest.is_empty() {
                return Err(unusable());
            }
            for blob in blobs {
                self.short.entry(*blob).or_insert_with(|| FarRepository::At(path.clone()));
            }
        }
        self.known_from.push(receipt.of.clone());
        Ok(())
    }

    /// Adds what has been brought by an earlier bundle.
    pub fn add_bundle(&mut self, of: String, contents: &Contents) {
        for blob in &contents.blobs {
            let repository = FarRepository::Below(blob.repository.clone());
            self.whole.entry(blob.digest.clone()).or_insert(repository);
        }
        self.add_presumed(contents);
        self.known_from.push(of);
    }

    fn add_presumed(&mut self, contents: &Contents) {
        for blob in &contents.presumed {
            self.whole.entry(blob.digest.clone()).or_insert_with(|| blob.repository.clone());
        }
    }

    /// Where a blob is, if it is there.
    #[must_use]
    pub fn find(&self, blob: &Digest) -> Option<&FarRepository> {
        self.whole.get(blob).or_else(|| self.short.get(&short(blob)?))
    }

    /// Whether it tells of nothing, and of no place either.
    pub(super) fn is_unknown(&self) -> bool {
        self.known_from.is_empty()
    }
}

fn short(digest: &Digest) -> Option<Short> {
    let number = u64::from_str_radix(digest.hex().get(..DIGITS)?, 16).ok()?;
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: usize) -> Digest {
        Digest::of(number.to_string().as_bytes())
    }

    /// A receipt of so many images in repositories of their own, which share half of their layers.
    fn receipt(images: usize) -> Receipt {
        let (mut receipt, mut seen) = (Receipt::new("far.local/ns".to_owned()), HashSet::new());
        for image in 0..images {
            let tags = BTreeMap::from([("v1".to_owned(), digest(image))]);
            let blobs = (0..4).chain(4 * image + 10..4 * image + 14).map(digest);
            let path = format!("ns/org/app-{image}").parse().unwrap();
            receipt.add(path, &tags, blobs, &mut seen);
        }
        receipt
    }

    #[test]
    fn a_receipt_finds_the_blobs_that_it_was_made_of() {
        let receipt = receipt(3);
        let bytes = receipt.to_bytes().unwrap();
        assert_eq!(Receipt::parse(&bytes).unwrap(), receipt);
        let mut base = Base::default();
        base.add_receipt(&receipt).unwrap();
        let found = |number| base.find(&digest(number)).map(ToString::to_string);
        assert_eq!(found(0).as_deref(), Some("/ns/org/app-0"));
        assert_eq!(found(18).as_deref(), Some("/ns/org/app-2"));
        assert_eq!(found(99), None);
    }

    #[test]
    fn seventy_images_take_a_few_kilobytes() {
        let bytes = receipt(70).to_bytes().unwrap();
        assert!(bytes.len() < 10_000, "{}", bytes.len());
    }

    #[test]
    fn what_is_no_receipt_is_refused() {
        for text in ["", "{}", r#"{"format": "longshore-bundle", "version": 1}"#] {
            assert!(Receipt::parse(text.as_bytes()).is_err(), "{text}");
        }
        for blobs in ["AAAA", "*", "AAAAAAAAAAAAAAAA"] {
            let path = "a".parse().unwrap();
            let mut receipt = Receipt::new("x".to_owned());
            receipt.repositories.push(Inventory {
                path,
                tags: BTreeMap::new(),
                blobs: blobs.to_owned(),
            });
            assert!(Base::default().add_receipt(&receipt).is_err(), "{blobs}");
        }
    }
}
