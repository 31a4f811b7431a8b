//! Observes the machine around each round.

use std::time::{Duration, Instant};

use crate::CpuTicks;
use crate::calibration::walk::Walk;
use crate::calibration::{chain, pressure};
use bench_record::{References, Surroundings};

/// The age up to which a reading is used again: rounds of a few milliseconds would otherwise spend as long on
/// references as on what they measure.
const FRESH: Duration = Duration::from_millis(20);

/// The number of ticks below which a single stolen one would look like a bad minute: ticks are 10 ms long.
const FEWEST_TICKS: u64 = 20;

/// Looks at the machine between rounds.
pub struct Watch {
    walk: Walk,
    last: Option<(Instant, References)>,
}

/// The readings before a round.
pub struct Before {
    references: References,
    at: Instant,
    ticks: Option<CpuTicks>,
    stalled: Option<Duration>,
}

impl Default for Watch {
    /// Takes the memory of the walk: 16 MiB, for as long as it lives.
    fn default() -> Self {
        Watch { walk: Walk::new(), last: None }
    }
}

impl Watch {
    /// Takes the readings before a round: reference timings, processor ticks and stall time. Returns `None` if the
    /// reference timings cannot be measured.
    pub fn before(&mut self) -> Option<Before> {
        let references = self.references()?;
        // Read last, so that the counters do not include the reference kernels.
        Some(Before { references, at: Instant::now(), ticks: CpuTicks::now(), stalled: pressure::stalled() })
    }

    /// Looks again after the round.
    pub fn after(&mut self, before: Before) -> Option<Surroundings> {
        let (passed, ticks, stalled) = (before.at.elapsed(), CpuTicks::now(), pressure::stalled());
        let share = |stalled: Duration| (stalled.as_secs_f64() / passed.as_secs_f64()).min(1.0);
        let mut seen = Surroundings::new(before.references, self.references()?);
        seen.steal = ticks
            .zip(before.ticks)
            .filter(|(now, then)| now.ticks_since(*then) >= FEWEST_TICKS)
            .and_then(|(now, then)| now.steal_since(then));
        seen.pressure = stalled
            .zip(before.stalled)
            .map(|(now, then)| share(now.saturating_sub(then)))
            .filter(|share| share.is_finite());
        Some(seen)
    }

    /// Returns the references now, or a moment ago: the reading after one round serves the next one, too.
    fn references(&mut self) -> Option<References> {
        if let Some((at, references)) = self.last
            && at.elapsed() < FRESH
        {
            return Some(references);
        }
        let references = References::new(chain::step_ns()?, self.walk.step_ns()?);
        self.last = Some((Instant::now(), references));
        Some(references)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_positive_and_adjacent_ones_shared() {
        let mut watch = Watch::default();
        let before = watch.before().expect("a reading");
        assert!(before.references.clock_step_ns > 0.0 && before.references.walk_step_ns > 0.0);
        // Dated in the future, so that a slow machine cannot make it old.
        let fresh = References::new(1.0, 2.0);
        watch.last = Some((Instant::now() + Duration::from_secs(60), fresh));
        let seen = watch.after(before).expect("a reading");
        assert_eq!((seen.after, seen.steal), (fresh, None), "too short a time for ticks");
        watch.last = Instant::now().checked_sub(FRESH).map(|old| (old, fresh));
        assert_ne!(watch.before().expect("a reading").references, fresh, "an old reading is used again");
    }

    /// `cargo test -p bench-core --release --lib -- --ignored --nocapture cost_of_a_reading`
    #[test]
    #[ignore = "measures; asserts nothing"]
    fn cost_of_a_reading() {
        let start = Instant::now();
        let mut watch = Watch::default();
        println!("set up in {:?}", start.elapsed());
        for pause_ms in [0, 5, 50, 150] {
            let mut costs = Vec::new();
            for _ in 0..20 {
                std::thread::sleep(Duration::from_millis(pause_ms));
                let start = Instant::now();
                let before = watch.before().expect("a reading");
                let seen = watch.after(before).expect("a reading");
                costs.push(start.elapsed().as_secs_f64() * 1e3);
                if costs.len() > 17 {
                    println!("{seen:?}");
                }
            }
            println!(
                "{pause_ms} ms apart: {:.2} ms, median",
                bench_stats::median(&bench_stats::sorted(&costs)).expect("costs")
            );
        }
    }
}
