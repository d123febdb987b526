//! A registry client library for container images, and the parts that `longshore` is made of.
//!
//! An image goes from one *store* to another: a registry is one kind of store, an OCI layout another, an archive a
//! third. One engine ([`transfer`]) moves images between any two of them, and every digest stays what it was.
//!
//! | layer | is for | may not know |
//! |---|---|---|
//! | [`model`] | values: digests, references, manifests | files, network, clock, environment |
//! | [`yaml`] | YAML and JSON documents: read, written, changed in place | files, what documents are about |
//! | [`config`] | environment, `registries.conf`, `certs.d` | the network, what credentials mean |
//! | [`auth`] | secrets, auth files, credential helpers, keyring | HTTP, challenges, prompts |
//! | [`http`] | one request loop: authorise, retry, redirect, keep to limits | manifests, blobs, files |
//! | [`store`] | what a store promises; layouts, archives and bundles | HTTP, registries, credentials |
//! | [`registry`] | the distribution specification, client side | layouts, plans, the terminal |
//! | [`transfer`] | resolve, plan, move, verify | which kind of store it holds |
//! | [`shard`] | which of several runs sees to which repository | files, network, clock, environment |
//! | [`mirror`] | which images go where (mappings, sets, releases, plans), whether mirrors are true, what can be deleted | registries, the terminal |
//! | [`tagsync`] | which tags are kept in step, where, under which names, when: rules, and what follows | registries, the clock, the terminal |
//! | [`kube`] | kubeconfig, and one API server that is asked for JSON | what the objects mean, the terminal |
//! | [`imagestream`] | image streams: what to ask for, what follows from it, files and clusters that keep them | HTTP, the engine, the terminal |
//! | [`reaction`] | what follows when a tag moves: commands, webhooks, manifests on disk | registries, the engine, the terminal |
//! | [`server`] | the distribution specification, server side | the client |
//! | [`session`], [`ops`] | composition; the verbs as `Options -> Report` | the terminal |
//! | `cli` | arguments, progress, output, exit codes | status codes, media types |
//!
//! `tests/it/architecture.rs` holds the layers apart.

pub mod auth;
pub mod config;
pub mod http;
pub mod imagestream;
pub mod kube;
pub mod mirror;
pub mod model;
pub mod ops;
pub mod reaction;
pub mod registry;
pub mod server;
pub mod session;
pub mod shard;
pub mod store;
pub mod tagsync;
pub mod transfer;
pub mod yaml;
