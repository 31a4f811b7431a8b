//! Instructions and memory accesses of an iteration.

use serde::{Deserialize, Serialize};

/// The events of callgrind's simulation, by callgrind's own names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Events {
    /// Instructions.
    pub ir: u64,
    /// Reads of data.
    pub dr: u64,
    /// Writes of data.
    pub dw: u64,
    /// Instructions that were not in the first-level cache.
    pub i1mr: u64,
    /// Reads of data that was not in the first-level cache.
    pub d1mr: u64,
    /// Writes of data that was not in the first-level cache.
    pub d1mw: u64,
    /// Instructions that were not in the last-level cache.
    pub ilmr: u64,
    /// Reads of data that was not in the last-level cache.
    pub dlmr: u64,
    /// Writes of data that was not in the last-level cache.
    pub dlmw: u64,
}

/// The counts of an iteration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Instructions of all threads.
    pub instructions: u64,
    /// Accesses to memory, including instructions, that the simulated first-level caches serve.
    pub l1_hits: u64,
    /// Accesses that the simulated last-level cache serves.
    pub ll_hits: u64,
    /// Accesses that memory serves.
    pub ram_hits: u64,
    /// Instructions + 10 × misses of the first level + 100 × misses of the last level: the *cycle estimation* of
    /// KCachegrind, a rule of thumb of its author. It ignores that a processor works on several instructions at once.
    pub estimated_cycles: u64,
}

impl Counts {
    /// Computes the counts from `events`, without those of the harness.
    pub fn of(events: &Events, harness: &Events) -> Self {
        // Never below zero: the harness may execute an instruction more around an empty closure than around the
        // measured one.
        let less = |of: fn(&Events) -> u64| of(events).saturating_sub(of(harness));
        let accesses = less(|events| events.ir + events.dr + events.dw);
        let l1_misses = less(|events| events.i1mr + events.d1mr + events.d1mw);
        let ll_misses = less(|events| events.ilmr + events.dlmr + events.dlmw);
        let instructions = less(|events| events.ir);
        Counts {
            instructions,
            l1_hits: accesses.saturating_sub(l1_misses),
            ll_hits: l1_misses.saturating_sub(ll_misses),
            ram_hits: ll_misses,
            estimated_cycles: instructions + 10 * l1_misses + 100 * ll_misses,
        }
    }
}

/// The counts of one worker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RoundCounts {
    /// One iteration, after the first call and the warm-up.
    pub iteration: Counts,
    /// The first iteration of the process.
    pub first_call: Counts,
    /// Instructions of the harness, counted around an empty closure, and already subtracted from `iteration` and
    /// `first_call`.
    pub subtracted_instructions: u64,
    /// Version of valgrind: `3.19.0`.
    pub valgrind: String,
    /// The options of valgrind that affect the counts.
    pub options: String,
}

/// The counts of a case over its rounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CaseCounts {
    /// One iteration: the round with the median number of instructions, the lower of two.
    pub iteration: Counts,
    /// The first iteration of the process, of the same round.
    pub first_call: Counts,
    /// The smallest number of instructions of a round.
    pub least_instructions: u64,
    /// The largest number of instructions of a round.
    pub most_instructions: u64,
    /// The number of rounds with counts.
    pub rounds: usize,
}

impl CaseCounts {
    /// Creates the counts of a case with a single round.
    pub fn of_round(round: &RoundCounts) -> Self {
        CaseCounts {
            iteration: round.iteration,
            first_call: round.first_call,
            least_instructions: round.iteration.instructions,
            most_instructions: round.iteration.instructions,
            rounds: 1,
        }
    }

    /// Returns the spread of the rounds, as a share of the smallest count; 0 if the count repeats exactly.
    pub fn spread(&self) -> f64 {
        self.most_instructions.saturating_sub(self.least_instructions) as f64
            / self.least_instructions.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_access_is_served_by_one_level() {
        let events =
            Events { ir: 1000, dr: 300, dw: 200, i1mr: 5, d1mr: 20, d1mw: 10, ilmr: 1, dlmr: 2, dlmw: 3 };
        let counts = Counts::of(&events, &Events::default());
        assert_eq!(counts.l1_hits + counts.ll_hits + counts.ram_hits, 1500);
        assert_eq!((counts.l1_hits, counts.ll_hits, counts.ram_hits), (1465, 29, 6));
        assert_eq!(counts.estimated_cycles, 1000 + 10 * 35 + 100 * 6);
        let harness = Events { ir: 10, dr: 2, dw: 3, ..Events::default() };
        let less = Counts::of(&events, &harness);
        assert_eq!((less.instructions, less.l1_hits, less.ram_hits), (990, 1450, 6));
        assert_eq!(Counts::of(&harness, &events), Counts::default());
    }
}
