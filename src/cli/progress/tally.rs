//! What has happened so far, in numbers. Pure: it is told events and the time, and draws nothing.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanDuration};
use longshore::model::Digest;
use longshore::transfer::{BlobOutcome, Event, Outcome};

/// The time over which the rate is measured.
const WINDOW: Duration = Duration::from_secs(10);

/// A blob on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) size: u64,
    pub(crate) offset: u64,
    /// The bytes of it that an earlier run copied.
    resumed: u64,
}

/// The sums over all images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) running: usize,
    pub(crate) succeeded: usize,
    pub(crate) failed: usize,
    /// Images that are not at their source.
    pub(crate) absent: usize,
    /// Bytes that have to be there in the end.
    pub(crate) planned: u64,
    /// Bytes that are there already.
    pub(crate) there: u64,
    /// Bytes per second that travel.
    pub(crate) rate: u64,
}

impl Totals {
    /// Images that have come to their end.
    pub(crate) fn done(&self) -> usize {
        self.succeeded + self.failed + self.absent
    }

    /// The time until all planned bytes are there, if it goes on like this.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let seconds = self.planned.saturating_sub(self.there).checked_div(self.rate)?;
        Some(Duration::from_secs(seconds))
    }

    /// Rate and remaining time in words.
    pub(crate) fn speed(&self) -> String {
        let rate = HumanBytes(self.rate);
        match self.remaining() {
            Some(time) => format!("{rate}/s, {} left", HumanDuration(time)),
            None => format!("{rate}/s"),
        }
    }
}

#[derive(Default)]
struct Image {
    source: String,
    destination: String,
    planned: u64,
    there: u64,
    copied: usize,
    copied_bytes: u64,
    /// Those of them that an earlier run copied.
    resumed_bytes: u64,
    kept: usize,
}

/// All that the engine has told.
#[derive(Default)]
pub(crate) struct Tally {
    images: BTreeMap<usize, Image>,
    active: BTreeMap<(usize, Digest), Blob>,
    finished: Vec<String>,
    totals: Totals,
    moved: u64,
    samples: VecDeque<(Instant, u64)>,
}

impl Tally {
    /// Takes note of an event.
    pub(crate) fn note(&mut self, event: &Event) {
        match event {
            Event::ImageStarted { image, source, destination } => {
                let (source, destination) = (source.clone(), destination.clone());
                self.images.insert(*image, Image { source, destination, ..Image::default() });
                self.totals.running += 1;
            }
            Event::ImagePlanned { image, bytes, .. } => {
                self.images.entry(*image).or_default().planned = *bytes;
                self.totals.planned += bytes;
            }
            Event::BlobStarted { image, digest, size } => {
                self.active
                    .insert((*image, digest.clone()), Blob { size: *size, ..Blob::default() });
            }
            Event::BlobFrom { image, digest, offset } => {
                if let Some(blob) = self.active.get_mut(&(*image, digest.clone())) {
                    let there = offset.saturating_sub(blob.offset);
                    *blob = Blob {
                        offset: *offset,
                        resumed: blob.resumed.min(*offset) + there,
                        ..*blob
                    };
                }
            }
            Event::BlobAt { image, digest, offset } => {
                if let Some(blob) = self.active.get_mut(&(*image, digest.clone())) {
                    self.moved += offset.saturating_sub(blob.offset);
                    blob.offset = *offset;
                }
            }
            Event::BlobDone { image, digest, size, outcome } => {
                self.blob_done(*image, digest, *size, *outcome);
            }
            Event::ImageDone { image, outcome } => {
                let Some(done) = self.take_image(*image) else { return };
                match outcome {
                    Some(_) => self.totals.succeeded += 1,
                    None => self.totals.failed += 1,
                }
                self.finished.extend(self.last_word(&done, *outcome));
            }
            Event::ImageAbsent { image } => {
                let Some(Image { source, destination, .. }) = self.take_image(*image) else {
                    return;
                };
                self.totals.absent += 1;
                if !self.is_only_image() {
                    self.finished.push(format!("not there: {source} -> {destination}"));
                }
            }
        }
    }

