//! One process pair: both sides alive, one of them working at a time.

use std::fmt;
use std::panic::resume_unwind;
use std::thread;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::TimeSpent;
use super::partner::{self, Asked, Broken, Limits, Partner, Round, Subject};
use bench_os as sys;
use bench_os::turns::Turns;
use bench_record::{Cause, Failure};
use bench_runner::program::Kind;
use bench_runner::rounds::Interrupt;

/// What a batch should last. Long beside the clock and beside what a process that has just been woken loses;
/// and short, so that the host's interruptions spoil few of them: batches of 1 ms varied by 3 to 5 % where those
/// of 0.1 ms varied by 1 % (hash kernel, shared 2-core virtual machine).
const BATCH_NS: f64 = 1e5;

/// A batch does not grow beyond this for the sake of a whole number of injected iterations.
const LONGEST_BATCH_NS: f64 = 2e5;

/// A round does not last longer where whole rounds take turns, if it can be as short: how processes differ is learnt from
/// more of them.
const LONGEST_ROUND_NS: u64 = 20_000_000;

/// Samples of such a round: many short ones are steadier than few long ones, as batches are.
const MOST_SAMPLES: f64 = 200.0;

/// Samples that fit into a round of iterations that take so long. A harness may let each sample have more iterations than
/// the one before: 1, 2, 3….
pub(super) fn samples_of_round(iteration_ns: f64) -> u64 {
    (2.0 * LONGEST_ROUND_NS as f64 / iteration_ns.max(1.0)).sqrt().clamp(1.0, MOST_SAMPLES) as u64
}

/// Each side works this long before it is measured, the search for a batch size not counted, and one
/// batch at the least. What is common to both sides cancels, and what is left of warming up is common.
const WARM_UP_NS: u64 = 2_000_000;

/// After an iteration that takes as long, which every worker makes before it is told to measure, nothing is left to warm up
/// that would be worth another one.
const SLOW_NS: u64 = 50_000_000;

/// One of the two programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What is compared with.
    Base,
    /// What is compared.
    Candidate,
}

impl Role {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Role::Base => Role::Candidate,
            Role::Candidate => Role::Base,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Role::Base => "base",
            Role::Candidate => "candidate",
        })
    }
}

/// What one process pair measured: batch `i` of one side came right before or after batch `i` of the other. Of programs
/// that time whole rounds only, a batch is a sample, and one side's came before the other's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Which side was started, warmed up and measured first.
    pub first: Role,
    /// Iterations in each batch.
    pub iterations: u64,
    /// What each batch of the base took, all its iterations together, in nanoseconds.
    pub base_ns: Vec<u64>,
    /// The same of the candidate.
    pub candidate_ns: Vec<u64>,
    /// How often both sides' processes handed their turn over, where those of another harness took turns sample by sample; 0 if
    /// they did not, as in documents of earlier versions.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub handed_over: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Pair {
    /// Log ratios candidate/base of neighbouring batches.
    pub fn log_ratios(&self) -> Vec<f64> {
        let logs = self.base_ns.iter().zip(&self.candidate_ns);
        logs.map(|(base, candidate)| (*candidate as f64 / *base as f64).ln()).collect()
    }

    /// Returns the number of iterations in a batch, and the median time of the batches of both sides.
    pub(super) fn batch(&self) -> Option<Batch> {
        let mut all: Vec<u64> = self.base_ns.iter().chain(&self.candidate_ns).copied().collect();
        all.sort_unstable();
        Some(Batch { iterations: self.iterations, ns: *all.get(all.len() / 2)? })
    }

    /// How much of so many seconds was timed.
    fn time_of_batches(&self, seconds: f64) -> TimeSpent {
        let timed_s = self.base_ns.iter().chain(&self.candidate_ns).sum::<u64>() as f64 / 1e9;
        TimeSpent { timed_s, between_s: (seconds - timed_s).max(0.0), ..TimeSpent::default() }
    }

    /// The same pair, if there is something to compare.
    fn checked(self) -> Result<Self, (Role, Broken)> {
        let still = |times: &[u64]| times.contains(&0);
        let impossible = |side| {
            let iterations = self.iterations;
            let message =
                format!("a batch of {iterations} iterations took 0 ns: there is nothing to compare");
            Err((side, Broken::Failed(Failure::new(Cause::Protocol, message))))
        };
        match (still(&self.base_ns), still(&self.candidate_ns)) {
            (true, _) => impossible(Role::Base),
            (false, true) => impossible(Role::Candidate),
            (false, false) => Ok(self),
        }
    }

    /// Seconds per iteration of each batch of one side.
    pub fn times(&self, side: Role) -> impl Iterator<Item = f64> + '_ {
        let batches = match side {
            Role::Base => &self.base_ns,
            Role::Candidate => &self.candidate_ns,
        };
        let iterations = self.iterations.max(1) as f64;
        batches.iter().map(move |ns| *ns as f64 / 1e9 / iterations)
    }
}

/// What earlier pairs tell of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    pub(super) iterations: u64,
    /// What it takes about, in nanoseconds.
    pub(super) ns: u64,
}

