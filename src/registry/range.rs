//! The two range headers that matter: how much of a download comes, and how much of an upload is there.

/// `Content-Range: bytes FIRST-LAST/TOTAL` (RFC 9110 §14.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContentRange {
    pub(super) first: u64,
    /// The last byte, included.
    pub(super) last: u64,
    /// The whole size; `None` for `*`.
    pub(super) total: Option<u64>,
}

impl ContentRange {
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (range, total) = header.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        let total = match total.trim() {
            "*" => None,
            total => Some(total.parse().ok()?),
        };
        (first <= last && total.is_none_or(|total| last < total)).then_some(Self {
            first,
            last,
            total,
        })
    }
}

/// How many bytes of an upload the registry has, from the `Range` header of an upload's status.
///
/// The distribution specification says `0-LAST`, the last byte included; `0-0` also stands for nothing yet, and is
/// read so: a byte too few is sent twice, which the digest tells, where a byte too many would be lost. Quay writes
/// `bytes=0-COUNT`.
pub(super) fn received(header: &str) -> Option<u64> {
    let (range, is_count) = match header.trim().strip_prefix("bytes=") {
        Some(range) => (range, true),
        None => (header.trim(), false),
    };
    let (first, end) = range.split_once('-')?;
    let end: u64 = end.parse().ok()?;
    match (first, is_count, end) {
        ("0", true, count) => Some(count),
        ("0", false, 0) => Some(0),
        ("0", false, last) => last.checked_add(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_strictly() {
        assert_eq!(
            ContentRange::parse("bytes 5-9/10"),
            Some(ContentRange { first: 5, last: 9, total: Some(10) })
        );
        assert_eq!(ContentRange::parse("bytes 5-9/*").unwrap().total, None);
        for bad in ["", "bytes */10", "bytes 9-5/10", "bytes 5-10/10", "5-9/10", "bytes 5-9"] {
            assert_eq!(ContentRange::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_upload_tells_its_bytes_in_two_dialects() {
        for (header, bytes) in [
            ("0-99", Some(100)),
            ("0-0", Some(0)),
            ("bytes=0-100", Some(100)),
            ("bytes=0-0", Some(0)),
            ("5-99", None),
            ("0-18446744073709551615", None),
            ("nonsense", None),
        ] {
            assert_eq!(received(header), bytes, "{header}");
        }
    }
}
