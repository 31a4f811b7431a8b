use proptest::prelude::*;

use super::*;
use crate::DrawnLayouts;
use crate::pair::Place;
use bench_protocol::{Build, Listing};
use bench_record::{Cause, Failure};

impl Trial {
    /// Returns a case of which these log ratios have been measured in `spent` seconds.
    pub(crate) fn told(log_ratios: &[f64], spent: f64) -> Self {
        let mut trial = Trial {
            spent: Duration::from_secs_f64(spent),
            ..Trial::new("unit/fake", 0, &nobody(), &nobody(), None, &Rules::default())
        };
        for log_ratio in log_ratios {
            // Times are whole numbers, and cannot be NaN or infinite, so the log ratio is set directly.
            let observed =
                ObservedPair { log_ratio: *log_ratio, ..trial.observer.observe(Trial::pair_of(*log_ratio)) };
            trial.see(observed);
        }
        trial
    }

    /// Returns a case with this many `layouts`, given the log ratio and the layouts of each pair.
    pub(crate) fn told_in_layouts(pairs: Vec<(f64, DrawnLayouts)>, layouts: usize) -> Self {
        let mut trial = Trial::told(&[], 1.0);
        for held in [&mut trial.base, &mut trial.candidate] {
            held.layouts = vec![nobody().program; layouts];
        }
        for (log_ratio, drawn) in pairs {
            let mut observed = trial.observer.observe(Trial::pair_of(log_ratio));
            (observed.log_ratio, observed.layouts) = (log_ratio, Some(drawn));
            trial.see(observed);
        }
        trial
    }

    fn pair_of(log_ratio: f64) -> Pair {
        Pair {
            first: Role::Base,
            iterations: 1,
            base_ns: vec![1_000_000; 2],
            candidate_ns: vec![(1e6 * log_ratio.exp()) as u64; 2],
            handed_over: 0,
        }
    }

    pub(crate) fn broken(mut self) -> Self {
        let failure = Failure::new(Cause::Panic, "");
        self.failure = Some(SideFailure { side: Role::Candidate, failure });
        self
    }
}

fn nobody() -> Opened {
    let program = Program::executable(std::path::Path::new("/nobody")).expect("an absolute path");
    Opened { program, listing: Listing::new(Build::default(), Vec::new()) }
}

/// Returns `count` log ratios, evenly spread around `centre`.
pub(crate) fn around(centre: f64, spread: f64, count: usize) -> Vec<f64> {
    // 7 and 32 have no common divisor: neighbours in time are not neighbours in size.
    (0..count).map(|number| centre + spread * ((number * 7 % 32) as f64 / 31.0 - 0.5)).collect()
}

fn verdict(log_ratios: &[f64], found: bool) -> Verdict {
    Trial::told(log_ratios, 1.0).verdict(found)
}

#[test]
fn pairs_come_to_a_verdict() {
    assert_eq!(verdict(&around(0.0, 0.004, 40), true), Verdict::Same);
    assert_eq!(verdict(&around(0.05, 0.004, 40), true), Verdict::Slower);
    assert_eq!(verdict(&around(-0.05, 0.004, 40), true), Verdict::Faster);
    assert_eq!(verdict(&around(0.0, 0.2, 40), true), Verdict::Unsure, "differs too much");
    assert_eq!(verdict(&around(0.01, 0.004, 40), true), Verdict::Unsure, "at the threshold");
    assert_eq!(verdict(&[], true), Verdict::Unsure);
    assert_eq!(verdict(&around(0.5, 0.0, 3), true), Verdict::Unsure, "three are too few for anything");
}

/// A change is not reported unless it is among the findings of the suite; `same` need not be.
#[test]
fn a_change_must_be_found_in_the_whole_suite() {
    assert_eq!(verdict(&around(0.05, 0.004, 40), false), Verdict::Unsure);
    assert_eq!(verdict(&around(-0.05, 0.004, 40), false), Verdict::Unsure);
    assert_eq!(verdict(&around(0.0, 0.004, 40), false), Verdict::Same);
}

#[test]
fn a_broken_case_has_failed_whatever_it_measured_before() {
    let trial = Trial::told(&around(0.05, 0.004, 40), 1.0).broken();
    assert_eq!(trial.verdict(true), Verdict::Failed);
}

