//! Estimates the uncertainty of a rate that was measured once, from the parts of its window.

use bench_stats as stats;
use bench_stats::Interval;

/// The maximum number of slots; when they are full, neighbours are added up, and each slot is then twice as long.
const SLOTS: usize = 256;

/// How long a slot is at first, in nanoseconds.
const SHORTEST_NS: u64 = 1_000_000;

/// The share of intervals that may miss the true rate.
const ERROR_RATE: f64 = 0.05;

/// The maximum number of blocks into which a window is divided.
const BLOCKS: usize = 16;

/// Sums over time: a column for each rate.
#[derive(Debug)]
pub(crate) struct Blocks {
    columns: usize,
    slot_ns: u64,
    /// `columns` sums for each slot.
    sums: Vec<f64>,
    requests: u64,
}

impl Blocks {
    pub(crate) fn new(columns: usize) -> Self {
        Blocks { columns, slot_ns: SHORTEST_NS, sums: Vec::new(), requests: 0 }
    }

    /// Adds the amounts of a request that ended at `end_ns`.
    pub(crate) fn add(&mut self, end_ns: u64, brought: impl Iterator<Item = f64>) {
        self.requests += 1;
        while end_ns / self.slot_ns >= SLOTS as u64 {
            self.halve();
        }
        let slot = (end_ns / self.slot_ns) as usize;
        if self.sums.len() < (slot + 1) * self.columns {
            self.sums.resize((slot + 1) * self.columns, 0.0);
        }
        let sums = &mut self.sums[slot * self.columns..];
        for (sum, value) in sums.iter_mut().zip(brought) {
            *sum += value;
        }
    }

    fn halve(&mut self) {
        let slots = self.sums.len() / self.columns.max(1);
        for slot in 0..slots.div_ceil(2) {
            for column in 0..self.columns {
                let at = |slot: usize| self.sums.get(slot * self.columns + column).copied().unwrap_or(0.0);
                self.sums[slot * self.columns + column] = at(2 * slot) + at(2 * slot + 1);
            }
        }
        self.sums.truncate(slots.div_ceil(2) * self.columns);
        self.slot_ns *= 2;
    }

    /// Returns the 95 % interval of the rate in `column`, per second over the window, by batch means: the window is
    /// divided into blocks, whose rates are assumed to be independent (Law, *Simulation Modeling and Analysis*, 9.5.3).
    /// It does not include differences between processes. `None` if there are too few requests or the window is too
    /// short.
    pub(crate) fn interval(&self, column: usize, (from_ns, to_ns): (u64, u64)) -> Option<Interval> {
        let blocks = BLOCKS.min((self.requests / 4) as usize);
        if blocks < 4 || to_ns <= from_ns {
            return None;
        }
        let (first, last) = (from_ns / self.slot_ns, to_ns / self.slot_ns);
        let slots = (last - first + 1) as usize;
        let blocks = blocks.min(slots);
        if blocks < 4 {
            return None;
        }
        let rates: Vec<f64> = (0..blocks)
            .map(|block| {
                let (begin, end) = (block * slots / blocks, (block + 1) * slots / blocks);
                let sum: f64 = (begin..end)
                    .filter_map(|slot| self.sums.get((first as usize + slot) * self.columns + column))
                    .sum();
                // The first and the last slot are only partly within the window.
                let begin_ns = (first * self.slot_ns + begin as u64 * self.slot_ns).max(from_ns);
                let end_ns = (first * self.slot_ns + end as u64 * self.slot_ns).min(to_ns);
                sum / (end_ns.saturating_sub(begin_ns).max(1) as f64 / 1e9)
            })
            .collect();
        let Interval { low, high } = stats::mean_interval_within(&rates, ERROR_RATE)?;
        Some(Interval { low: low.max(0.0), high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_interval_holds_the_rate_as_often_as_it_says() {
        let mut random = Random::new(3);
        let runs = 400;
        let covered = (0..runs)
            .filter(|_| {
                let mut blocks = Blocks::new(1);
                let mut at = 0.0;
                while at < 10.0 {
                    at += random.exponential() / 50.0;
                    blocks.add((at * 1e9) as u64, std::iter::once(2.0));
                }
                let interval = blocks.interval(0, (0, 10_000_000_000)).expect("an interval");
                interval.low <= 100.0 && 100.0 <= interval.high
            })
            .count();
        assert!((0.92..=0.98).contains(&(covered as f64 / f64::from(runs))), "{covered} of {runs}");
    }

    #[test]
    fn halving_loses_nothing() {
        let mut blocks = Blocks::new(2);
        for k in 0..10_000u64 {
            blocks.add(k * 1_000_000, [1.0, 0.5].into_iter());
        }
        let sum = |column: usize| -> f64 { blocks.sums.iter().skip(column).step_by(2).sum() };
        assert_eq!((sum(0), sum(1)), (10_000.0, 5_000.0));
        let interval = blocks.interval(0, (0, 10_000_000_000)).expect("an interval");
        assert!(interval.low > 990.0 && interval.high < 1010.0, "{interval:?}");
    }

    #[test]
    fn a_few_requests_tell_nothing_of_their_rate() {
        let mut blocks = Blocks::new(1);
        (0..10).for_each(|k| blocks.add(k * 100_000_000, std::iter::once(1.0)));
        assert_eq!(blocks.interval(0, (0, 1_000_000_000)), None);
        assert_eq!(Blocks::new(1).interval(0, (0, 0)), None);
    }
}
