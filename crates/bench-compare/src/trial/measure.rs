//! Decides how the next process pair of a case is measured, given the earlier ones.

use super::{BATCHES, Trial};
use crate::pair::{self, Arrangement, Kept, Measured, Pair, Place, Role};
use crate::partner::{Broken, Limits};
use crate::{DrawnLayouts, Rules};
use bench_os as sys;
use bench_os::turns::Turns;
use bench_runner::rounds::Interrupt;
use bench_stats as stats;
use bench_stats::Components;
use bench_stats::seed::{self, mix};
use bench_syntax::quantity::nanoseconds;

/// The limits of the number of batches of each side in a pair, between which the best number is found. The time to
/// summarize a pair grows with the square of this number.
const FEWEST_BATCHES: usize = 20;
const MOST_BATCHES: usize = 1000;

/// The largest number of batches when it first follows from the pairs; the limit grows with the number of pairs.
const MOST_AT_FIRST: usize = 100;

/// The number of pairs from which on the number of batches may exceed the usual one if pairs are slow to start and
/// processes do not differ.
const PAIRS_TO_EXTEND: usize = 4;

/// The budget of a case should hold at least this many pairs: fewer decide nothing, however well measured.
const PAIRS_IN_BUDGET: u64 = 12;

/// The share of a pair's other time (starting processes, loading, warming up) that is always worth spending on batches:
/// it costs at most a quarter more, and without it each pair of a program that is slow to start would hold two batches.
const ALWAYS_TIMED: f64 = 0.25;

/// Distinguishes the random numbers that draw layouts from those that order pairs.
const LAYOUTS: u64 = 0x6c61_796f_7574_7300;

/// The number of pairs after which the number of batches follows from them; it is adjusted whenever the number of pairs
/// has doubled.
const PAIRS_TO_LEARN: usize = 16;

/// Whether samples of both sides take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakesTurns {
    /// It is not known whether they can take turns.
    NotTried,
    /// They take turns.
    Yes,
    /// They cannot take turns.
    No,
}

/// Measures a pair by whole rounds, with samples that take turns if it is `known` that they can. Also returns whether
/// the next pair can take turns.
fn rounds(
    arrangement: &Arrangement<'_>,
    turns: Option<&Turns>,
    known: TakesTurns,
    interrupt: &Interrupt,
) -> Result<(Measured, TakesTurns), (Role, Broken)> {
    if known == TakesTurns::Yes {
        match pair::measure_rounds(arrangement, turns, true, interrupt) {
            // The program may depend on a clock that does not stand still, so it is measured without turns.
            Err((_, Broken::Failed(_))) => {}
            measured => return measured.map(|measured| (measured, known)),
        }
    }
    let measured = pair::measure_rounds(arrangement, turns, false, interrupt)?;
    // Of several threads, only one would wait.
    let can = known == TakesTurns::NotTried && turns.is_some() && measured.threads == Some(1);
    Ok((measured, if can { TakesTurns::Yes } else { TakesTurns::No }))
}

