//! A synthetic registry, parted as shards part it, and what each shard asks for and moves.

pub(crate) mod cost;
mod page;
mod parting;
pub(crate) mod registry;
mod words;

pub(crate) use page::page;

/// Whatever cannot be: a name that is none, or no shards.
pub(crate) type Error = Box<dyn std::error::Error>;
