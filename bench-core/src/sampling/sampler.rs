//! The schedule of a worker that samples by itself.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::sampling::{Batch, Phase, Schedule};
use bench_protocol::{Assignment, Frame, Mode, RequestLevels, WarmUp};
use bench_syntax::quantity::nanoseconds;

/// The number of samples that a round aims at. More would not narrow the interval: after some fifty samples, the spread
/// between processes dominates the spread within one.
const SAMPLES: u32 = 100;

/// The shortest length of a sample, in steps of the clock.
const STEPS_PER_SAMPLE: u32 = 1000;

/// The largest share of the round's time that warm-up may take.
const WARM_UP_SHARE: f64 = 0.3;

/// The number of latest windows that are compared with all earlier ones: times are steady if the best of them is not
/// better by more than [`STEADY_IMPROVEMENT`].
const STEADY_WINDOWS: usize = 4;
/// The improvement, as a share of the best earlier window, up to which times are steady.
const STEADY_IMPROVEMENT: f64 = 0.01;

/// The length of a window of the warm-up: long compared with a step of the clock, short compared with any round.
const WINDOW: Duration = Duration::from_millis(2);

/// A schedule of a first call, a warm-up and samples, until the assignment is fulfilled.
pub(crate) struct Sampler<S> {
    assignment: Assignment,
    resolution: Duration,
    /// The longest time that warm-up may take, if the benchmark limits it.
    longest_warm_up: Duration,
    /// The clock, which tests replace.
    now: Box<dyn Fn() -> Instant>,
    stage: Stage,
    warm: Warmth,
    /// The number of samples so far.
    samples: u64,
    iterations_per_sample: u64,
    measuring_since: Option<Instant>,
    /// The time at which the running batch was returned; `None` before the first one.
    batch_since: Option<Instant>,
    pending: Vec<u64>,
    flushed: Instant,
    send: S,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    FirstCall,
    WarmUp,
    Sampling,
}

/// The observations during warm-up.
#[derive(Debug, Default)]
struct Warmth {
    iterations: u64,
    total: Duration,
    /// Wall time, including what a benchmark prepares between timed parts: the time that uses up a round.
    wall: Duration,
    /// Timed seconds per iteration of each of the latest windows.
    recent: VecDeque<f64>,
    /// Timed seconds per iteration of the best window before those; `None` if there was none.
    best_before: Option<f64>,
    /// Timed seconds per iteration of the latest window.
    estimate_s: f64,
    /// Wall seconds per iteration of the latest window.
    cost_s: f64,
    steady: bool,
}

impl Warmth {
    fn note(&mut self, iterations: u64, elapsed: Duration, wall: Duration) {
        let seconds = elapsed.as_secs_f64() / iterations as f64;
        // If an iteration takes no time, batches are doubled until the budget of wall time is used up.
        self.iterations = self.iterations.saturating_add(iterations);
        self.total += elapsed;
        self.wall += wall;
        self.estimate_s = seconds;
        self.cost_s = wall.as_secs_f64() / iterations as f64;
        if wall < WINDOW / 2 {
            // Batches are still growing to the length of a window, and are too short to distinguish falling times from
            // noise.
            return;
        }
        self.recent.push_back(seconds);
        if self.recent.len() > STEADY_WINDOWS
            && let Some(oldest) = self.recent.pop_front()
        {
            self.best_before = Some(self.best_before.map_or(oldest, |best| best.min(oldest)));
        }
        let best_now = self.recent.iter().copied().fold(f64::INFINITY, f64::min);
        self.steady = self.best_before.is_some_and(|before| best_now >= before * (1.0 - STEADY_IMPROVEMENT));
    }
}

impl<S: FnMut(Frame) -> Result<(), Error>> Sampler<S> {
    /// Creates a schedule for `assignment` on a clock of the given resolution; events are passed to `send`.
    pub(crate) fn new(assignment: Assignment, resolution: Duration, send: S) -> Self {
        Sampler::on_clock(assignment, resolution, Box::new(Instant::now), send)
    }

