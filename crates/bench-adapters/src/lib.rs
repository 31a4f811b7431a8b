//! Programs made of unchanged executables of other harnesses, and of folders of Python benchmarks.
//!
//! An adapter is a separate program, `bench adapter HARNESS EXECUTABLE`, that speaks the worker protocol with the
//! runner and the harness's own protocol with the executable: the runner knows nothing about other harnesses. [`open`]
//! opens any executable, [`run`] is the adapter. The Python package `bench_models` speaks the worker protocol itself;
//! [`Python`] makes the program of a folder in which it finds benchmarks, or tests of pytest.
#![forbid(unsafe_code)]

mod adapter;
mod channel;
mod criterion;
mod divan;
mod google;
mod gpu;
mod harness;
mod libtest;
mod names;
mod open;
mod printed;
mod python;
mod subject;
mod traces;
mod worker;

pub use harness::Harness;
pub use open::{ADAPTER, apart, open};
pub use python::{Python, is_python};
pub use worker::run;
