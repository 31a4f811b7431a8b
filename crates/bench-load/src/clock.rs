//! The clock of the clients: nanoseconds from the beginning of a level.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use bench_syntax::quantity::nanoseconds;
use rustix::time::{ClockId, clock_gettime};

/// The last part of a wait, in which the clock is polled: a sleeping thread is woken some tens of microseconds late.
const SPIN: Duration = Duration::from_micros(60);

/// The clock of a level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub(crate) origin: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Clock { origin: Instant::now() }
    }

    pub(crate) fn now_ns(&self) -> u64 {
        nanoseconds(self.origin.elapsed())
    }

    /// Waits until the time `at_ns` of the level, and returns how long the thread slept; returns at once if that time
    /// has passed.
    pub(crate) fn wait_until(&self, at_ns: u64) -> Duration {
        let mut asleep = Duration::ZERO;
        loop {
            let now = self.origin.elapsed();
            let Some(left) = Duration::from_nanos(at_ns).checked_sub(now) else { return asleep };
            if left > SPIN {
                let rest = left - SPIN;
                std::thread::sleep(rest);
                asleep += self.origin.elapsed() - now;
            } else if left.is_zero() {
                return asleep;
            } else {
                std::hint::spin_loop();
            }
        }
    }
}

/// Asks the system to wake the calling thread when its sleep ends: by default it may take 50 µs longer, to
/// wake several threads at once (`PR_SET_TIMERSLACK` in prctl(2)).
pub(crate) fn wake_on_time() {
    // If the system refuses, requests are sent a little later, and the log shows it.
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}

/// Returns the processor time that the calling thread has used, in nanoseconds.
pub(crate) fn thread_cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap_or_default() * 1_000_000_000
        + u64::try_from(time.tv_nsec).unwrap_or_default()
}
