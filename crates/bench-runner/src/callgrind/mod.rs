//! Instructions of one iteration, counted by callgrind: the runner's side.

mod dump;
mod environment;
mod valgrind;

pub use valgrind::Valgrind;
