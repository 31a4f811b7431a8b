//! Measures a pair of workers that time whole rounds only.

use std::panic::resume_unwind;
use std::thread;
use std::time::Instant;

use super::{Arrangement, Measured, Pair, Pinned, Role};
use crate::partner::{self, Asked, Broken, Round};
use bench_os::turns::Turns;
use bench_runner::program::Kind;
use bench_runner::rounds::Interrupt;

/// The longest duration of a round if whole rounds take turns, in nanoseconds, unless a single iteration takes longer.
/// Many short rounds show better than a few long ones how processes differ.
const LONGEST_ROUND_NS: u64 = 20_000_000;

/// The largest number of samples of such a round: many short ones are steadier than few long ones, as with batches.
const MOST_SAMPLES: f64 = 200.0;

/// Returns the number of samples that fit into a round of iterations with this duration. A harness may give each
/// sample more iterations than the one before: 1, 2, 3….
pub(crate) fn samples_of_round(iteration_ns: f64) -> u64 {
    (2.0 * LONGEST_ROUND_NS as f64 / iteration_ns.max(1.0)).sqrt().clamp(1.0, MOST_SAMPLES) as u64
}

/// Measures a pair of workers that time whole rounds only: one process after the other, or `together` if the samples of
/// both take turns.
///
/// # Errors
/// Same as [`measure`].
pub(crate) fn measure_rounds(
    arrangement: &Arrangement<'_>,
    turns: Option<&Turns>,
    together: bool,
    interrupt: &Interrupt,
) -> Result<Measured, (Role, Broken)> {
    let padding = "x".repeat(arrangement.padding);
    let _pinned = Pinned::to(&arrangement.place.measure);
    let round = |side: Role, seat: u32| {
        let slice_ns = (arrangement.slice_ns / 2).min(LONGEST_ROUND_NS);
        let asked = Asked { samples: arrangement.samples, slice_ns };
        let place = turns.map(|turns| (turns, seat));
        let round =
            partner::round(arrangement.subject(side), asked, place, &padding, arrangement.limits, interrupt);
        // However the round ended, the other process must not wait for it.
        if let Some(turns) = turns {
            turns.leave(seat);
        }
        round.map_err(|broken| (side, broken))
    };
    let first = arrangement.first;
    let second = first.other();
    if let Some(turns) = turns {
        turns.begin(together);
    }
    let began = Instant::now();
    let (one, other) = if together {
        let (one, other) = thread::scope(|scope| {
            let one = scope.spawn(|| round(first, 0));
            let other = round(second, 1);
            // A panic is passed on.
            (one.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
        });
        (one?, other?)
    } else {
        (round(first, 0)?, round(second, 1)?)
    };
    let rounds_s = began.elapsed().as_secs_f64();
    let threads = match turns {
        // Between samples, a worker may have fewer threads than within one.
        Some(turns) => turns.threads().map(|beside| beside as usize + 1),
        // The process that an adapter has started may have ended, and the adapter's own threads do not count.
        None if arrangement.base.program.kind() == Kind::Adapted => None,
        None => Some(one.threads.max(other.threads)),
    };
    let handed_over = turns.map_or(0, Turns::handed_over);
    let (base, candidate) = match first {
        Role::Base => (one, other),
        Role::Candidate => (other, one),
    };
    let iterations = base.iterations.max(candidate.iterations);
    let samples = base.ns.len().min(candidate.ns.len());
    let scaled = |round: &Round, more: f64| -> Vec<u64> {
        let scale = (1.0 + more) * iterations as f64 / round.iterations as f64;
        round.ns[..samples].iter().map(|ns| (*ns as f64 * scale).round() as u64).collect()
    };
    let (base_ns, candidate_ns) = (scaled(&base, 0.0), scaled(&candidate, arrangement.inject));
    let pair = Pair { first, iterations, base_ns, candidate_ns, handed_over };
    // The workers do not report how long they took to start, to warm up and to end.
    let time = pair.time_of_batches(rounds_s);
    Ok(Measured { pair: pair.checked()?, batch: None, time, threads, inputs_alive: [None, None] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_have_many_samples_if_these_are_short() {
        assert_eq!([1.0, 1e3, 1e4, 1e5, 1e6, 1e9].map(samples_of_round), [200, 200, 63, 20, 6, 1]);
    }
}
