//! Two reference kernels whose work never changes, timed by the runner around every round: if their times move, the
//! machine has changed, not the code under test.

mod chain;
mod pressure;
mod walk;
mod watch;

pub(crate) use pressure::stalled_in;
pub use watch::Watch;
