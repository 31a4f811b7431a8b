//! Computes the figures of a case from its rounds, and the reasons to doubt them.

use bench_record::{CaseRecord, Level, RoundRecord, Served, Status};
use bench_stats as stats;
use bench_syntax::quantity::{Bytes, Seconds};

use crate::domain::{self, Work};
use crate::{counted_rounds, counts, probes, rounds_apart, served, time};

/// Computes the figures of a case from its rounds.
pub trait Summarize {
    /// Adds a round and updates every figure.
    fn push(&mut self, round: RoundRecord);

    /// Updates every figure from the rounds.
    fn update(&mut self);

    /// Marks each round with the reason why it fell into a bad minute of the machine, or with `None`.
    fn mark(&mut self, reasons: Vec<Option<String>>);

    /// Returns the requests that a load case has served, over its rounds; `None` for any other case.
    fn served(&self) -> Option<Served>;

    /// Returns the reason why the figures of the case cannot be relied on, if there is one: the harness was the
    /// bottleneck at some level, or the level that its time (the first) or its metrics (the best) come from is not
    /// valid. Such figures can miss a limit but not meet it, and are not compared.
    fn invalid(&self) -> Option<String>;

    /// Returns the rounds that its figures are made of: without those that fell into bad minutes, if enough others are
    /// left.
    fn counted_rounds(&self) -> impl Iterator<Item = &RoundRecord>;
}

impl Summarize for CaseRecord {
    fn push(&mut self, round: RoundRecord) {
        self.rounds.push(round);
        self.update();
    }

    fn update(&mut self) {
        update(self);
    }

    fn mark(&mut self, reasons: Vec<Option<String>>) {
        let mut changed = false;
        for (round, reason) in self.rounds.iter_mut().zip(reasons) {
            changed |= round.disturbed != reason;
            round.disturbed = reason;
        }
        if changed {
            self.update();
        }
    }

    fn served(&self) -> Option<Served> {
        served::over(&self.rounds)
    }

    fn invalid(&self) -> Option<String> {
        self.harness_bound().or_else(|| {
            let served = self.served()?;
            served.levels.first().and_then(Level::doubt).or_else(|| served.best().and_then(Level::doubt))
        })
    }

    fn counted_rounds(&self) -> impl Iterator<Item = &RoundRecord> {
        counted_rounds::counted(&self.rounds)
    }
}

fn update(case: &mut CaseRecord) {
    let rounds = &case.rounds;
    case.failure = rounds.iter().find_map(|round| round.failure.clone());
    case.skip_reason = rounds.iter().find_map(|round| round.skipped.clone());
    case.status = match (&case.failure, &case.skip_reason) {
        (Some(_), _) => Status::Failed,
        (None, Some(_)) => Status::Skipped,
        (None, None) if rounds.is_empty() => Status::NotRun,
        (None, None) => Status::Ok,
    };
    case.time = time::over(rounds);
    case.counts = counts::over(rounds);
    case.first_call_s =
        median_of(rounds, |round| round.first_call_ns.map(|ns| Seconds::from_ns(ns).0)).map(Seconds);
    case.load_s = median_of(rounds, |round| round.load_ns.map(|ns| Seconds::from_ns(ns).0)).map(Seconds);
    case.cpu_time_s = median_of(rounds, |round| round.reading("cpu_time")).map(Seconds);
    case.peak_memory_bytes = rounds
        .iter()
        .filter_map(|round| round.reading("peak_memory"))
        .reduce(f64::max)
        .map(|bytes| Bytes(bytes as u64));
    case.counters = rounds
        .iter()
        .rev()
        .find(|round| round.is_ok())
        .map(|round| round.counters.clone())
        .unwrap_or_default();
    case.metrics = match (served::over(rounds), &case.time, &case.counts) {
        (Some(served), ..) => {
            let best = served.best().map(|level| level.metrics.clone()).unwrap_or_default();
            best.into_iter().chain(served.metrics).collect()
        }
        (None, Some(time), _) => domain::metrics(&Work { time, counters: &case.counters }),
        (None, None, Some(counts)) => counts::metrics(counts),
        (None, None, None) => Vec::new(),
    };
    case.observed = probes::over(rounds);
    case.warnings = doubts(case);
}

