//! Prints `docs/scale.md`: what a mirror of 50,000 tags costs when it is parted between several machines.
//!
//! `cargo run --release --example scale > docs/scale.md`
#![expect(clippy::print_stdout, reason = "it prints a page")]

#[path = "simulation.rs"]
mod simulation;

fn main() -> Result<(), simulation::Error> {
    print!("{}", simulation::page()?);
    Ok(())
}
