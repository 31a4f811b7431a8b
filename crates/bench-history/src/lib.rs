//! A store of records, the change points of every series in it, and the gate.
//!
//! [`config`] reads a project's settings, [`figure`] selects the figures of a case that have a history, [`store`] keeps
//! records in SQLite or PostgreSQL, [`key`] decides which runs belong to one line, [`change`] finds where a line
//! changed, [`trend`] names the runs of these changes, [`circumstances`] lists other changes at the same time,
//! [`across`] separates the machine from the code, [`balance`] compares the numbers of changes for the worse and for
//! the better, and [`gate`] decides whether a run may pass.
#![forbid(unsafe_code)]

pub mod across;
pub mod balance;
pub mod change;
pub mod circumstances;
pub mod commits;
pub mod config;
pub mod figure;
pub mod gate;
pub mod key;
pub mod store;
pub mod trend;
