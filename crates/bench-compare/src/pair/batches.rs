//! Measures a pair of workers that time single batches, which take turns.

use std::time::Instant;

use super::alternation::Alternation;
use super::workers::ThreadTimes;
use super::{Arrangement, Batch, Kept, Measured, Pair, Role, Workers};
use crate::TimeSpent;
use crate::partner::{Broken, Partner};
use bench_runner::rounds::Interrupt;

/// The intended duration of a batch, in nanoseconds. It is long compared with the resolution of the clock and with what
/// a process loses after it was woken, and short enough that the host's interruptions spoil few batches: batches of
/// 1 ms varied by 3 to 5 %, those of 0.1 ms by 1 % (hash kernel, shared 2-core virtual machine).
const BATCH_NS: f64 = 1e5;

/// The intended duration of a batch if several threads work, which need a while until they work together again.
const BATCH_OF_THREADS_NS: f64 = 2e6;

/// The largest multiple of the intended duration to which a batch may grow so that the number of injected iterations is
/// whole.
const LONGEST: f64 = 2.0;

/// The time that each side works before it is measured, in nanoseconds, besides the search for a batch size; it is at
/// least one batch. Effects that are common to both sides cancel, and so does the rest of warming up.
const WARM_UP_NS: u64 = 2_000_000;

/// The duration of an iteration, in nanoseconds, from which on no further warm-up is worth its time: every worker makes
/// one iteration before it measures.
const SLOW_NS: u64 = 50_000_000;

/// Measures a pair.
///
/// # Errors
/// Which side broke, and how.
pub(crate) fn measure<'a>(
    arrangement: &Arrangement<'_>,
    kept: &mut Kept<'a>,
    interrupt: &'a Interrupt,
) -> Result<Measured, (Role, Broken)> {
    let mut began = Instant::now();
    let mut lap = || std::mem::replace(&mut began, Instant::now()).elapsed().as_secs_f64();
    let (mut workers, _pinned) = Workers::settled(arrangement, kept, interrupt)?;
    let start_s = lap();
    let before = workers.thread_times();
    let first = workers.first;
    let second = first.other();
    let iterations = match arrangement.batch {
        Some(batch) => batch.iterations,
        None => workers.batch_size(arrangement.inject, &before).map_err(|broken| (first, broken))?,
    };
    let Workers { one, other, .. } = &mut workers;
    let batch_ns = match arrangement.batch {
        Some(Batch { iterations: 1, ns, .. }) if ns >= SLOW_NS => ns,
        _ => {
            let batch_ns = warm_up(one, iterations).map_err(|broken| (first, broken))?;
            warm_up(other, iterations).map_err(|broken| (second, broken))?;
            batch_ns
        }
    };
    // Threads of a pool look for work in a loop for a while before they sleep, those of OpenMP for some milliseconds:
    // they would take the processors of the side whose turn it is. Six of ten small models in PyTorch took 1.5 to 3
    // times as long on two processors, and batches differed by 40 to 240 %.
    let takes_pauses = arrangement.threads.unwrap_or_else(|| workers.threads(&before)) > 1;
    let mut turns = Alternation::new(&mut workers, takes_pauses);
    let lead = match arrangement.batch {
        Some(batch) => batch.lead,
        None => turns.lead(iterations, batch_ns)?,
    };
    let warm_up_s = lap();
    let batches =
        arrangement.batches.min(fitting(arrangement.slice_ns, batch_ns + batch_ns * lead / iterations));
    let (mut one_ns, mut other_ns) = (Vec::new(), Vec::new());
    for number in 0..batches {
        // A, B, B, A: an even drift over four batches favours neither side.
        for turn in [number % 2 == 0, number % 2 != 0] {
            let (times, side) = if turn { (&mut one_ns, first) } else { (&mut other_ns, second) };
            let inject = if side == Role::Candidate { arrangement.inject } else { 0.0 };
            times.push(turns.batch(side, |partner| injected_batch(partner, iterations, lead, inject))?);
        }
    }
    drop(turns);
    let batches_s = lap();
    let threads = Some(workers.threads(&before));
    // Both stop at once: some workers check their results at the end.
    workers.each(|worker, _| worker.stop())?;
    let inputs_alive = workers.each(|worker, _| worker.finished())?;
    let may_stay = kept.is_followed && workers.are_shared();
    kept.workers = Some(workers).filter(|_| may_stay);
    let end_s = lap();
    let (base_ns, candidate_ns) = match first {
        Role::Base => (one_ns, other_ns),
        Role::Candidate => (other_ns, one_ns),
    };
    let pair = Pair { first, iterations, base_ns, candidate_ns, handed_over: 0 };
    let time = TimeSpent { start_s, warm_up_s, end_s, ..pair.time_of_batches(batches_s) };
    let pair = pair.checked()?;
    Ok(Measured { batch: pair.batch(lead), pair, time, threads, inputs_alive })
}