/// How a pair is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrangement<'a> {
    pub(super) base: Subject<'a>,
    pub(super) candidate: Subject<'a>,
    pub(super) first: Role,
    /// What a batch is; found out when absent.
    pub(super) batch: Option<Batch>,
    /// Inputs that both sides keep alive at once; each finds out for itself when absent.
    pub(super) inputs_alive: Option<u64>,
    /// Samples of a round, where whole rounds take turns; the worker decides when absent.
    pub(super) samples: Option<u64>,
    /// Batches of each side, if they fit into the slice.
    pub(super) batches: usize,
    /// The time that measuring should take, in nanoseconds.
    pub(super) slice_ns: u64,
    /// Length of the padding in the environment, the same for both.
    pub(super) padding: usize,
    /// The share by which the candidate's work is secretly increased.
    pub(super) inject: f64,
    pub(super) limits: Limits,
    /// The processors that both workers and this program are to share; all when empty.
    pub(super) cpus: &'a [usize],
}

impl<'a> Arrangement<'a> {
    fn subject(&self, side: Role) -> Subject<'a> {
        match side {
            Role::Base => self.base,
            Role::Candidate => self.candidate,
        }
    }
}

/// A pair, and what else was learnt.
pub(super) struct Measured {
    pub(super) pair: Pair,
    pub(super) time: TimeSpent,
    /// The most threads that one of the workers had at its end, or has had; `None` if that is not known.
    pub(super) threads: Option<usize>,
    /// How many inputs each side kept alive at once.
    pub(super) inputs_alive: [Option<u64>; 2],
}

/// Keeps this thread, and what it starts, on some processors until it is dropped.
struct Pinned(Option<sys::Processors>);

impl Pinned {
    fn to(cpus: &[usize]) -> Self {
        let before = sys::processors().filter(|_| !cpus.is_empty());
        // Where it is not allowed, the scheduler goes on choosing.
        Pinned(before.filter(|_| sys::use_processors(&sys::Processors::of(cpus))))
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            sys::use_processors(before);
        }
    }
}

/// Measures a pair.
///
/// # Errors
/// Which side broke, and how.
pub(super) fn measure(
    arrangement: &Arrangement<'_>,
    interrupt: &Interrupt,
) -> Result<Measured, (Role, Broken)> {
    let Arrangement { first, limits, .. } = *arrangement;
    let second = first.other();
    let padding = "x".repeat(arrangement.padding);
    let start = |side: Role| {
        let subject = arrangement.subject(side);
        Partner::start(subject, &padding, arrangement.inputs_alive, limits, interrupt)
            .map_err(|broken| (side, broken))
    };
    let _pinned = Pinned::to(arrangement.cpus);
    let mut began = Instant::now();
    let mut lap = || std::mem::replace(&mut began, Instant::now()).elapsed().as_secs_f64();
    let (mut one, mut other) = (start(first)?, start(second)?);
    let start_s = lap();
    let iterations = match arrangement.batch {
        Some(batch) => batch.iterations,
        // Found twice: a cold worker takes several times as long, and all pairs keep to what is found here.
        None => batch_size(&mut one, arrangement.inject)
            .and_then(|cold| warm_up(&mut one, cold))
            .and_then(|_| batch_size(&mut one, arrangement.inject))
            .map_err(|broken| (first, broken))?,
    };
    let batch_ns = match arrangement.batch {
        Some(Batch { iterations: 1, ns }) if ns >= SLOW_NS => ns,
        _ => {
            let batch_ns = warm_up(&mut one, iterations).map_err(|broken| (first, broken))?;
            warm_up(&mut other, iterations).map_err(|broken| (second, broken))?;
            batch_ns
        }
    };
    let warm_up_s = lap();
    let batches = arrangement.batches.min(fitting(arrangement.slice_ns, batch_ns));
    let (mut one_ns, mut other_ns) = (Vec::new(), Vec::new());
    for number in 0..batches {
        // A, B, B, A: what drifts evenly over four batches favours neither.
        for turn in [number % 2 == 0, number % 2 != 0] {
            let (partner, times, side) =
                if turn { (&mut one, &mut one_ns, first) } else { (&mut other, &mut other_ns, second) };
            let inject = if side == Role::Candidate { arrangement.inject } else { 0.0 };
            times.push(injected_batch(partner, iterations, inject).map_err(|broken| (side, broken))?);
        }
    }
    let batches_s = lap();
    let threads = Some(one.threads().max(other.threads()));
    // Both at once: some check what they have computed.
    one.stop().map_err(|broken| (first, broken))?;
    other.stop().map_err(|broken| (second, broken))?;
    let inputs_alive =
        [one.ended().map_err(|broken| (first, broken))?, other.ended().map_err(|broken| (second, broken))?];
    let end_s = lap();
    let (base_ns, candidate_ns) = match first {
        Role::Base => (one_ns, other_ns),
        Role::Candidate => (other_ns, one_ns),
    };
    let pair = Pair { first, iterations, base_ns, candidate_ns, handed_over: 0 };
    let time = TimeSpent { start_s, warm_up_s, end_s, ..pair.time_of_batches(batches_s) };
    Ok(Measured { pair: pair.checked()?, time, threads, inputs_alive })
}

