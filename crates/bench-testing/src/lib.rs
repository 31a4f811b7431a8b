//! Helpers for the tests of several crates: fixture executables, folders to run them in, a PostgreSQL server, and the
//! requirements of a test on its machine.
//!
//! The tests of this crate check the workspace itself, such as which crate may use which, and that no modules form a
//! cycle.
#![forbid(unsafe_code)]
#![allow(clippy::expect_used, clippy::panic, reason = "a test ends with what it expected")]

mod cargo;
mod excerpt;
mod fixture;
mod markdown;
mod nvml;
mod postgres;
mod process;
mod require;
mod stage;

pub use cargo::{cargo, fixture_target, scratch, scrub, workspace};
pub use excerpt::excerpt;
pub use fixture::{Bench, build, executable};
pub use markdown::{Block, Document, anchors, prose};
pub use nvml::{Driver, Nvml, gpu, uuid};
pub use postgres::Server;
pub use process::{Ended, executables_running, run_to_end, signal, try_signal, wait, wait_until};
pub use require::{is_missing, not_checked};
pub use stage::{QUICK, Stage, runs_in};
