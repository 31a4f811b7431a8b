//! The bench target of this package: `cargo bench -p examples`.
//!
//! Each module holds one benchmark. The attribute registers a function wherever it is defined; `main!` runs all that are
//! linked into this executable.

mod arguments;
mod asynchronous;
mod fallible;
mod plain;
mod served;
mod setup;

bench_core::main!();
