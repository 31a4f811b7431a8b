//! Two kernels whose work never changes, timed by the runner around every round: what moves them is the
//! machine, not the code under test.

mod chain;
mod pressure;
mod walk;
mod watch;

pub(crate) use pressure::stalled_in;
pub use watch::Watch;
