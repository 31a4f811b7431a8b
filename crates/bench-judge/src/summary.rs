//! Computes the figures of a case from its rounds, and the reasons to doubt them.

use bench_record::{CaseRecord, Level, Notice, RoundRecord, Served, Status};
use bench_syntax::quantity::{Bytes, Seconds};

use crate::domain::{self, Work};
use crate::doubts::doubts;
use crate::time::median_of;
use crate::{counted_rounds, counts, probes, served, time};

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

    /// Returns the warnings of the case, each with its kind and its figures, except that it is
    /// [`invalid`](Self::invalid).
    fn notices(&self) -> Vec<Notice>;

    /// Returns the rounds that its figures are made of: without disturbed ones, if enough others are left.
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

    fn notices(&self) -> Vec<Notice> {
        let mut known = doubts(self);
        // The record lists the warnings. Imported rounds, and those judged by an earlier version, may have others.
        let invalid = self.invalid();
        let told = self.warnings.iter().filter(|text| invalid.as_ref() != Some(*text));
        let notice = |text: &String| match known.iter().position(|notice| notice.text == *text) {
            Some(place) => known.swap_remove(place),
            None => Notice::of_text(text.as_str()),
        };
        told.map(notice).collect()
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
    let invalid = case.invalid();
    case.warnings = invalid.into_iter().chain(doubts(case).into_iter().map(|notice| notice.text)).collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_syntax::Category;

    /// Creates a case of ten rounds of 20 samples; `sample` returns the duration of each by its number, in nanoseconds.
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
        // As another harness reports them: its shortest sample met a pause, and was scaled to the length of the others.
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
        // The same ratios are not modes if they span only ten steps of the clock.
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
