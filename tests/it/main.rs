//! The integration tests: everything that is looked at from outside, in one binary.
//!
//! A test that uses a program from elsewhere begins with `need!("skopeo")`: see `support/need.rs`.
#![cfg(test)]

#[macro_use]
mod support;

mod architecture;
mod auth_login;
mod auth_lookup;
mod auth_protocol;
mod auth_skopeo;
mod auth_store;
mod bundle;
mod cli_login;
mod cli_signals;
mod cli_surface;
mod cli_verbs;
mod connections;
mod demo;
mod e2e_access;
mod e2e_copy;
mod e2e_crash;
mod e2e_faults;
mod e2e_mappings;
mod e2e_memory;
mod e2e_mirror_reports;
mod e2e_mirror_rules;
mod e2e_resume;
mod e2e_traffic;
mod economy;
mod fixtures;
mod hostile_registry;
mod http_auth;
mod http_loop;
mod http_traffic;
mod imagestream_apply;
mod imagestream_carry_out;
mod imagestream_cli;
mod imagestream_cluster;
mod imagestream_conflicts;
mod imagestream_crash;
mod imagestream_describe;
mod imagestream_economy;
mod imagestream_fetch;
mod imagestream_files;
mod imagestream_image;
mod imagestream_local;
mod imagestream_pull_through;
mod imagestream_requests;
mod imagestream_writers;
mod kit;
mod kube_client;
mod kube_config;
mod kube_login;
mod mirror_release;
mod mirror_set;
mod reaction_command;
mod reaction_triggers;
mod reaction_watch;
mod reaction_webhook;
mod readme;
mod registry_client;
mod registry_dialects;
mod server_basics;
mod server_conformance;
mod server_crash;
mod server_safety;
mod server_skopeo;
mod session;
mod store_contract;
mod stripes;
mod transfer;
mod turns;
mod upload_resume;
mod upload_slow;
mod yaml_kubectl;
