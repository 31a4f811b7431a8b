//! Executables of other harnesses, as they are, as programs of benchmarks.
//!
//! An adapter is a program of its own, `bench adapter HARNESS EXECUTABLE`, that speaks the worker protocol with the runner
//! and the harness's own language with the executable: the runner knows nothing of other harnesses. [`open`] opens any
//! executable, [`run`] is the adapter.
#![forbid(unsafe_code)]

mod adapter;
mod channel;
mod criterion;
mod divan;
mod google;
mod harness;
mod libtest;
mod names;
mod open;
mod printed;
mod subject;
mod traces;
mod worker;

pub use harness::Harness;
pub use open::{ADAPTER, apart, open};
pub use worker::run;
