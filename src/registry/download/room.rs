//! How far ahead a blob may be fetched.

use super::cursor::SEGMENT;
use crate::http::{Memory, Reserved};

/// The memory that one download has for segments that come before their turn. Nobody waits for it: who finds none
/// goes on over one connection, which needs none.
#[derive(Debug)]
pub(super) struct Room {
    of: Memory,
    taken: Option<Reserved>,
}

impl Room {
    pub(super) fn new(of: Memory) -> Self {
        Self { of, taken: None }
    }

    /// The bytes that may be held.
    pub(super) fn bytes(&self) -> u64 {
        self.taken.as_ref().map_or(0, Reserved::bytes)
    }

    /// Makes room for `width` connections, if there is any. One segment more than there are connections: none is to
    /// wait until the one before it is through.
    pub(super) fn widen(&mut self, width: usize) -> bool {
        let needed = (width as u64 + 1) * SEGMENT;
        let Some(more) = self.of.try_reserve(needed.saturating_sub(self.bytes())) else {
            return false;
        };
        match &mut self.taken {
            Some(taken) => taken.join(more),
            None => self.taken = Some(more),
        }
        true
    }

    /// Gives all of it back.
    pub(super) fn leave(&mut self) {
        self.taken = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn downloads_share_what_there_is() {
        let memory = Memory::default();
        let (mut one, mut other) = (Room::new(memory.clone()), Room::new(memory));
        assert!(one.widen(2) && one.widen(4));
        assert_eq!(one.bytes(), 5 * SEGMENT);
        assert!(other.widen(4) && !other.widen(6) && !one.widen(6));
        one.leave();
        assert!(other.widen(8));
        assert_eq!((one.bytes(), other.bytes()), (0, 9 * SEGMENT));
    }
}