    fn blob_done(&mut self, image: usize, digest: &Digest, size: u64, outcome: BlobOutcome) {
        let blob = self.active.remove(&(image, digest.clone())).unwrap_or_default();
        let image = self.images.entry(image).or_default();
        image.there += size;
        self.totals.there += size;
        match outcome {
            BlobOutcome::Copied => {
                self.moved += size.saturating_sub(blob.offset);
                image.copied += 1;
                image.copied_bytes += size;
                image.resumed_bytes += blob.resumed;
            }
            BlobOutcome::Mounted | BlobOutcome::Present => image.kept += 1,
        }
    }

    /// Takes an image that has come to its end: there is nothing to wait for any more.
    fn take_image(&mut self, number: usize) -> Option<Image> {
        let image = self.images.remove(&number)?;
        self.active.retain(|(of, _), _| *of != number);
        self.totals.running -= 1;
        self.totals.planned = (self.totals.planned + image.there).saturating_sub(image.planned);
        Some(image)
    }

    /// What to say of an image that has come to its end.
    fn last_word(&self, image: &Image, outcome: Option<Outcome>) -> Option<String> {
        let Image { source, destination, copied, copied_bytes, resumed_bytes, kept, .. } = image;
        Some(match outcome {
            Some(Outcome::Copied) => {
                let bytes = HumanBytes(*copied_bytes);
                let resumed = match resumed_bytes {
                    0 => String::new(),
                    resumed => format!(", {} of it by an earlier run", HumanBytes(*resumed)),
                };
                format!(
                    "done: {source} -> {destination} (blobs: {copied} copied, {bytes}{resumed}; {kept} already there)"
                )
            }
            Some(Outcome::Present) => {
                format!("done: {source} -> {destination} (was there already)")
            }
            None if self.is_only_image() => return None,
            None => format!("failed: {source} -> {destination}"),
        })
    }

    /// Whether no other image was heard of so far. The error of the only image follows at once and says it all.
    fn is_only_image(&self) -> bool {
        self.totals.running + self.totals.done() == 1
    }

    /// The sums now. To be asked regularly: the rate is measured between the questions.
    pub(crate) fn totals(&mut self, now: Instant) -> Totals {
        while self.samples.front().is_some_and(|(then, _)| now.duration_since(*then) > WINDOW) {
            self.samples.pop_front();
        }
        self.samples.push_back((now, self.moved));
        let (since, moved) = self.samples[0];
        let millis = u64::try_from(now.duration_since(since).as_millis()).unwrap_or(u64::MAX);
        let rate = ((self.moved - moved) * 1000).checked_div(millis).unwrap_or(0);
        let on_their_way: u64 = self.active.values().map(|blob| blob.offset).sum();
        Totals { there: self.totals.there + on_their_way, rate, ..self.totals }
    }

    /// The blobs on their way.
    pub(crate) fn active(&self) -> impl Iterator<Item = (&(usize, Digest), Blob)> {
        self.active.iter().map(|(key, blob)| (key, *blob))
    }

