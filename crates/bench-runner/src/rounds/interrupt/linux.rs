//! By `signal-hook`.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bench_os::Wake;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;
use signal_hook::{SigId, flag};

/// Raised by the first Ctrl-C or SIGTERM. A second one ends the process at once.
#[derive(Clone, Debug)]
pub struct Interrupt {
    raised: Arc<AtomicBool>,
    wake: Arc<Wake>,
    _listening: Arc<Listening>,
}

/// What listens; a program that makes several runs must not gather listeners, nor end at the first
/// signal because an earlier run was interrupted.
#[derive(Debug, Default)]
struct Listening(Vec<SigId>);

impl Drop for Listening {
    fn drop(&mut self) {
        for id in self.0.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// The system's.
    pub fn listen() -> io::Result<Self> {
        let raised = Arc::new(AtomicBool::new(false));
        let (wake, waker) = UnixStream::pair()?;
        let mut listening = Listening::default();
        for signal in [SIGINT, SIGTERM] {
            // The order matters: the second signal finds the flag that the first has set.
            listening.0.push(flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&raised))?);
            listening.0.push(flag::register(signal, Arc::clone(&raised))?);
            listening.0.push(pipe::register(signal, waker.try_clone()?)?);
        }
        Ok(Interrupt { raised, wake: Arc::new(wake.into()), _listening: Arc::new(listening) })
    }

    /// Whether the run is to end.
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Ends a wait when it is raised.
    pub fn wake(&self) -> &Wake {
        &self.wake
    }
}
