//! Checks that measurements agree with each other: pure functions that run on every result.
//!
//! A check compares two figures that were computed in different ways, and its warning names both. It finds mistakes of
//! the harness as well as of the measured closure.

mod figures;
mod identities;
mod level;
mod request;

pub use level::level;
pub use request::request;
