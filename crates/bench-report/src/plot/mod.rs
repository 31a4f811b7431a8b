//! Pictures of verdicts and distributions, as SVG written by hand: a crate for charts would take longer to
//! compile than all of this one.
//!
//! Pure functions from data to the text of a file. Whatever the data, the result is well-formed XML without a NaN,
//! with its own background, so that it can also be read on a dark page.

mod axis;
pub mod svg;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use axis::Axis;
pub use svg::{Anchor, FAINT, Font, GRID, Svg, TEXT, ems, escape, shortened};
