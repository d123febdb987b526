//! What an entry of the journal says. Pure.

use serde::{Deserialize, Serialize};

use crate::model::Descriptor;

/// The form that is written, and the only one that is read.
const VERSION: u32 = 1;

/// An upload under way, as it is kept: one line of JSON. It has no `Debug`, for its location may be a secret.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::registry) struct Record {
    version: u32,
    place: String,
    digest: String,
    size: u64,
    /// Where the upload goes on.
    pub(in crate::registry) location: String,
    /// The smallest chunk that the registry takes, if it said so.
    pub(in crate::registry) chunk: Option<u64>,
    /// The bytes that the registry acknowledged. It may have more.
    pub(in crate::registry) acknowledged: u64,
}

impl Record {
    pub(in crate::registry) fn new(
        place: &str,
        blob: &Descriptor,
        location: &str,
        chunk: Option<u64>,
        acknowledged: u64,
    ) -> Self {
        Self {
            version: VERSION,
            place: place.to_owned(),
            digest: blob.digest.to_string(),
            size: blob.size,
            location: location.to_owned(),
            chunk,
            acknowledged,
        }
    }

    /// The record in the first line of `text`, if it is one of this blob at this place. What stands behind that line
    /// is left of an earlier, longer one.
    pub(super) fn parse(text: &[u8], place: &str, blob: &Descriptor) -> Option<Self> {
        let end = text.iter().position(|byte| *byte == b'\n')?;
        let record: Self = serde_json::from_slice(&text[..end]).ok()?;
        let is_ours = record.version == VERSION
            && record.place == place
            && record.digest == blob.digest.as_str()
            && record.size == blob.size
            && record.acknowledged <= blob.size;
        is_ours.then_some(record)
    }

    pub(super) fn line(&self) -> serde_json::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, MediaType};

    const PLACE: &str = "https://quay.io/v2/org/app/blobs/uploads/";

    fn blob(content: &[u8], size: u64) -> Descriptor {
        Descriptor::new(MediaType::from("x/y"), Digest::of(content), size)
    }

    #[test]
    fn a_record_is_read_for_what_it_was_written_for() {
        let wanted = blob(b"layer", 100);
        let record = Record::new(PLACE, &wanted, "/v2/org/app/blobs/uploads/1", Some(7), 50);
        let line = record.line().unwrap();
        let read = |text: &[u8], place: &str, blob: &Descriptor| {
            Record::parse(text, place, blob).is_some()
        };
        assert!(read(&line, PLACE, &wanted));
        assert!(read(&[&line[..], b"left of a longer one\n"].concat(), PLACE, &wanted));
        assert!(!read(&line, "https://quay.io/v2/org/other/blobs/uploads/", &wanted));
        for other in [blob(b"other", 100), blob(b"layer", 101)] {
            assert!(!read(&line, PLACE, &other));
        }
        for bad in [&b""[..], b"\n", b"{}\n", b"[]\n", &line[..line.len() - 1], &line[1..]] {
            assert!(!read(bad, PLACE, &wanted), "{}", String::from_utf8_lossy(bad));
        }
        for (from, to) in
            [("\"version\":1", "\"version\":2"), ("\"acknowledged\":50", "\"acknowledged\":101")]
        {
            let other = String::from_utf8(line.clone()).unwrap().replace(from, to);
            assert!(!read(other.as_bytes(), PLACE, &wanted), "{other}");
        }
    }
}
