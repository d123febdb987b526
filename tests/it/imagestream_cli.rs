//! Image streams as a person works with them.

mod cluster;
