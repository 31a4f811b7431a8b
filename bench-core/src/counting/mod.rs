//! Instructions of one iteration, counted by callgrind.
//!
//! The worker runs under valgrind and marks what is to be counted ([`Stopwatch`]); valgrind writes what it has
//! counted between two marks into a file, which the runner reads.

mod dump;
mod empty;
mod environment;
mod marks;
mod part;
mod schedule;
mod stopwatch;
mod valgrind;

pub(crate) use empty::count_nothing;
pub(crate) use marks::{is_under_valgrind, mark_as};
pub(crate) use part::Part;
pub(crate) use schedule::Counting;
pub(crate) use stopwatch::Stopwatch;
pub use stopwatch::counted;
pub(crate) use valgrind::Valgrind;
