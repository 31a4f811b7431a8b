use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::*;

type Send = Box<dyn FnMut(Frame) -> Result<(), Error>>;

/// A benchmark on a clock that moves only when it runs.
struct Simulated {
    sampler: Sampler<Send>,
    clock: Rc<Cell<Duration>>,
    frames: Rc<RefCell<Vec<Frame>>>,
}

/// The result of a simulated round.
struct Round {
    batches: Vec<Batch>,
    frames: Vec<Frame>,
    took: Duration,
}

impl Round {
    fn samples(&self) -> Vec<u64> {
        self.batches
            .iter()
            .filter(|batch| batch.phase == Phase::Sample)
            .map(|batch| batch.iterations)
            .collect()
    }

    fn warm_up(&self) -> WarmUp {
        self.frames
            .iter()
            .find_map(|frame| if let Frame::WarmedUp(warm_up) = frame { Some(*warm_up) } else { None })
            .expect("a warm-up")
    }
}

fn assignment(slice: Duration) -> Assignment {
    Assignment { slice_ns: slice.as_nanos() as u64, ..Assignment::new("x", Mode::Sample) }
}

impl Simulated {
    fn new(assignment: Assignment) -> Self {
        let (clock, frames) = (Rc::new(Cell::new(Duration::ZERO)), Rc::new(RefCell::new(Vec::new())));
        let (base, reading, sink) = (Instant::now(), Rc::clone(&clock), Rc::clone(&frames));
        let send: Send = Box::new(move |frame| {
            sink.borrow_mut().push(frame);
            Ok(())
        });
        let sampler = Sampler::on_clock(
            assignment,
            Duration::from_nanos(20),
            Box::new(move || base + reading.get()),
            send,
        );
        Simulated { sampler, clock, frames }
    }

    /// Runs to the end; `cost` returns the duration of an iteration from its index.
    fn run(self, cost: impl Fn(u64) -> Duration) -> Round {
        self.run_with_setup(Duration::ZERO, cost)
    }

    /// Runs to the end, with the time `setup` before each iteration, which is not timed.
    fn run_with_setup(mut self, setup: Duration, cost: impl Fn(u64) -> Duration) -> Round {
        let (mut batches, mut done) = (Vec::new(), 0);
        while let Some(batch) = self.sampler.next().expect("a schedule of its own") {
            let elapsed = if batch.iterations > 10_000 {
                // Far beyond any warm-up effect that these tests simulate.
                cost(done) * u32::try_from(batch.iterations).expect("few")
            } else {
                (done..done + batch.iterations).map(&cost).sum()
            };
            done += batch.iterations;
            let setups = setup * u32::try_from(batch.iterations).expect("few");
            self.clock.set(self.clock.get() + elapsed + setups);
            assert!(self.clock.get() < Duration::from_secs(3600), "a round without end");
            self.sampler.record(batch, elapsed).expect("a sink that takes everything");
            batches.push(batch);
        }
        Round { batches, frames: self.frames.take(), took: self.clock.get() }
    }
}

#[test]
fn a_nanosecond_gets_batches_long_against_the_clock() {
    let round = Simulated::new(assignment(Duration::from_millis(150))).run(|_| Duration::from_nanos(1));
    let samples = round.samples();
    assert!((90..=110).contains(&samples.len()), "{} samples", samples.len());
    assert!(samples.iter().all(|iterations| *iterations >= 20_000), "{samples:?}");
    assert!(round.took < Duration::from_millis(200), "{:?}", round.took);
}

#[test]
fn a_minute_is_called_twice_and_no_more() {
    let round = Simulated::new(assignment(Duration::from_millis(500))).run(|_| Duration::from_secs(60));
    let phases: Vec<_> = round.batches.iter().map(|batch| (batch.phase, batch.iterations)).collect();
    assert_eq!(phases, [(Phase::FirstCall, 1), (Phase::Sample, 1)]);
}

#[test]
fn warm_up_ends_when_times_no_longer_fall() {
    // 5 µs falling to 1 µs over the first 20 000 iterations.
    let cost = |done: u64| Duration::from_nanos(1000 + 4000 * 20_000u64.saturating_sub(done) / 20_000);
    let round = Simulated::new(assignment(Duration::from_secs(2))).run(cost);
    let warm_up = round.warm_up();
    assert_eq!(warm_up.steady, Some(true));
    assert!(warm_up.iterations >= 20_000, "{warm_up:?}");
    assert!(warm_up.ns < 600_000_000, "{warm_up:?}");
}

#[test]
fn warm_up_that_never_settles_ends_with_its_share_and_says_so() {
    let cost = |done: u64| Duration::from_nanos(1_000_000 / (done + 1) + 10);
    let round = Simulated::new(assignment(Duration::from_millis(100)))
        .run(|done| cost(done) + Duration::from_micros(1_000_000 / (done / 8 + 1)));
    assert_eq!(round.warm_up().steady, Some(false));
}

