//! One API server of a Kubernetes kind: how it is found and logged in to, and how it is asked for JSON.
//!
//! [`Options`] and the environment lead to a kubeconfig file, or to the account of the pod that this runs in; a
//! [`Client`] asks that server. Errors name the server, and where its address and login come from; no message holds a
//! secret. What the objects mean that go back and forth is not known here.
//!
//! Source: `tools/clientcmd` and `plugin/pkg/client/auth/exec` of kubernetes/client-go. Unlike there, a login is sent
//! to no other host, an answer may not redirect, and what a file has wrong is told by line and column.

mod account;
mod client;
mod config;
mod deadline;
mod document;
mod duration;
mod error;
mod kubeconfig;
mod list;
mod login;
mod plugin;
mod resolve;
mod status;

pub(crate) use client::another_kind;
pub use client::{Client, segment};
pub use config::Options;
pub use error::{ConfigError, Error, ListFault, LoginError, Place};
pub use status::Status;
