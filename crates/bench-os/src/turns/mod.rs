//! Two processes that take turns whenever they look at the clock.
//!
//! Other harnesses have no command to time a single batch. But each of their samples begins and ends with a reading of
//! the clock, and there a small library that is loaded into the process ([`INTERPOSER`]) can make it wait for another
//! one, and hide the wait from it.

#[cfg(all(target_os = "linux", not(bench_portable)))]
mod linux;
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
mod portable;

#[cfg(all(target_os = "linux", not(bench_portable)))]
pub use linux::{Seat, Turns, make_private_folder};
#[cfg(not(all(target_os = "linux", not(bench_portable))))]
pub use portable::{Seat, Turns, make_private_folder};

/// The source of the library that is loaded, for `rustc --crate-type cdylib -C panic=abort`: users with benchmarks in
/// Rust have a compiler, and need not trust a library that came with a program.
pub const INTERPOSER: &str = include_str!("interposer.rs");

/// The variable that assigns a seat and a table to a process of the interposer: `0:FILE`.
pub const TURNS_VARIABLE: &str = "BENCH_TURNS";

/// The variable that names the interposer to an adapter.
pub const INTERPOSER_VARIABLE: &str = "BENCH_INTERPOSER";
