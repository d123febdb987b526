//! What the integration tests share.

#[macro_use]
pub(crate) mod need;

pub(crate) mod apiserver;
pub(crate) mod certificates;
pub(crate) mod embedded;
pub(crate) mod faults;
pub(crate) mod importing;
pub(crate) mod keeper;
pub(crate) mod layout;
pub(crate) mod openapi;
pub(crate) mod paced;
pub(crate) mod program;
pub(crate) mod raw_http;
pub(crate) mod recording;
pub(crate) mod registry;
pub(crate) mod release;
pub(crate) mod responder;
pub(crate) mod serving;
pub(crate) mod shell;
pub(crate) mod site;
pub(crate) mod skopeo;
pub(crate) mod source;
pub(crate) mod streams;
pub(crate) mod tls_front;
pub(crate) mod tokens;
pub(crate) mod vault;
