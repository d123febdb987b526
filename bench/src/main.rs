//! Times longshore against other tools and against a plain loop over sockets. `bench/run` builds and calls it.

#![expect(clippy::print_stderr, reason = "progress is for whoever waits")]

mod cases;
mod compare;
mod corpus;
mod floor;
mod hash;
mod http;
mod interrupt;
mod machine;
mod measure;
mod relay;
mod report;
mod rows;
mod scale;
mod server;
mod site;
mod startup;
mod suite;
mod tools;

use std::env;

use anyhow::Result;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, rest)) if first == "floor" => floor::run(rest),
        _ => suite::run(&arguments),
    }
}
