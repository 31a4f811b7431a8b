//! Ends the run on Ctrl-C and SIGTERM, and seals its record.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bench_os::{Signals, Wake};

/// The request to end a run, raised by the first Ctrl-C or SIGTERM. A second one ends the process at once.
#[derive(Clone, Debug)]
pub struct Interrupt {
    signals: Arc<Signals>,
    /// Whether the run is to end although no signal has reached this process.
    told: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens from now on, until the last clone is dropped: a program that makes several runs must not end at the
    /// first signal because an earlier run was interrupted.
    pub fn listen() -> io::Result<Self> {
        Ok(Interrupt { signals: Arc::new(Signals::listen()?), told: Arc::default() })
    }

    /// Whether the run is to end.
    pub fn is_raised(&self) -> bool {
        self.signals.is_raised() || self.told.load(Ordering::Relaxed)
    }

    /// Ends the run because another process of the run was interrupted. A signal that also reaches this process counts
    /// as the first, and does not end it at once.
    pub fn tell(&self) {
        self.told.store(true, Ordering::Relaxed);
    }

    /// Returns the wake that ends a wait when the interrupt is raised.
    pub fn wake(&self) -> &Wake {
        self.signals.wake()
    }
}
