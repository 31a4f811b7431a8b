//! Comparisons and calibrations on a terminal.

pub mod calibration;
pub mod comparison;
pub mod instructions;
pub mod time;