/// Measures a pair of workers that time whole rounds only: one process after the other, or `together` where the samples of
/// both take turns.
///
/// # Errors
/// As [`measure`].
pub(super) fn measure_rounds(
    arrangement: &Arrangement<'_>,
    turns: Option<&Turns>,
    together: bool,
    interrupt: &Interrupt,
) -> Result<Measured, (Role, Broken)> {
    let padding = "x".repeat(arrangement.padding);
    let _pinned = Pinned::to(arrangement.cpus);
    let round = |side: Role, seat: u32| {
        let slice_ns = (arrangement.slice_ns / 2).min(LONGEST_ROUND_NS);
        let asked = Asked { samples: arrangement.samples, slice_ns };
        let place = turns.map(|turns| (turns, seat));
        let round =
            partner::round(arrangement.subject(side), asked, place, &padding, arrangement.limits, interrupt);
        // However it ended: nobody must wait for it.
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
            // A panic goes on.
            (one.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
        });
        (one?, other?)
    } else {
        (round(first, 0)?, round(second, 1)?)
    };
    let rounds_s = began.elapsed().as_secs_f64();
    let threads = match turns {
        // Between samples few threads may be left of those that a sample has.
        Some(turns) => turns.threads().map(|beside| beside as usize + 1),
        // What an adapter has started may have ended: its own threads tell nothing of that.
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
    // What of it each worker started, warmed up and ended in, it does not say.
    let time = pair.time_of_batches(rounds_s);
    Ok(Measured { pair: pair.checked()?, time, threads, inputs_alive: [None, None] })
}

/// Iterations that fill a batch; with an injection, a number of which that share is whole, where that is not
/// longer than [`LONGEST_BATCH_NS`].
fn batch_size(partner: &mut Partner<'_>, inject: f64) -> Result<u64, Broken> {
    /// A clock that stands still must not be waited for.
    const MOST: u64 = 1 << 32;
    let mut iterations: u64 = 1;
    let per_iteration = loop {
        let ns = partner.batch(iterations)? as f64;
        if ns >= BATCH_NS / 2.0 || iterations >= MOST {
            break ns.max(1.0) / iterations as f64;
        }
        let needed = BATCH_NS / (ns.max(1.0) / iterations as f64);
        iterations = (needed as u64).clamp(2 * iterations, 16 * iterations);
    };
    let iterations = ((BATCH_NS / per_iteration).round() as u64).clamp(1, MOST);
    let whole = whole_share(inject);
    let multiple = iterations.div_ceil(whole) * whole;
    let fits = multiple as f64 * per_iteration <= LONGEST_BATCH_NS;
    Ok(if fits { multiple } else { iterations })
}

/// The smallest number of iterations of which `share` is a whole number, or 1.
fn whole_share(share: f64) -> u64 {
    if share > 0.0 { (1.0 / share).round().max(1.0) as u64 } else { 1 }
}

/// A batch in which a share more iterations are run than are reported; where a batch has too few
/// iterations for that, the share is added to what it took.
fn injected_batch(partner: &mut Partner<'_>, iterations: u64, share: f64) -> Result<u64, Broken> {
    if share == 0.0 {
        return partner.batch(iterations);
    }
    let extra = iterations as f64 * share;
    if (extra - extra.round()).abs() < 0.01 * extra && extra >= 0.5 {
        return partner.batch(iterations + extra.round() as u64);
    }
    let ns = partner.batch(iterations)?;
    Ok((ns as f64 * (1.0 + share)).round() as u64)
}

/// Returns what the last batch took, in nanoseconds.
fn warm_up(partner: &mut Partner<'_>, iterations: u64) -> Result<u64, Broken> {
    let (mut spent, mut last): (u64, u64) = (0, 0);
    while spent < WARM_UP_NS {
        last = partner.batch(iterations)?;
        // A batch of no length counts as one of 1 µs: this must end.
        spent += last.max(1000);
    }
    Ok(last)
}

/// Batches of each side that fit into a slice; two at least: A, B, B, A.
fn fitting(slice_ns: u64, batch_ns: u64) -> usize {
    let turns = slice_ns / (2 * batch_ns.max(1));
    usize::try_from(turns / 2 * 2).unwrap_or(usize::MAX).max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_batches_are_few() {
        assert_eq!(fitting(125_000_000, 100_000), 624);
        assert_eq!(fitting(125_000_000, 20_000_000), 2);
        assert_eq!(fitting(125_000_000, 5_000_000_000), 2);
        assert_eq!(fitting(125_000_000, 15_000_000), 4);
    }

    #[test]
    fn rounds_have_many_samples_if_these_are_short() {
        assert_eq!([1.0, 1e3, 1e4, 1e5, 1e6, 1e9].map(samples_of_round), [200, 200, 63, 20, 6, 1]);
    }

    #[test]
    fn an_injected_share_is_whole() {
        assert_eq!(
            [whole_share(0.02), whole_share(0.01), whole_share(0.003), whole_share(0.0)],
            [50, 100, 333, 1]
        );
    }
}
