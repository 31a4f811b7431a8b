//! Tests of bench targets, with fixtures that do what users' benchmarks do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod allocation;
mod comparison;
mod contract;
mod devices;
mod discovery;
mod endings;
mod gpu;
mod instructions;
mod misbehaving;
mod portable;
mod probes;
mod programmatic;
mod protocol;
mod reports;
mod results_folder;
mod selection;
mod targets;
mod usage;
