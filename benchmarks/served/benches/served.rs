//! `cargo bench -p served`: what the request harness costs, and what oracles of known delays come out as.

bench_core::main!(served);

// What is linked writes the reports of load cases.
use bench_load as _;