/// Returns the reasons not to believe the figures.
fn doubts(case: &CaseRecord) -> Vec<String> {
    let mut doubts: Vec<String> = case.invalid().into_iter().collect();
    doubts.extend(case.counts.as_ref().and_then(counts::doubt));
    let Some(time) = &case.time else { return doubts };
    let empty_s = median_of(&case.rounds, |round| round.empty_iteration_ns.map(|ns| ns / 1e9));
    // Half as much again as nothing at all: a loop around real work takes at least a cycle more.
    if empty_s.is_some_and(|empty| time.median_s.0 <= 1.5 * empty) {
        doubts.push(format!("{} an iteration: was the work optimised away?", time.median_s));
    }
    let impossible = |round: &&RoundRecord| {
        let samples: Vec<f64> = round.sample_ns.iter().map(|ns| *ns as f64 / 1e9).collect();
        // Of the median: samples of other harnesses are scaled to one length, with them the pause that a short one met.
        let claimed_s = stats::median(&stats::sorted(&samples)).unwrap_or(0.0) * samples.len() as f64;
        // Requests that are served at once take longer together than has passed.
        round.served.is_none() && claimed_s > 1.01 * round.wall_s
    };
    if case.rounds.iter().any(|round| impossible(&round) && round.wall_s > 0.0) {
        doubts.push("it reports that its iterations took longer than the time that has passed".to_owned());
    }
    if time::is_coarse(&case.rounds) {
        doubts.push("samples last less than 100 steps of the clock: times are coarse".to_owned());
    }
    doubts.extend(time::irregularity(time));
    doubts.extend(counted_rounds::doubt(&case.rounds));
    // Requests that are served have levels, and latencies that spread by themselves.
    let is_served = case.rounds.iter().any(|round| round.served.is_some());
    doubts.extend((!is_served).then(|| rounds_apart::doubt(case.counted_rounds())).flatten());
    if time.rounds == 1 {
        doubts.push("one round only: how much processes differ is unknown".to_owned());
    } else if let Some(precision) = time.precision()
        && precision > case.settings.target_precision
    {
        let ended = if case.settings.rounds.is_some() || case.settings.repeats.is_some() {
            "rounds"
        } else {
            "budget"
        };
        doubts.push(format!(
            "the {ended} ended before the median was known to ±{} %",
            case.settings.target_precision * 100.0
        ));
    }
    if let Some(wanted) = case.settings.rounds
        && case.settings.max_time_is_hard
        && case.rounds.len() < wanted as usize
        && case.rounds.iter().map(RoundRecord::spent_s).sum::<f64>() >= case.settings.max_time_s
    {
        doubts.push(format!(
            "{} of the {wanted} requested rounds: `max_time`, {}, ended before the others",
            case.rounds.len(),
            Seconds(case.settings.max_time_s)
        ));
    }
    let unsteady = case
        .rounds
        .iter()
        .filter(|round| {
            round.warm_up.is_some_and(|warm_up| warm_up.steady == Some(false) && warm_up.iterations > 8)
        })
        .count();
    if unsteady * 2 > case.rounds.len() {
        doubts.push("times were still falling when warm-up ended".to_owned());
    }
    for note in case.rounds.iter().flat_map(|round| &round.probes).flat_map(|report| &report.notes) {
        if !doubts.contains(note) {
            doubts.push(note.clone());
        }
    }
    doubts
}

