//! The request harness under measurement: what it adds to a request, how late it sends, whether it hides a
//! stall, how much memory ten million requests take, and whether every field's metrics are what known delays
//! make them.
//!
//! `cargo bench -p served` runs the oracles; `cargo bench -p served -- --include-ignored` all of it.

mod harness;
mod oracle;
