//! A store of records, the change points of every series in it, and the gate.
//!
//! [`config`] reads what a project asks of it, [`figure`] says which figures of a case have a history, [`store`] keeps
//! records in SQLite or PostgreSQL, [`key`] says which runs belong to one line, [`change`] finds where a line changed,
//! [`trend`] says so in the words of runs, [`circumstances`] what else changed then, [`across`] tells the machine from the
//! code, [`balance`] counts worse against better, and [`gate`] decides.
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