#[test]
fn counts_are_kept_to_the_letter() {
    let wanted = Assignment { warmup: Some(10), samples: Some(7), ..assignment(Duration::from_millis(100)) };
    let round = Simulated::new(wanted).run(|_| Duration::from_millis(30));
    assert_eq!(round.warm_up().iterations, 10);
    assert_eq!(round.samples(), [1; 7]);
    let hard = Assignment { samples: Some(100), hard_stop: true, ..assignment(Duration::from_millis(100)) };
    let round = Simulated::new(hard).run(|_| Duration::from_millis(30));
    assert!(round.samples().len() < 10, "{:?}", round.samples());
}

#[test]
fn without_warm_up_a_slow_first_call_does_not_decide_the_batch_size() {
    let cold = |done| if done == 0 { Duration::from_micros(10) } else { Duration::from_nanos(1) };
    let wanted = Assignment { warmup: Some(0), samples: Some(5), ..assignment(Duration::from_secs(1)) };
    let round = Simulated::new(wanted).run(cold);
    assert!(round.samples().iter().all(|iterations| *iterations >= 20_000), "{:?}", round.samples());
}

#[test]
fn untimed_setup_uses_up_the_round_too() {
    let round = Simulated::new(assignment(Duration::from_millis(150)))
        .run_with_setup(Duration::from_millis(2), |_| Duration::from_nanos(1));
    assert!(round.took < Duration::from_millis(300), "{:?}", round.took);
    assert!(!round.samples().is_empty());
}

#[test]
fn what_takes_no_time_at_all_ends() {
    let round = Simulated::new(assignment(Duration::from_millis(150)))
        .run_with_setup(Duration::from_nanos(50), |_| Duration::ZERO);
    assert!(round.took < Duration::from_millis(300), "{:?}", round.took);
}

#[test]
fn once_is_once() {
    let once = Assignment { mode: Mode::Once, ..assignment(Duration::from_secs(1)) };
    let round = Simulated::new(once).run(|_| Duration::from_millis(1));
    assert_eq!(round.batches, [Batch { phase: Phase::FirstCall, iterations: 1 }]);
}

#[test]
fn every_sample_is_told() {
    let round = Simulated::new(assignment(Duration::from_secs(3))).run(|_| Duration::from_millis(10));
    let told: usize = round
        .frames
        .iter()
        .map(|frame| if let Frame::Samples { ns, .. } = frame { ns.len() } else { 0 })
        .sum();
    assert_eq!(told, round.samples().len());
    assert!(
        round.frames.iter().filter(|frame| matches!(frame, Frame::Samples { .. })).count() > 1,
        "told in one go"
    );
}

/// Returns runs of equal batches in the format of the table: phase, iterations, number of batches.
fn together(batches: &[Batch]) -> Vec<serde_json::Value> {
    batches
        .chunk_by(|a, b| a == b)
        .map(|alike| {
            let phase = match alike[0].phase {
                Phase::FirstCall => "first_call",
                Phase::WarmUp => "warm_up",
                Phase::Sample => "sample",
            };
            serde_json::json!([phase, alike[0].iterations, alike.len()])
        })
        .collect()
}

/// Compares with the table that `python/tests/test_sampling.py` also reads: the sampler of the Python package follows
/// the same rules.
#[test]
fn rounds_are_those_of_other_languages() {
    let table: serde_json::Value = serde_json::from_str(include_str!("cases.json")).expect("a table");
    let rows = table.as_array().expect("rows");
    assert!(rows.len() > 10);
    for row in rows {
        let wanted = &row["assignment"];
        let mode = if wanted["mode"] == "once" { Mode::Once } else { Mode::Sample };
        let assignment = Assignment {
            mode,
            warmup: wanted["warmup"].as_u64(),
            samples: wanted["samples"].as_u64(),
            hard_stop: wanted["hard_stop"].as_bool().expect("a flag"),
            ..assignment(Duration::from_nanos(wanted["slice_ns"].as_u64().expect("a slice")))
        };
        assert_eq!(row["resolution_ns"], 20);
        let cost = |key: &str| row["cost"][key].as_u64().expect("a cost");
        let (cold, over, steady) = (cost("cold_ns"), cost("falls_over"), cost("steady_ns"));
        let iteration = |number: u64| {
            Duration::from_nanos(
                steady + (cold * over.saturating_sub(number)).checked_div(over).unwrap_or_default(),
            )
        };
        let round =
            Simulated::new(assignment).run_with_setup(Duration::from_nanos(cost("setup_ns")), iteration);
        assert_eq!(row["batches"], serde_json::json!(together(&round.batches)), "{}", row["name"]);
        assert_eq!(row["took_ns"], serde_json::json!(round.took.as_nanos() as u64), "{}", row["name"]);
        let told = |frame: &Frame| if let Frame::Samples { ns, .. } = frame { Some(ns.len()) } else { None };
        let told: Vec<usize> = round.frames.iter().filter_map(told).collect();
        assert_eq!(row["told"], serde_json::json!(told), "{}", row["name"]);
        let warmed_up = &row["warmed_up"];
        assert_eq!(warmed_up.is_null(), mode == Mode::Once, "{}", row["name"]);
        if mode == Mode::Sample {
            let warm_up = round.warm_up();
            let found = serde_json::json!({
                "iterations": warm_up.iterations, "ns": warm_up.ns, "steady": warm_up.steady,
            });
            assert_eq!(*warmed_up, found, "{}", row["name"]);
        }
    }
}
