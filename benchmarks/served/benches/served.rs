//! `cargo bench -p served`: the cost of the request harness, and the metrics of oracles with known delays.

bench_core::main!(served);

// Linking the crate registers the reports of load cases.
use bench_load as _;
