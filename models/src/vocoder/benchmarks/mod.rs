//! Benchmarks of the vocoder, by category.

use crate::vocoder::{CODEBOOKS, CODES, Frame};

pub mod integration;
pub mod performance;
pub mod unit;

/// Returns arbitrary frames: their codes do not affect the time.
pub(super) fn frames(count: usize) -> Vec<Frame> {
    let code = |frame: usize, book: usize| (frame * 977 + book * 331) as u32 % CODES;
    (0..count).map(|frame| std::array::from_fn::<u32, CODEBOOKS, _>(|book| code(frame, book))).collect()
}