impl Trial {
    /// Measures a pair. A fair coin decides which side comes first, whatever came before: the test assumes nothing
    /// else.
    ///
    /// Cases that share workers share the coin, which is still fair for each of them.
    pub(super) fn measure<'a>(
        &mut self,
        rules: &Rules,
        kept: &mut Kept<'a>,
        interrupt: &'a Interrupt,
    ) -> Result<(Pair, DrawnLayouts), (Role, Broken)> {
        let chance = mix(mix(rules.seed.wrapping_add(self.number)).wrapping_add(self.pairs.len() as u64));
        let place = self.place(rules, mix(chance));
        let drawing = mix(rules.seed.wrapping_add(self.number)).wrapping_add(LAYOUTS);
        let layouts = DrawnLayouts::draw(drawing, self.pairs.len(), self.layouts());
        let arrangement = Arrangement {
            base: self.base.subject(&self.id, layouts.base),
            candidate: self.candidate.subject(&self.id, layouts.candidate),
            first: kept.first().unwrap_or(if chance & 1 == 0 { Role::Base } else { Role::Candidate }),
            batch: self.batch,
            threads: self.threads,
            inputs_alive: self.inputs_alive,
            samples: self.samples,
            batches: self.batches,
            slice_ns: self.slice_ns(rules),
            // Up to a page, in steps that are not multiples of a cache line.
            padding: ((chance >> 32) % 4096) as usize,
            inject: rules.inject,
            limits: Limits { timeout: rules.timeout, memory: rules.max_memory, device: rules.device },
            place: &place,
        };
        let measured = if self.by_rounds {
            let turns = self.turns.clone();
            let taken = self.takes_turns;
            let (measured, takes_turns) = rounds(&arrangement, turns.as_deref(), taken, interrupt)?;
            self.takes_turns = takes_turns;
            measured
        } else {
            let measured = pair::measure(&arrangement, kept, interrupt)?;
            let [one, other] = measured.inputs_alive;
            match self.inputs_alive {
                None if one != other => {
                    // Otherwise the contents of the cache would differ for a reason other than the code.
                    let fewer = one.into_iter().chain(other).min();
                    let again =
                        pair::measure(&Arrangement { inputs_alive: fewer, ..arrangement }, kept, interrupt)?;
                    Measured { inputs_alive: [fewer; 2], ..again }
                }
                _ => measured,
            }
        };
        if !self.by_rounds {
            self.inputs_alive = self.inputs_alive.or(measured.inputs_alive[0]);
            self.batch = measured.batch;
        }
        self.threads = measured.threads.map(|threads| threads.max(self.threads.unwrap_or(1)));
        self.time += measured.time;
        Ok((measured.pair, layouts))
    }

    /// Returns the time for the samples of a pair: its share of the budget, less the other time of earlier pairs, and
    /// at least [`ALWAYS_TIMED`] of that. Whole rounds are short anyway.
    pub(super) fn slice_ns(&self, rules: &Rules) -> u64 {
        let share = nanoseconds(rules.max_time) / PAIRS_IN_BUDGET;
        if self.by_rounds {
            return share;
        }
        let other_ns = 1e9 * self.other_s_of_a_pair();
        share.saturating_sub(other_ns as u64).max((ALWAYS_TIMED * other_ns) as u64)
    }

    /// Returns the time of a pair that is not spent on batches, on average, in seconds.
    fn other_s_of_a_pair(&self) -> f64 {
        (self.spent.as_secs_f64() - self.time.batches_s()).max(0.0) / self.pairs.len().max(1) as f64
    }

    /// Returns the processors of a pair, drawn again for each. One thread needs one processor, and three processes on
    /// the same processor need not wake another one: this halved the spread in comparison with the scheduler's choice.
    /// Until they are measured, the processes may start on different processors that are equally near to the memory.
    pub(super) fn place(&self, rules: &Rules, chance: u64) -> Place {
        let is_single = self.threads == Some(1);
        let Some(wanted) = (if is_single { Some(1) } else { rules.processors }) else {
            return Place::default();
        };
        let mut measure = sys::processors().map(|all| all.numbers()).unwrap_or_default();
        seed::shuffle(&mut measure, chance);
        measure.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        // If the user limits the processors, a process never sees others, even while it chooses the number of its
        // threads.
        let is_free = rules.processors.is_none();
        if is_free && self.shared_with().is_some() {
            // Another case that shares the workers may have several threads.
            return Place { start: Vec::new(), measure };
        }
        let near = measure.first().filter(|_| is_single && is_free);
        let start = near.and_then(|cpu| sys::processors_near(*cpu)).map(|near| near.numbers());
        Place { start: start.unwrap_or_else(|| measure.clone()), measure }
    }

    /// Adjusts the number of batches in a pair. Starting processes takes time from the batches, but batches do not show
    /// how processes differ: the best number of batches is `(s_within/s_between)·√(c_pair/c_batch)` (Cochran, *Sampling
    /// Techniques*, 1977, 10.6).
    pub(super) fn learn(&mut self) {
        if self.by_rounds && self.samples.is_none() {
            let times: Vec<f64> = self
                .pairs()
                .flat_map(|pair| {
                    [Role::Base, Role::Candidate].map(|side| pair.times(side).collect::<Vec<_>>())
                })
                .flatten()
                .collect();
            // Decided between pairs: the settings of a pair must not follow from one of its sides.
            self.samples = stats::median(&stats::sorted(&times)).map(|s| pair::samples_of_round(s * 1e9));
        }
        // Not after every pair: this reads all batches, which takes as long as measuring some.
        if !self.pairs.len().is_power_of_two() {
            return;
        }
        let batches: usize = self.pairs().map(|pair| pair.base_ns.len()).sum();
        let per_batch = (self.time.batches_s() / batches.max(1) as f64).max(1e-9);
        let other = self.other_s_of_a_pair();
        // The number of batches that take as long as everything else.
        let half = other / per_batch;
        let (least, most) = if self.pairs.len() < PAIRS_TO_LEARN {
            ((ALWAYS_TIMED * half).max(BATCHES as f64), BATCHES)
        } else {
            // A case that is soon decided needs pairs more than batches: the more pairs it has taken, the longer each
            // may be.
            (FEWEST_BATCHES as f64, MOST_AT_FIRST * self.pairs.len() / PAIRS_TO_LEARN)
        };
        let wanted = match self.components().filter(|_| self.pairs.len() >= PAIRS_TO_EXTEND) {
            Some(Components { between, within }) => {
                let best = (within / between.max(1e-6)) * half.sqrt();
                best.clamp(least, half.max(most as f64).max(least))
            }
            None => least,
        };
        // Even, because A, B, B, A has two batches of each side.
        self.batches = 2 * (wanted.min(MOST_BATCHES as f64) / 2.0).round() as usize;
    }
}
