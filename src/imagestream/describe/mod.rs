//! Streams and images as text for a person, in the layouts of `oc describe` and `oc import-image`.
//!
//! Nothing is asked for and nothing is printed here: objects and the present moment go in, text comes out. All that
//! objects hold is foreign, so each line of it passes `model::one_line`.
//!
//! Differs from oc where that misleads: an image has the tag of the stream that it was asked for, and not the one that
//! its registry knows it by; a moment that is not known is `<none>` and not 292 years ago; the variant of an
//! architecture is told; references without an image count one by one. Runs of white space in a value become one.
//!
//! Source: `pkg/helpers/describe` of openshift/oc, and recordings of its output.

mod columns;
mod fields;
mod image;
mod import;
mod row;
mod stream;
mod units;

pub use columns::align;
pub use image::describe_image;
pub use import::{
    Became, Outcome, describe_import, has_failed, headline, left_out, listing_failure, outcomes,
};
pub use row::row;
pub use stream::describe_stream;
pub use units::ago;
