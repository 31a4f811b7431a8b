//! Two workers of which one works at a time.

use super::{Role, Workers};
use crate::partner::{Broken, Partner};

/// Two workers that have warmed up, of which one works at a time.
pub(super) struct Alternation<'w, 'a> {
    workers: &'w mut Workers<'a>,
    /// Whether the threads of the side that waits are stopped.
    takes_pauses: bool,
    at_work: Option<Role>,
}

/// The lengths of a lead that are tried, in batches.
const LEADS: [u64; 4] = [0, 1, 2, 4];

/// The share by which a batch must be slower than after the longest lead, and the share of batches that must be: a lead
/// costs time, so chance alone must not cause one.
const SLOWER: f64 = 0.02;
const MOSTLY: f64 = 0.8;

/// The time that trying leads takes, in nanoseconds, within these limits of the number of batches of each side and
/// length.
const TRYING_NS: u64 = 40_000_000;
const FEWEST_BATCHES: u64 = 4;
const MOST_BATCHES: u64 = 16;

/// The duration of a batch, in nanoseconds, from which on a change of turns, which costs up to 0.3 ms, costs less than
/// 3 %, and a lead would cost more than it is worth.
const LONG_NS: u64 = 10_000_000;

impl<'w, 'a> Alternation<'w, 'a> {
    /// Begins with neither side at work.
    pub(super) fn new(workers: &'w mut Workers<'a>, takes_pauses: bool) -> Self {
        if takes_pauses {
            workers.one.pause();
            workers.other.pause();
        }
        Alternation { workers, takes_pauses, at_work: None }
    }

    /// Finds the number of iterations that have to run right before a batch so that it is as fast as in a loop: the
    /// other side, the runner and the worker's own messages change the caches and the branch predictor. A function of
    /// 27 µs in PyTorch took 62 µs in the first 0.1 ms after a change of turns, on one processor, and 28 µs from then
    /// on.
    ///
    /// # Errors
    /// Which side broke, and how.
    pub(super) fn lead(&mut self, iterations: u64, batch_ns: u64) -> Result<u64, (Role, Broken)> {
        // A lead on one side only would be a difference of its own.
        let can_lead = self.workers.one.leads() && self.workers.other.leads();
        if !can_lead || batch_ns >= LONG_NS {
            return Ok(0);
        }
        let one_of_each = 2 * LEADS.iter().map(|lead| lead + 1).sum::<u64>() * batch_ns.max(1);
        let batches = (TRYING_NS / one_of_each).clamp(FEWEST_BATCHES, MOST_BATCHES);
        let sides = [self.workers.first, self.workers.first.other()];
        let mut turns = Vec::new();
        for _ in 0..batches {
            let mut times = [[0; LEADS.len()]; 2];
            for (length, lead) in LEADS.into_iter().enumerate() {
                for (side, times) in sides.into_iter().zip(&mut times) {
                    times[length] =
                        self.batch(side, |partner| partner.batch(iterations, lead * iterations))?;
                }
            }
            turns.extend(times);
        }
        Ok(needed(&turns) * iterations)
    }

    /// Lets one side time a batch, in nanoseconds.
    ///
    /// # Errors
    /// Which side broke, and how.
    pub(super) fn batch(
        &mut self,
        side: Role,
        time: impl FnOnce(&mut Partner<'a>) -> Result<u64, Broken>,
    ) -> Result<u64, (Role, Broken)> {
        let before = self.at_work.replace(side);
        if self.takes_pauses && before != Some(side) {
            if let Some(other) = before {
                self.workers.of(other).pause();
            }
            self.workers.of(side).resume();
        }
        time(self.workers.of(side)).map_err(|broken| (side, broken))
    }
}

impl Drop for Alternation<'_, '_> {
    fn drop(&mut self) {
        if self.takes_pauses {
            self.workers.one.resume();
            self.workers.other.resume();
        }
    }
}

/// Returns the shortest of [`LEADS`] after which batches are not clearly slower than after the longest one, given the
/// times of batches after each of them.
fn needed(turns: &[[u64; LEADS.len()]]) -> u64 {
    let is_enough = |length: usize| {
        let slower = turns.iter().filter(|times| {
            let warm = times[LEADS.len() - 1] as f64;
            times[length] as f64 > warm * (1.0 + SLOWER)
        });
        (slower.count() as f64) < MOSTLY * turns.len() as f64
    };
    LEADS.into_iter().enumerate().find(|(length, _)| is_enough(*length)).map_or(0, |(_, lead)| lead)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns turns with these times, some of them delayed, those of each length equally often.
    fn turns(times: [u64; LEADS.len()]) -> Vec<[u64; LEADS.len()]> {
        let held_up = |turn: usize| {
            let mut times = times;
            times[turn % 4] += if turn.is_multiple_of(3) { 50 } else { 0 };
            times
        };
        (0..32).map(held_up).collect()
    }

    #[test]
    fn a_lead_is_as_long_as_it_has_to_be() {
        assert_eq!(needed(&turns([620, 266, 262, 262])), 1);
        assert_eq!(needed(&turns([620, 276, 264, 262])), 2);
        assert_eq!(needed(&turns([620, 296, 276, 262])), 4);
    }

    #[test]
    fn what_chance_makes_slower_gets_no_lead() {
        assert_eq!(needed(&turns([262, 262, 262, 262])), 0);
        // A benchmark that becomes slower the longer it runs needs no lead.
        assert_eq!(needed(&turns([200, 210, 220, 262])), 0);
        assert_eq!(needed(&[[0; LEADS.len()]; 8]), 0);
        let noise = |turn: u64, length: u64| 1000 + bench_stats::seed::mix(turn * 4 + length) % 200;
        let noisy: Vec<_> = (0..32).map(|turn| [0, 1, 2, 3].map(|length| noise(turn, length))).collect();
        assert_eq!(needed(&noisy), 0);
    }
}
