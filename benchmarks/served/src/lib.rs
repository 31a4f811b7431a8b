//! Measurements of the request harness: its overhead for a request, how late it sends, whether it hides a stall, how
//! much memory ten million requests take, and whether the metrics of each field follow from known delays.
//!
//! `cargo bench -p served` runs the oracles; `cargo bench -p served -- --include-ignored` runs all benchmarks.

mod harness;
mod oracle;
