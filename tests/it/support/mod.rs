//! What the integration tests share.

#[macro_use]
pub(crate) mod need;
pub(crate) mod vault;