    fn on_clock(
        assignment: Assignment,
        resolution: Duration,
        now: Box<dyn Fn() -> Instant>,
        send: S,
    ) -> Self {
        Sampler {
            assignment,
            resolution,
            longest_warm_up: Duration::MAX,
            flushed: now(),
            now,
            stage: Stage::FirstCall,
            warm: Warmth::default(),
            samples: 0,
            iterations_per_sample: 1,
            measuring_since: None,
            batch_since: None,
            pending: Vec::new(),
            send,
        }
    }

    /// Limits the warm-up to the time `longest`; `None` means no limit.
    pub(crate) fn warming_up_within(self, longest: Option<Duration>) -> Self {
        Sampler { longest_warm_up: longest.unwrap_or(Duration::MAX), ..self }
    }

    fn slice(&self) -> Duration {
        Duration::from_nanos(self.assignment.slice_ns)
    }

    /// Returns the iterations of the next window of the warm-up, or `None` when it is over.
    fn warm_up(&self) -> Option<u64> {
        let affordable = self.warm.wall
            + Duration::try_from_secs_f64(self.warm.cost_s).unwrap_or(Duration::MAX)
            <= self.slice().mul_f64(WARM_UP_SHARE).min(self.longest_warm_up);
        if let Some(count) = self.assignment.warmup {
            let left = count.saturating_sub(self.warm.iterations);
            // If the warm-up was shorter than a sample must be, the batch size would be a guess.
            let is_guess = self.warm.total < self.shortest_sample()
                && self.warm.estimate_s < self.shortest_sample().as_secs_f64();
            if self.assignment.hard_stop && self.warm.wall >= self.slice() {
                return None;
            }
            return match left {
                0 => (is_guess && affordable).then(|| self.window()),
                _ => Some(left.min(self.window())),
            };
        }
        (!self.warm.steady && affordable).then(|| self.window())
    }

    /// Returns as many iterations as fill a window, but at most twice as many as before: the estimate may still come
    /// from a cold call.
    fn window(&self) -> u64 {
        as_count(WINDOW.as_secs_f64() / self.warm.cost_s).min(self.warm.iterations.saturating_mul(2).max(1))
    }

    /// Returns the shortest duration of a sample, of which a step of the clock is 0.1 %.
    fn shortest_sample(&self) -> Duration {
        self.resolution * STEPS_PER_SAMPLE
    }

    /// Returns enough iterations for a step of the clock to be at most 0.1 % of a sample, or as many as let the slice
    /// contain [`SAMPLES`], if that is more; but never more than fit into half the slice, including setup between the
    /// timed parts.
    fn batch_size(&self) -> u64 {
        let slice = self.slice().mul_f64(1.0 - WARM_UP_SHARE);
        let wall = match self.assignment.samples {
            // A number of samples was requested, not a time.
            Some(_) => WINDOW,
            None => slice / SAMPLES,
        };
        let by_clock = as_count(self.shortest_sample().as_secs_f64() / self.warm.estimate_s);
        let by_wall = as_count(wall.as_secs_f64() / self.warm.cost_s);
        let affordable = as_count(slice.as_secs_f64() / 2.0 / self.warm.cost_s);
        by_clock.min(affordable).max(by_wall)
    }

    fn has_enough(&self) -> bool {
        if self.samples == 0 {
            return false;
        }
        let spent = self.measuring_since.map_or(Duration::ZERO, |since| (self.now)() - since);
        if let Some(samples) = self.assignment.samples {
            return self.samples >= samples || self.assignment.hard_stop && spent >= self.slice();
        }
        // Rounds to the nearest whole number of samples.
        let half_sample = spent / (2 * self.samples.min(u64::from(u32::MAX / 2)) as u32);
        self.samples >= u64::from(SAMPLES) * 10
            || spent + half_sample >= self.slice().mul_f64(1.0 - WARM_UP_SHARE)
    }

