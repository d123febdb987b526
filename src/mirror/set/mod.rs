//! Sets of images that one file describes: from its text to the images that it wants, and to mappings below a root.

mod blocked;
mod error;
mod image_set;
mod os_and_arch;
mod platform;
mod release;
mod select;
mod wanted;

pub use error::{ChannelError, SetError};
pub use image_set::{ImageSet, is_set};
pub use platform::{Note, Payload, Platform, Product, Question, Releases};
pub use release::release_at;
pub use select::{BlockedImage, Selection};
pub use wanted::Wanted;
