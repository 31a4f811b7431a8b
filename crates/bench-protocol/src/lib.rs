//! The messages between a runner and a benchmark program.
//!
//! A program lists its cases; a worker, one process of a program, measures rounds of them over a private channel.
//! `docs/book/src/protocol.md` is the published description.
#![forbid(unsafe_code)]

mod arguments;
mod bench_command;
mod better;
mod build;
mod case;
mod channel_address;
mod counter;
mod device_choice;
mod file_name;
mod frame;
pub mod json;
mod overrides;
mod part;
mod reading;

pub use arguments::Arguments;
pub use bench_command::{INSTALL, PROTOCOL_FLAG, RUNNER_VARIABLE, bench_command, cargo_home};
pub use better::Better;
pub use build::Build;
pub use case::{Case, Listing};
pub use channel_address::{CHANNEL_VARIABLE, ChannelAddress};
pub use counter::Counter;
pub use device_choice::DeviceChoice;
pub use file_name::file_name;
pub use frame::*;
pub use overrides::Overrides;
pub use part::Part;
pub use reading::{Observation, OverRounds, ProbeReport, Reading, Series};