#[test]
fn evidence_is_against_either_side_of_the_threshold_and_only_there() {
    let evidence = |logs: &[f64]| Trial::told(logs, 1.0).log_e_value();
    let (slower, faster) = (evidence(&around(0.05, 0.004, 40)), evidence(&around(-0.05, 0.004, 40)));
    let above = Trial::told(&around(0.05, 0.004, 40), 1.0).evidence.slower.log_e_value();
    assert!((slower - (above - std::f64::consts::LN_2)).abs() < 0.1, "{slower} {above}");
    assert!(slower > 20f64.ln() && (slower - faster).abs() < 0.1, "{slower} {faster}");
    assert!(evidence(&around(0.0, 0.004, 40)) < 0.0);
    assert!((evidence(&[]) - 0.0).abs() < 1e-9, "nothing seen is no evidence");
}

#[test]
fn what_is_needed_is_told_in_time() {
    let rules = Rules::default();
    let trial = Trial::told(&around(0.0, 0.03, 20), 2.0);
    let (alone, among_many) = (trial.needs(&rules, 1), trial.needs(&rules, 100));
    // A pair took a tenth of a second.
    assert!(alone.is_some_and(|more| more >= Duration::from_millis(100)), "{alone:?}");
    assert!(among_many >= alone);
    assert_eq!(Trial::told(&[], 0.0).needs(&rules, 1), None);
}

proptest! {
    /// Log ratios that are not finite do not lead to a verdict.
    #[test]
    fn no_number_is_no_verdict(
        which in proptest::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
        good in 0usize..5, bad in 1usize..40,
    ) {
        let mut logs = vec![0.0; good];
        logs.extend(std::iter::repeat_n(which, bad + good));
        let verdict = verdict(&logs, true);
        prop_assert!(verdict == Verdict::Unsure, "{verdict}");
    }
}

#[test]
fn a_pair_works_on_processors_that_are_drawn_anew() {
    let Some(all) = bench_os::processors().map(|all| all.numbers()) else { return };
    let mut trial = Trial::told(&[], 0.0);
    let places = |trial: &Trial, processors| -> Vec<Place> {
        let rules = Rules { processors, ..Rules::default() };
        (0..64).map(|chance| trial.place(&rules, chance)).collect()
    };
    assert!(places(&trial, None).iter().all(|place| *place == Place::default()), "all of them");
    let ones = places(&trial, Some(1));
    let mut drawn: Vec<_> = ones.iter().map(|place| place.measure.clone()).collect();
    drawn.sort();
    drawn.dedup();
    let each: Vec<Vec<usize>> = all.iter().map(|cpu| vec![*cpu]).collect();
    assert!(all.len() > 8 || drawn == each, "each of them comes");
    assert!(ones.iter().all(|place| place.start == place.measure), "no other is ever seen");
    assert!(places(&trial, Some(u32::MAX)).iter().all(|place| place.measure.len() == all.len()));
    trial.threads = Some(1);
    for Place { start, measure } in places(&trial, None) {
        assert_eq!(measure.len(), 1, "one thread needs one");
        assert!(start.contains(&measure[0]), "{start:?} {measure:?}");
    }
    assert!(places(&trial, Some(1)).iter().all(|place| place.start == place.measure));
}

/// Processes of Python take 0.3 s to start, so the batches must be worth that time.
#[test]
fn what_is_slow_to_start_is_measured_for_longer() {
    let rules = Rules { max_time: Duration::from_secs(3), ..Rules::default() };
    let started_in = |start_s: f64| {
        let mut trial = Trial::told(&around(0.0, 0.01, 4), 4.0 * (start_s + 0.004));
        trial.time.timed_s = 4.0 * 0.004; // two batches of 1 ms on each side, as `told` has them
        trial.learn();
        (trial.slice_ns(&rules), trial.batches)
    };
    let (slice_ns, batches) = started_in(0.3);
    assert_eq!(
        (slice_ns.div_ceil(1_000_000), batches),
        (75, BATCHES),
        "37 batches on each side fill a quarter"
    );
    assert_eq!(started_in(1.2).1, 150, "300 ms in batches of twice 1 ms");
    let (slice_ns, batches) = started_in(0.002);
    assert_eq!((slice_ns.div_ceil(1_000_000), batches), (248, BATCHES), "its share of the budget");
}