fn median_of(rounds: &[RoundRecord], figure: impl Fn(&RoundRecord) -> Option<f64>) -> Option<f64> {
    stats::median(&stats::sorted(&rounds.iter().filter_map(figure).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_syntax::Category;

    /// A case of ten rounds of 20 samples, each as long as `sample` says of its number, in nanoseconds.
    fn case(sample: impl Fn(u64) -> u64) -> CaseRecord {
        let mut case = CaseRecord::blank("c", Category::Unit);
        for number in 0..10 {
            let samples = (0..20).map(|k| sample(20 * u64::from(number) + k)).collect();
            let mut round = RoundRecord::sampled(1, samples);
            round.round = number;
            round.clock_resolution_ns = Some(20);
            case.push(round);
        }
        case
    }

    #[test]
    fn a_harness_that_was_too_slow_is_told_wherever_its_figures_are() {
        use crate::comparison::{Comparison, Judgement};
        use crate::testing::record;
        use bench_record::{Level, Verdict};

        let quick = record(vec![("unit/x", vec![100; 8])]);
        let mut slow = quick.clone();
        for round in &mut slow.cases[0].rounds {
            let mut levels = vec![Level::named("5 req/s"), Level::named("90 req/s")];
            levels[0].validity.valid = true;
            levels[1].validity.harness_bound = true;
            round.served = Some(Served::at_levels(levels));
        }
        slow.cases[0].update();
        let told = "invalid: the harness was the bottleneck at 90 req/s";
        assert_eq!(
            (slow.cases[0].harness_bound().as_deref(), quick.cases[0].harness_bound()),
            (Some(told), None)
        );
        assert!(slow.cases[0].warnings.iter().any(|warning| warning == told), "{:?}", slow.cases[0].warnings);
        let verdict = |old, new| {
            let compared = Comparison::of(old, new, &Judgement::default(), |_| true).cases.remove(0);
            (compared.verdict, compared.reason)
        };
        assert_eq!(verdict(&quick, &slow), (Verdict::Unsure, Some(told.to_owned())));
        assert_eq!(verdict(&slow, &quick), (Verdict::Unsure, Some(told.to_owned())));
        assert_ne!(verdict(&quick, &quick).1.as_deref(), Some(told));
    }

    fn warns(case: &CaseRecord, of: &str) -> bool {
        case.warnings.iter().any(|warning| warning.contains(of))
    }

    #[test]
    fn iterations_cannot_take_longer_than_has_passed() {
        let within = |wall_s: f64, sample: fn(u64) -> u64| {
            let mut case = case(sample);
            case.rounds.iter_mut().for_each(|round| round.wall_s = wall_s);
            case.update();
            !warns(&case, "longer than the time that has passed")
        };
        assert!(within(0.0021, |_| 100_000) && !within(0.0019, |_| 100_000));
        // As a harness reports whose shortest sample met a pause, and was scaled to the length of the others.
        assert!(within(0.0021, |k| if k % 20 == 0 { 10_000_000 } else { 100_000 }));
    }

    #[test]
    fn two_modes_are_named() {
        let two = case(|k| if k % 5 < 3 { 76_000 + k } else { 125_000 + k });
        assert!(
            warns(&two, "two modes: 76.10 µs (60 % of samples) and 125.1 µs (40 %)"),
            "{:?}",
            two.warnings
        );
        let one = case(|k| 76_000 + k % 7 * 100);
        assert!(!warns(&one, "modes") && !warns(&one, "outliers"), "{:?}", one.warnings);
        // The same ratios of ten steps of the clock are none.
        let coarse = case(|k| if k % 5 < 3 { 760 } else { 1250 });
        assert!(!warns(&coarse, "modes"), "{:?}", coarse.warnings);
    }

    #[test]
    fn many_outliers_are_told_and_none_is_dropped() {
        let many = case(|k| if k % 12 == 0 { 200_000 } else { 76_000 + k % 7 * 100 });
        assert!(
            warns(&many, "8 % of samples are severe outliers (17 of 200: 17 slow, 0 fast)"),
            "{:?}",
            many.warnings
        );
        let time = many.time.expect("figures");
        assert!((time.max_s.0, time.samples) == (200e-6, 200) && time.mean_s.0 > 86e-6, "{time:?}");
        assert!(!warns(&case(|k| if k % 25 == 0 { 200_000 } else { 76_000 + k % 7 * 100 }), "outliers"));
    }
}
