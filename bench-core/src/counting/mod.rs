//! Instructions of one iteration, counted by callgrind.
//!
//! The worker runs under valgrind and marks the counted parts ([`Stopwatch`]); valgrind writes the counts between two
//! marks into a file, which the runner reads.

mod empty;
mod marks;
mod schedule;
mod stopwatch;

pub(crate) use empty::count_nothing;
pub(crate) use marks::{is_under_valgrind, mark_as};
pub(crate) use schedule::Counting;
pub use stopwatch::{Stopwatch, counted};

use bench_protocol::Part;

use crate::sampling::Phase;

/// Returns the part that a batch belongs to.
pub(crate) fn part_of(phase: Phase) -> Part {
    match phase {
        Phase::FirstCall => Part::FirstCall,
        Phase::WarmUp => Part::WarmUp,
        Phase::Sample => Part::Iteration,
    }
}
