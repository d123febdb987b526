//! The short verbs as `Options -> Report`: nothing here knows a terminal, arguments or exit codes.

mod copy;
mod inspect;
mod pulled;

pub use copy::{CopiedImage, CopyReport, CopyRequest, Ends, copy};
pub use inspect::{InspectError, Inspection, Layer, PlatformImage, config, inspect, tags};
pub use pulled::{NoDataHome, layouts, pulled};
