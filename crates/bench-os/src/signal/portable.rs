//! The standard library listens to no signals: Ctrl-C ends the runner at once. Its workers notice that by the end of
//! their channels, and the next run recovers the measurements in the journal.

use std::io;

use crate::Wake;

/// Does nothing: the standard library handles no signals.
///
/// # Errors
/// None.
pub fn outlive_full_files() -> io::Result<()> {
    Ok(())
}

/// A listener that is never raised here: Ctrl-C ends the process.
#[derive(Debug, Default)]
pub struct Signals(Wake);

impl Signals {
    /// Creates a listener that receives nothing.
    ///
    /// # Errors
    /// None.
    pub fn listen() -> io::Result<Self> {
        Ok(Signals::default())
    }

    /// Returns `false`.
    pub fn is_raised(&self) -> bool {
        false
    }

    /// Returns a [`Wake`] that never interrupts a wait.
    pub fn wake(&self) -> &Wake {
        &self.0
    }
}
