//! Byte ranges: `Range` of downloads (RFC 9110, section 14.2) and `Content-Range` of upload chunks (OCI distribution
//! specification, «Pushing a blob in chunks», where it is `START-END` without a unit).

use super::error::{Outcome, Reason, Refusal};

/// What part of a blob a download is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// All of it.
    Whole,
    /// `length` bytes from `start` on.
    Part { start: u64, length: u64 },
    /// A part that is not there.
    Unsatisfiable,
}

impl Span {
    /// Reads the `Range` header of a request for something of `size` bytes. Other units, several ranges and what
    /// cannot be read are passed over, as RFC 9110 has it.
    pub(super) fn of(header: Option<&str>, size: u64) -> Self {
        let range = header
            .and_then(|text| text.trim().split_once('='))
            .filter(|(unit, _)| unit.eq_ignore_ascii_case("bytes"));
        let Some((first, last)) = range.and_then(|(_, range)| range.split_once('-')) else {
            return Self::Whole;
        };
        match (number(first), number(last)) {
            (None, Some(suffix)) if first.is_empty() => {
                Self::between(size.saturating_sub(suffix), size, size)
            }
            (Some(start), None) if last.is_empty() => Self::between(start, size, size),
            (Some(start), Some(last)) => Self::between(start, last.saturating_add(1), size),
            _ => Self::Whole,
        }
    }

    fn between(start: u64, end: u64, size: u64) -> Self {
        let end = end.min(size);
        match end.checked_sub(start) {
            None | Some(0) => Self::Unsatisfiable,
            Some(length) => Self::Part { start, length },
        }
    }
}

/// The place of a chunk within an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// The offset of its first byte.
    pub(super) start: u64,
    /// Its number of bytes.
    pub(super) length: u64,
}

impl Chunk {
    /// Reads a `Content-Range` header: `START-END`, and `bytes START-END/SIZE` as RFC 9110 writes it.
    pub(super) fn parse(header: &str) -> Outcome<Self> {
        let text = header.trim();
        let text =
            text.strip_prefix("bytes").map_or(text, |text| text.trim_start_matches([' ', '=']));
        let range = text.split('/').next().unwrap_or_default();
        let bounds = range.split_once('-').and_then(|(start, last)| {
            let (start, last) = (number(start)?, number(last)?);
            let length = last.checked_add(1)?.checked_sub(start)?;
            Some(Self { start, length })
        });
        bounds.ok_or_else(|| {
            Refusal::new(
                Reason::UploadInvalid,
                "'Content-Range' has to be START-END, both in bytes",
            )
        })
    }
}

/// A decimal number without a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_are_cut_to_the_blob() {
        let part = |start, length| Span::Part { start, length };
        for (header, span) in [
            ("bytes=500-1499", part(500, 1000)),
            ("bytes=500-", part(500, 1548)),
            ("bytes=-500", part(1548, 500)),
            ("bytes=2000-5000", part(2000, 48)),
            ("bytes=-9999", part(0, 2048)),
            ("bytes=0-0", part(0, 1)),
            ("Bytes=0-0", part(0, 1)),
            ("bytes=500-0", Span::Unsatisfiable),
            ("bytes=5000-10000", Span::Unsatisfiable),
            ("bytes=2048-", Span::Unsatisfiable),
            ("bytes=-0", Span::Unsatisfiable),
            ("bytes=0-1,5-6", Span::Whole),
            ("bytes=-", Span::Whole),
            ("bytes=a-b", Span::Whole),
            ("bytes=+1-2", Span::Whole),
            ("lines=1-2", Span::Whole),
        ] {
            assert_eq!(Span::of(Some(header), 2048), span, "{header}");
        }
        assert_eq!(Span::of(None, 2048), Span::Whole);
        assert_eq!(Span::of(Some("bytes=0-"), 0), Span::Unsatisfiable);
    }

    #[test]
    fn chunks_are_read_in_both_spellings() {
        let chunk = Chunk { start: 5, length: 5 };
        for header in ["5-9", "bytes 5-9/100", "bytes 5-9/*", "bytes=5-9"] {
            assert_eq!(Chunk::parse(header).unwrap(), chunk, "{header}");
        }
        for bad in ["", "5", "9-5", "-5", "5-", "a-b", "0-18446744073709551615"] {
            assert_eq!(Chunk::parse(bad).unwrap_err().reason(), Reason::UploadInvalid, "{bad}");
        }
        assert_eq!(Chunk::parse("5-4").unwrap(), Chunk { start: 5, length: 0 });
    }

    proptest! {
        #[test]
        fn a_part_lies_within_the_blob(header in "bytes=[0-9]{0,20}-[0-9]{0,20}", size in 0u64..9999) {
            if let Span::Part { start, length } = Span::of(Some(&header), size) {
                prop_assert!(length > 0 && start + length <= size);
            }
        }
    }
}
