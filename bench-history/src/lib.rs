//! What earlier runs say: a store of records, and the change points of every series.
#![forbid(unsafe_code)]

pub mod change;