    /// A line for each image that has come to its end since the last question.
    pub(crate) fn take_finished(&mut self) -> Vec<String> {
        std::mem::take(&mut self.finished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(image: usize) -> Event {
        Event::ImageStarted { image, source: "a".into(), destination: "b".into() }
    }

    fn blob(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    fn done(image: usize, name: &str, size: u64, outcome: BlobOutcome) -> Event {
        Event::BlobDone { image, digest: blob(name), size, outcome }
    }

    #[test]
    fn the_rate_is_of_bytes_that_travel() {
        let start = Instant::now();
        let mut tally = Tally::default();
        assert_eq!(tally.totals(start).rate, 0);
        tally.note(&started(0));
        tally.note(&Event::ImagePlanned { image: 0, blobs: 2, bytes: 3000 });
        tally.note(&done(0, "x", 1000, BlobOutcome::Present));
        tally.note(&Event::BlobStarted { image: 0, digest: blob("y"), size: 2000 });
        for offset in [1000, 400, 500] {
            tally.note(&Event::BlobAt { image: 0, digest: blob("y"), offset });
        }
        let totals = tally.totals(start + Duration::from_secs(1));
        assert_eq!((totals.there, totals.planned, totals.rate), (1500, 3000, 1100));
        assert_eq!(totals.remaining(), Some(Duration::from_secs(1)));
    }

    #[test]
    fn what_an_earlier_run_copied_does_not_travel() {
        let start = Instant::now();
        let mut tally = Tally::default();
        tally.totals(start);
        tally.note(&started(0));
        tally.note(&Event::BlobStarted { image: 0, digest: blob("x"), size: 4096 });
        let from = |offset| Event::BlobFrom { image: 0, digest: blob("x"), offset };
        let at = |offset| Event::BlobAt { image: 0, digest: blob("x"), offset };
        // A blob that is read again from a byte that it had reached is not resumed.
        for event in [from(1024), at(3072), from(2048), at(4096)] {
            tally.note(&event);
        }
        assert_eq!(tally.totals(start + Duration::from_secs(1)).rate, 4096);
        tally.note(&done(0, "x", 4096, BlobOutcome::Copied));
        // What turns out to be wrong, and is read again from its start, is not resumed either.
        tally.note(&Event::BlobStarted { image: 0, digest: blob("x"), size: 4096 });
        for event in [from(1024), at(4096), from(0), at(4096)] {
            tally.note(&event);
        }
        tally.note(&done(0, "x", 4096, BlobOutcome::Copied));
        tally.note(&Event::ImageDone { image: 0, outcome: Some(Outcome::Copied) });
        let line = "done: a -> b (blobs: 2 copied, 8.00 KiB, 1.00 KiB of it by an earlier run; 0 already there)";
        assert_eq!(tally.take_finished(), [line]);
    }

    #[test]
    fn an_image_that_failed_leaves_nothing_to_wait_for() {
        let mut tally = Tally::default();
        tally.note(&started(0));
        tally.note(&Event::ImagePlanned { image: 0, blobs: 1, bytes: 3000 });
        tally.note(&Event::BlobStarted { image: 0, digest: blob("x"), size: 3000 });
        tally.note(&Event::BlobAt { image: 0, digest: blob("x"), offset: 10 });
        tally.note(&Event::ImageDone { image: 0, outcome: None });
        let totals = tally.totals(Instant::now());
        assert_eq!((totals.there, totals.planned, totals.failed, totals.running), (0, 0, 1, 0));
        assert_eq!(tally.take_finished(), [""; 0]);
        assert_eq!(tally.active().count(), 0);
    }

    #[test]
    fn an_image_that_is_nowhere_has_not_failed() {
        let mut tally = Tally::default();
        tally.note(&started(0));
        tally.note(&Event::ImageAbsent { image: 0 });
        let totals = tally.totals(Instant::now());
        assert_eq!((totals.done(), totals.failed, totals.running), (1, 0, 0));
        assert_eq!(tally.take_finished(), [""; 0]);
        tally.note(&started(1));
        tally.note(&Event::ImageAbsent { image: 1 });
        assert_eq!(tally.take_finished(), ["not there: a -> b"]);
    }

    #[test]
    fn a_finished_image_is_told_once() {
        let mut tally = Tally::default();
        tally.note(&started(7));
        tally.note(&done(7, "x", 2048, BlobOutcome::Copied));
        tally.note(&started(8));
        tally.note(&started(9));
        tally.note(&Event::ImageDone { image: 7, outcome: Some(Outcome::Copied) });
        tally.note(&Event::ImageDone { image: 8, outcome: Some(Outcome::Present) });
        tally.note(&Event::ImageDone { image: 9, outcome: None });
        let copied = "done: a -> b (blobs: 1 copied, 2.00 KiB; 0 already there)";
        let lines = [copied, "done: a -> b (was there already)", "failed: a -> b"];
        assert_eq!(tally.take_finished(), lines);
        assert!(tally.take_finished().is_empty());
    }
}
