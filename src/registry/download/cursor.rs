//! Where the segments of a blob lie.

use std::ops::Range;

/// What is asked for at once on a connection that is not the only one. Asking takes a round trip in which the
/// connection brings nothing; larger segments make that rarer and take more memory.
pub(super) const SEGMENT: u64 = 3 * 1024 * 1024;

/// How a blob of `size` bytes is being read.
#[derive(Clone, Debug)]
pub(super) struct Cursor {
    /// The bytes of the blob.
    pub(super) size: u64,
    /// The next byte for whoever reads it.
    pub(super) at: u64,
}

impl Cursor {
    /// The bytes from the next one to the end.
    pub(super) fn left(&self) -> u64 {
        self.size.saturating_sub(self.at)
    }

    /// The next segment to ask for, behind those that are `ahead`; the first begins `lead` bytes from here. `None`
    /// at the end of the blob, or when the segments would take more than `room` bytes.
    pub(super) fn following(
        &self,
        ahead: Option<Range<u64>>,
        lead: u64,
        room: u64,
    ) -> Option<Range<u64>> {
        let start = self.at.saturating_add(lead);
        let ahead = ahead.unwrap_or(start..start);
        let first = ahead.end.max(self.at);
        let end = first.saturating_add(SEGMENT).min(self.size);
        let taken = end.saturating_sub(ahead.start.max(self.at));
        (first < end && taken <= room).then_some(first..end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The reader takes what it likes, of the segments or past them; the segments that it does not overtake
        /// cover the rest without a gap, in order, within the room.
        #[test]
        fn segments_follow_each_other_within_the_room(
            size in 0u64..40 * SEGMENT,
            offset in 0u64..40 * SEGMENT,
            lead in 0u64..3 * SEGMENT,
            slots in 0u64..10,
            steps in prop::collection::vec(1u64..2 * SEGMENT, 0..60),
        ) {
            let mut cursor = Cursor { size, at: offset.min(size) };
            let mut ahead: Vec<Range<u64>> = Vec::new();
            for step in steps {
                let around = ahead.first().map(|first| first.start..ahead[ahead.len() - 1].end);
                while let Some(next) = cursor.following(
                    ahead.first().map(|first| first.start..ahead[ahead.len() - 1].end),
                    lead,
                    slots * SEGMENT,
                ) {
                    prop_assert!(next.start < next.end && next.end <= size);
                    prop_assert!(next.end - next.start == SEGMENT || next.end == size);
                    match ahead.last() {
                        Some(last) => prop_assert_eq!(last.end, next.start),
                        None => prop_assert_eq!(cursor.at + lead, next.start),
                    }
                    ahead.push(next);
                }
                let held: u64 = ahead.iter().map(|s| s.end - s.start.max(cursor.at)).sum();
                prop_assert!(held <= slots * SEGMENT, "{around:?}");
                cursor.at = (cursor.at + step).min(size);
                ahead.retain(|segment| segment.end > cursor.at);
            }
        }

        #[test]
        fn segments_cover_a_blob_once(size in 0u64..40 * SEGMENT, offset in 0u64..40 * SEGMENT) {
            let mut cursor = Cursor { size, at: offset };
            while let Some(next) = cursor.following(None, 0, SEGMENT) {
                prop_assert_eq!(next.start, cursor.at);
                cursor.at = next.end;
            }
            prop_assert_eq!(cursor.at, size.max(offset));
            prop_assert_eq!(cursor.left(), 0);
        }
    }

    #[test]
    fn the_end_of_numbers_is_no_overflow() {
        let cursor = Cursor { size: u64::MAX, at: u64::MAX - 1 };
        assert_eq!(cursor.following(None, 5, u64::MAX), None);
        assert_eq!(cursor.following(None, 0, u64::MAX), Some(u64::MAX - 1..u64::MAX));
    }
}
