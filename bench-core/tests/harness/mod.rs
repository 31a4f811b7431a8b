//! What the end-to-end tests share: fixture executables, and a stage to run them on.
// Each test binary uses a part of it.
#![allow(dead_code, unused_imports)]

mod cargo;
mod fixture;
mod nvml;
mod process;
mod stage;

pub(crate) use cargo::{cargo, fixture_target, nextest_is_missing, scrub};
pub(crate) use fixture::{Bench, build, executable};
pub(crate) use nvml::{Driver, Nvml, gpu, uuid};
pub(crate) use process::{Ended, executables_running, run_to_end, signal, try_signal, wait, wait_until};
pub(crate) use stage::{QUICK, Stage, runs_in};
