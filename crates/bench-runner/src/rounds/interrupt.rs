//! Ctrl-C and SIGTERM: the run ends, its record is sealed.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use bench_os::Signals;

/// Raised by the first Ctrl-C or SIGTERM. A second one ends the process at once.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<Signals>);

impl Interrupt {
    /// Listens from now on, until the last clone is dropped: a program that makes several runs must not end at the first
    /// signal because an earlier run was interrupted.
    pub fn listen() -> io::Result<Self> {
        Signals::listen().map(|signals| Interrupt(Arc::new(signals)))
    }

    /// Whether the run is to end.
    pub fn is_raised(&self) -> bool {
        self.0.is_raised()
    }

    /// Becomes readable when it is raised.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.descriptor()
    }
}
