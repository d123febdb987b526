//! The memory of a run for bytes that come before their turn. All downloads share it: how much a program takes is not
//! to depend on how many registries and blobs it reads at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most there is.
const MOST: usize = 30 * 1024 * 1024;

/// What of it is free.
#[derive(Clone, Debug)]
pub(crate) struct Memory(Arc<Semaphore>);

impl Default for Memory {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}

impl Memory {
    /// So many bytes of it, if they are free.
    pub(crate) fn try_reserve(&self, bytes: u64) -> Option<Reserved> {
        let bytes = u32::try_from(bytes).ok()?;
        Arc::clone(&self.0).try_acquire_many_owned(bytes).ok().map(Reserved)
    }
}

/// Memory that nobody else takes. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Reserved(OwnedSemaphorePermit);

impl Reserved {
    /// How much it is.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.num_permits() as u64
    }

    /// Takes `more` along; both are of the same memory.
    pub(crate) fn join(&mut self, more: Self) {
        self.0.merge(more.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_so_much_and_no_more() {
        let memory = Memory::default();
        let all = MOST as u64;
        let mut mine = memory.try_reserve(all / 2).unwrap();
        assert!(memory.try_reserve(all / 2 + 1).is_none());
        mine.join(memory.try_reserve(all / 2).unwrap());
        assert_eq!(mine.bytes(), all);
        assert!(memory.try_reserve(1).is_none() && memory.try_reserve(u64::MAX).is_none());
        drop(mine);
        assert!(memory.try_reserve(all).is_some());
    }
}