impl Workers<'_> {
    /// Finds the number of iterations of a batch with the first worker. It is found twice, because a cold worker takes
    /// several times as long, and all pairs use the result.
    fn batch_size(&mut self, inject: f64, before: &Option<[ThreadTimes; 2]>) -> Result<u64, Broken> {
        let cold = batch_size(&mut self.one, BATCH_NS, inject)?;
        warm_up(&mut self.one, cold)?;
        let intended_ns = if self.threads(before) > 1 { BATCH_OF_THREADS_NS } else { BATCH_NS };
        batch_size(&mut self.one, intended_ns, inject)
    }
}

/// Returns the number of iterations that fill a batch of the intended duration; with an injection, a number whose
/// `inject` share is whole, unless the batch would be longer than [`LONGEST`] allows.
fn batch_size(partner: &mut Partner<'_>, intended_ns: f64, inject: f64) -> Result<u64, Broken> {
    /// The largest number of iterations: with a clock that stands still, the search must end.
    const MOST: u64 = 1 << 32;
    let mut iterations: u64 = 1;
    let per_iteration = loop {
        let ns = partner.batch(iterations, 0)? as f64;
        if ns >= intended_ns / 2.0 || iterations >= MOST {
            break ns.max(1.0) / iterations as f64;
        }
        let needed = intended_ns / (ns.max(1.0) / iterations as f64);
        iterations = (needed as u64).clamp(2 * iterations, 16 * iterations);
    };
    let iterations = ((intended_ns / per_iteration).round() as u64).clamp(1, MOST);
    let whole = whole_share(inject);
    let multiple = iterations.div_ceil(whole) * whole;
    let fits = multiple as f64 * per_iteration <= LONGEST * intended_ns;
    Ok(if fits { multiple } else { iterations })
}

/// Returns the smallest number of iterations of which `share` is a whole number; 1 if `share` is 0.
fn whole_share(share: f64) -> u64 {
    if share > 0.0 { (1.0 / share).round().max(1.0) as u64 } else { 1 }
}

/// Times a batch that runs more iterations than are reported, by a share; if a batch has too few iterations for that,
/// the share is added to its time.
fn injected_batch(partner: &mut Partner<'_>, iterations: u64, lead: u64, share: f64) -> Result<u64, Broken> {
    if share == 0.0 {
        return partner.batch(iterations, lead);
    }
    let extra = iterations as f64 * share;
    if (extra - extra.round()).abs() < 0.01 * extra && extra >= 0.5 {
        return partner.batch(iterations + extra.round() as u64, lead);
    }
    let ns = partner.batch(iterations, lead)?;
    Ok((ns as f64 * (1.0 + share)).round() as u64)
}

/// Runs batches until a worker is warm; returns the time of the last batch, in nanoseconds.
fn warm_up(partner: &mut Partner<'_>, iterations: u64) -> Result<u64, Broken> {
    let (mut spent, mut last): (u64, u64) = (0, 0);
    while spent < WARM_UP_NS {
        last = partner.batch(iterations, 0)?;
        // A batch that took no time counts as 1 µs, so that the loop ends.
        spent += last.max(1000);
    }
    Ok(last)
}

/// Returns the number of batches of each side that fill a slice best, which is even and at least two: A, B, B, A.
fn fitting(slice_ns: u64, batch_ns: u64) -> usize {
    let turns_of_two = (slice_ns as f64 / (4 * batch_ns.max(1)) as f64).round();
    (2 * turns_of_two as usize).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_batches_are_few() {
        assert_eq!(fitting(125_000_000, 100_000), 626);
        assert_eq!(fitting(125_000_000, 22_000_000), 2);
        assert_eq!(fitting(125_000_000, 20_000_000), 4);
        assert_eq!(fitting(125_000_000, 5_000_000_000), 2);
        assert_eq!(fitting(125_000_000, 15_000_000), 4);
    }

    #[test]
    fn an_injected_share_is_whole() {
        assert_eq!(
            [whole_share(0.02), whole_share(0.01), whole_share(0.003), whole_share(0.0)],
            [50, 100, 333, 1]
        );
    }
}
