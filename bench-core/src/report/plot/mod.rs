//! Pictures of verdicts and distributions, as SVG written by hand: a crate for charts would take longer to
//! compile than all of this one.
//!
//! Pure functions from data to the text of a file. Whatever the data, the result is well-formed XML without
//! a NaN, on a background of its own, so that it can be read on a dark page too.

mod axis;
mod distributions;
mod intervals;
mod svg;

pub use axis::Axis;
pub use distributions::distributions;
pub use intervals::{IntervalRow, intervals};
pub use svg::{Anchor, FAINT, Font, GRID, Svg, TEXT, ems, escape, shortened};
