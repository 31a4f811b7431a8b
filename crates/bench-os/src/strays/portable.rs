//! The standard library lists no processes.

use super::Stray;

/// Does nothing.
pub fn end_strays(_: impl Fn(u32) -> bool) -> Vec<Stray> {
    Vec::new()
}
