//! Measures the offset between the clocks of two machines.

use std::time::Instant;

use bench_syntax::quantity::nanoseconds;

use super::error::FleetError;
use super::frame::Kind;
use super::number;
use super::peer::Peer;

/// The number of round trips of a measurement: the shortest one is the most exact.
const PINGS: usize = 16;

/// The offset of the first worker's clock from this one (Cristian, *Probabilistic clock synchronization*, 1989).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Offset {
    /// The time of the first worker's clock minus that of this one, in nanoseconds.
    ahead_ns: i64,
    /// The largest possible error of the offset, in nanoseconds: half of the shortest round trip, however its two ways
    /// share the time.
    pub(super) error_ns: u64,
}

impl Offset {
    /// Computes the offset of a clock that read `there_ns` between two readings of this one.
    fn between(before_ns: u64, there_ns: u64, after_ns: u64) -> Self {
        let middle = before_ns.midpoint(after_ns);
        Offset {
            ahead_ns: there_ns.cast_signed().saturating_sub(middle.cast_signed()),
            error_ns: after_ns.saturating_sub(before_ns).div_ceil(2),
        }
    }

    /// Converts a time of the first worker's clock to this clock, in nanoseconds.
    pub(super) fn here(&self, there_ns: u64) -> u64 {
        there_ns.saturating_add_signed(self.ahead_ns.saturating_neg())
    }

    /// The difference between two measurements of the same clocks, in nanoseconds.
    pub(super) fn apart_ns(&self, other: &Offset) -> u64 {
        self.ahead_ns.abs_diff(other.ahead_ns)
    }
}

/// Measures the offset of the first worker's clock. Times are in nanoseconds from `epoch`, and each worker has its own.
///
/// # Errors
/// If the worker is lost.
pub(super) fn measure(first: &Peer, epoch: Instant) -> Result<Offset, FleetError> {
    let mut best: Option<Offset> = None;
    for _ in 0..PINGS {
        let before_ns = nanoseconds(epoch.elapsed());
        first.send(Kind::Ping, &[])?;
        let pong = first.receive(Kind::Pong)?;
        let after_ns = nanoseconds(pong.at.saturating_duration_since(epoch));
        let offset = Offset::between(before_ns, number(&pong.body)?, after_ns);
        best = best.filter(|best| best.error_ns <= offset.error_ns).or(Some(offset));
    }
    best.ok_or(FleetError::Garbled)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However the two ways share the time, and whichever clock is ahead, the error is within its bound.
        #[test]
        fn the_error_of_an_offset_is_within_its_bound(
            ahead in -1_000_000_000_000i64..1_000_000_000_000,
            there in 0u64..10_000_000,
            back in 0u64..10_000_000,
        ) {
            let before = 2_000_000_000_000u64;
            let read = (before + there).saturating_add_signed(ahead);
            let offset = Offset::between(before, read, before + there + back);
            prop_assert!(offset.ahead_ns.abs_diff(ahead) <= offset.error_ns);
            // A time of the first worker is converted to within the error.
            prop_assert!(offset.here(read).abs_diff(before + there) <= offset.error_ns);
        }
    }
}
