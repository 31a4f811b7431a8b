//! Draws the layouts that a process pair runs.

use serde::{Deserialize, Serialize};

use bench_stats::seed::{mix, shuffle};

/// The layouts that the sides of a process pair ran: 1 is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawnLayouts {
    /// The number of the base's layout.
    pub base: usize,
    /// The number of the candidate's layout.
    pub candidate: usize,
}

impl DrawnLayouts {
    /// Draws the layouts of the pair with this number, if each side has `layouts` of them. In a pass, every layout of
    /// either side runs once, with the same partner in every pass; the partners, and the order of each pass, follow
    /// from the seed alone. Exchanging the names of the sides does not change how they are drawn.
    pub(super) fn draw(seed: u64, number: usize, layouts: usize) -> Self {
        let order = |salt: u64| {
            let mut order: Vec<usize> = (0..layouts).collect();
            shuffle(&mut order, mix(seed.wrapping_add(salt)));
            order
        };
        let (pass, place) = (number / layouts, number % layouts);
        let place = order(2 + pass as u64)[place];
        DrawnLayouts { base: order(0)[place] + 1, candidate: order(1)[place] + 1 }
    }
}
