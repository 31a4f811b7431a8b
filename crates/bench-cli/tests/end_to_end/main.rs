//! Tests of the `bench` command with programs like those of users.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alert;
mod bisect;
mod book;
mod breakage;
mod calibrate;
mod ci;
mod compare;
mod conformance;
mod console;
#[cfg(feature = "load")]
mod conversations;
mod divan_facade;
mod doctor;
mod facade;
mod first_day;
#[cfg(all(unix, feature = "load"))]
mod fleet_files;
mod gate;
mod harnesses;
mod history;
mod instructions;
mod interchange;
mod layouts;
#[cfg(feature = "load")]
mod load;
#[cfg(feature = "load")]
mod load_inputs;
mod mutations;
mod page;
#[cfg(feature = "postgres")]
mod postgres;
mod programs;
mod project;
mod python;
mod python_package;
mod random_packages;
mod records;
mod replay;
mod reports;
mod revision;
mod stage;
#[cfg(feature = "load")]
mod workers;
