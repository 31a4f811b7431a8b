//! What a user does with `bench`, on programs that do what users' programs do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod breakage;
mod calibrate;
mod compare;
mod doctor;
#[path = "../../../bench-core/tests/harness/mod.rs"]
mod harness;
mod history;
mod page;
mod records;
mod reports;
mod revision;
mod stage;