    fn decide(&mut self) -> Result<Option<Batch>, Error> {
        if self.stage == Stage::FirstCall {
            return Ok(Some(Batch { phase: Phase::FirstCall, iterations: 1 }));
        }
        if self.stage == Stage::WarmUp {
            if let Some(iterations) = self.warm_up() {
                return Ok(Some(Batch { phase: Phase::WarmUp, iterations }));
            }
            (self.send)(Frame::WarmedUp(WarmUp {
                iterations: self.warm.iterations,
                ns: nanoseconds(self.warm.total),
                steady: self.assignment.warmup.is_none().then_some(self.warm.steady),
            }))?;
            self.iterations_per_sample = self.batch_size();
            self.measuring_since = Some((self.now)());
            self.stage = Stage::Sampling;
        }
        if self.assignment.mode == Mode::Once || self.has_enough() {
            self.flush()?;
            return Ok(None);
        }
        Ok(Some(Batch { phase: Phase::Sample, iterations: self.iterations_per_sample }))
    }

    fn flush(&mut self) -> Result<(), Error> {
        if !self.pending.is_empty() {
            let ns = std::mem::take(&mut self.pending);
            (self.send)(Frame::Samples { iterations: self.iterations_per_sample, ns })?;
        }
        self.flushed = (self.now)();
        Ok(())
    }
}

impl<S: FnMut(Frame) -> Result<(), Error>> Schedule for Sampler<S> {
    fn next(&mut self) -> Result<Option<Batch>, Error> {
        let batch = self.decide()?;
        self.batch_since = Some((self.now)());
        Ok(batch)
    }

    fn record(&mut self, batch: Batch, elapsed: Duration) -> Result<(), Error> {
        let ns = nanoseconds(elapsed);
        // A benchmark that does its own timing may report more than has passed.
        let wall = self.batch_since.map_or(elapsed, |since| (self.now)() - since).max(elapsed);
        match batch.phase {
            Phase::FirstCall => {
                self.warm.estimate_s = elapsed.as_secs_f64();
                self.warm.cost_s = wall.as_secs_f64();
                self.stage = if self.assignment.mode == Mode::Once { Stage::Sampling } else { Stage::WarmUp };
                (self.send)(Frame::FirstCall { ns })
            }
            Phase::WarmUp => {
                self.warm.note(batch.iterations, elapsed, wall);
                Ok(())
            }
            Phase::Sample => {
                self.samples += 1;
                self.pending.push(ns);
                // Sent from time to time, so that the runner can show progress and a crash loses little; between
                // samples, never inside one.
                let told_long_ago = (self.now)() - self.flushed >= Duration::from_millis(200);
                if told_long_ago { self.flush() } else { Ok(()) }
            }
        }
    }

    fn loaded(&mut self, elapsed: Duration) -> Result<(), Error> {
        (self.send)(Frame::Loaded { ns: nanoseconds(elapsed) })
    }

    fn expects(&mut self, time: Duration) -> Result<(), Error> {
        (self.send)(Frame::Expects { ns: nanoseconds(time) })
    }

    fn bring(
        &mut self,
        warm_up: WarmUp,
        sample_ns: Vec<u64>,
        served: Option<RequestLevels>,
    ) -> Result<(), Error> {
        (self.send)(Frame::WarmedUp(warm_up))?;
        if let Some(served) = served {
            (self.send)(Frame::Served(served))?;
        }
        (self.send)(Frame::Samples { iterations: 1, ns: sample_ns })
    }
}

/// Returns a number of iterations: at least 1, and small enough that sums cannot overflow.
fn as_count(iterations: f64) -> u64 {
    // Infinite if an iteration takes no time.
    iterations.clamp(1.0, 1e15) as u64
}

#[cfg(test)]
mod tests;
