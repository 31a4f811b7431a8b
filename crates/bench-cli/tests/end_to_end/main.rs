//! What a user does with `bench`, on programs that do what users' programs do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alert;
mod bisect;
mod breakage;
mod calibrate;
mod ci;
mod compare;
mod conformance;
mod doctor;
mod gate;
#[path = "../../../../bench-core/tests/harness/mod.rs"]
mod harness;
mod history;
mod interchange;
mod page;
#[cfg(feature = "postgres")]
mod postgres;
mod programs;
mod project;
mod python;
mod records;
mod reports;
mod revision;
#[cfg(feature = "postgres")]
#[path = "../../../bench-history/src/store/tests/server.rs"]
#[allow(dead_code, reason = "encryption is tested there")]
mod server;
mod stage;
