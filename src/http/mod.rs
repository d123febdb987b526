//! The one loop that all traffic with registries goes through: authorise, send, retry, redirect.
//!
//! A [`Client`] speaks for one registry. [`Client::send`] makes attempts, each of which ends in a verdict; the loop
//! does what the verdict says. What is decided is decided in pure parts: [`RetryPolicy`], challenges, redirects,
//! tokens. How many requests are under way at once, how fast bytes pass, and what a quota leaves is shared by all
//! clients of a run ([`Traffic`]) or kept for the registry.
//!
//! A [`Peer`] is another server than a registry, asked without the customs of registries.
//!
//! What it never does: send `Authorization` to another host than the registry's and its token server's, lower HTTPS
//! to HTTP, or put a secret into a message. Nothing here knows manifests, blobs, tags or files.

mod allowance;
mod authorizer;
mod challenge;
mod client;
mod error;
mod memory;
mod outgoing;
mod peer;
mod quota;
mod rate;
mod receiver;
mod redact;
mod redirect;
mod request;
mod request_loop;
mod response;
mod retry;
mod scope;
mod slot;
mod tls;
mod token;
mod tokens;
mod traffic;
mod transport;
mod trust;
mod tuner;
mod width;

pub use allowance::Allowance;
pub use client::{Client, ClientOptions, Proof, STALL};
pub use error::{Cause, Error, Failure};
pub use peer::{Answer, Peer, PeerOptions, Question, Trust};
pub use rate::{RateLimit, RateLimitError};
pub use receiver::Receiver;
pub use redact::SafeUrl;
pub use request::{Body, Identity, Purpose, Repeat, Request, Target, Upload};
pub use reqwest::Url;
pub use response::{ByteStream, Incoming, Response};
pub use retry::{Attempts, RetryPolicy};
pub use scope::Scope;
pub use slot::Slot;
pub use traffic::{Traffic, TrafficOptions};
pub use width::Width;

pub(crate) use memory::{Memory, Reserved};
