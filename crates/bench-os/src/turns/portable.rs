//! Takes no turns: other systems load libraries in other ways, or not at all.

use std::io;
use std::path::Path;
use std::process::Command;

/// Returns an error: the standard library cannot reserve a folder for one user on every system.
///
/// # Errors
/// Always.
pub fn make_private_folder(_folder: &Path) -> io::Result<()> {
    Err(crate::unsupported("a private folder"))
}

/// A table by which two processes take turns: not on this system.
#[derive(Debug)]
pub struct Turns(std::convert::Infallible);

impl Turns {
    /// Creates a table.
    ///
    /// # Errors
    /// Always.
    pub fn set(_file: &Path, _interposer: &Path) -> io::Result<Self> {
        Err(crate::unsupported("a table of turns"))
    }

    /// Clears the table.
    pub fn begin(&self, _together: bool) {
        match self.0 {}
    }

    /// Assigns the process that a command starts to a seat, 0 or 1.
    pub fn lead(&self, _command: &mut Command, _seat: u32) {
        match self.0 {}
    }

    /// Marks the seat as left: its process is no longer waited for.
    pub fn leave(&self, _seat: u32) {
        match self.0 {}
    }

    /// Returns how many threads the processes have started in addition to their main ones.
    pub fn threads(&self) -> Option<u32> {
        match self.0 {}
    }

    /// Returns how often a turn was handed over.
    pub fn handed_over(&self) -> u32 {
        match self.0 {}
    }
}

/// The seat of a process that this one starts: not on this system.
#[derive(Debug)]
pub struct Seat(std::convert::Infallible);

impl Seat {
    /// Returns the seat that the environment names: none.
    pub fn from_environment() -> Option<Self> {
        None
    }

    /// Makes the process of a command use the seat.
    pub fn dress(&self, _command: &mut Command) {
        match self.0 {}
    }

    /// Marks the seat as left: its process is no longer waited for.
    pub fn leave(&self) {
        match self.0 {}
    }

    /// Waits until the other seat has been left.
    pub fn wait_for_the_other(&self) {
        match self.0 {}
    }
}
