//! Over how many connections a registry is best read, as long downloads find out and tell each other.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of connections for one download. A registry that does not give parts is read over one for good.
#[derive(Debug)]
pub struct Width(AtomicUsize);

/// Stands for a registry that does not give parts.
const WHOLE: usize = 0;

impl Default for Width {
    fn default() -> Self {
        Self(AtomicUsize::new(1))
    }
}

impl Width {
    /// What was found best so far: one at first. `None` when more than one is not to be tried.
    #[must_use]
    pub fn best(&self) -> Option<usize> {
        Some(self.0.load(Ordering::Relaxed)).filter(|&width| width != WHOLE)
    }

    /// Notes that `width` is best.
    pub fn found(&self, width: usize) {
        // An error says that there is one connection for good.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |known| {
            (known != WHOLE).then_some(width.max(1))
        });
    }

    /// Notes that the registry does not give parts, or wants fewer requests.
    pub fn refused(&self) {
        self.0.store(WHOLE, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_not_forgotten() {
        let width = Width::default();
        assert_eq!(width.best(), Some(1));
        width.found(4);
        assert_eq!(width.best(), Some(4));
        width.refused();
        width.found(8);
        assert_eq!(width.best(), None);
    }
}
