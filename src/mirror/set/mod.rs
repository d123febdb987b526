//! Sets of images that one file describes: from its text to the images that it wants, and to mappings below a root.

mod blocked;
mod error;
mod file;
mod image_set;
mod parsed;
mod select;
mod wanted;

pub use error::SetError;
pub use image_set::ImageSet;
pub use select::{BlockedImage, Selection};
pub use wanted::Wanted;
