//! Prints comparisons and calibrations on a terminal.

pub mod calibration;
pub mod comparison;
pub mod instructions;
mod share;
pub mod time;
mod unsure;
