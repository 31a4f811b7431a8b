mod noise_of_levels;

use proptest::prelude::*;

use super::*;

/// Seeded randomness (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Self {
        Random(seed)
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Standard normal, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    pub(crate) fn autocorrelated(&mut self, correlation: f64, n: usize) -> Vec<f64> {
        let mut state = self.normal();
        (0..n)
            .map(|_| {
                state = correlation * state + (1.0 - correlation * correlation).sqrt() * self.normal();
                state
            })
            .collect()
    }
}

/// Returns runs around 100 with a spread of 1, plus `added` for each.
fn series(seed: u64, n: usize, added: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut random = Random::seeded(seed);
    (0..n).map(|i| 100.0 + random.normal() + added(i)).collect()
}

fn found(values: &[f64]) -> Vec<Change> {
    changes(values, Settings::default())
}

#[test]
fn a_step_is_found_once_and_where_it_is() {
    for seed in 0..20 {
        let values = series(seed, 200, |i| if i >= 100 { 3.0 } else { 0.0 });
        let changes = standing(&values, &found(&values), 0.005);
        assert_eq!(changes.len(), 1, "{seed}: {changes:?}");
        let change = changes[0];
        assert!(change.at.abs_diff(100) <= 3 && change.found < 110, "{seed}: {change:?}");
        assert_eq!(change.kind, Kind::Step);
        assert!((change.shift() - 0.03).abs() < 0.007, "{change:?}");
        let segments = segments(&values, &changes);
        assert_eq!((segments[0].from, segments[1].to, segments[0].to), (0, 200, segments[1].from));
        assert!(segments[1].interval.is_some_and(|i| i.low <= segments[1].median && i.high < 104.0));
    }
}

#[test]
fn a_step_is_no_drift() {
    for seed in 0..200 {
        let values = series(seed, 40, |i| if i >= 20 { 6.0 } else { 0.0 });
        let kinds: Vec<Kind> = found(&values).iter().map(|change| change.kind).collect();
        assert!(!kinds.contains(&Kind::Drift), "{seed}: {kinds:?}");
    }
}

#[test]
fn a_step_is_found_at_the_edges() {
    let places = |values: &[f64]| found(values).iter().map(|change| change.at).collect::<Vec<_>>();
    for first in [5, 10, 15] {
        let early = series(2, 60, |i| if i >= first { 20.0 } else { 0.0 });
        assert_eq!(places(&early), [first]);
        assert_eq!(
            found(&early)[0].found + 1,
            FEWEST.max(first + MIN_AFTER),
            "{first}: as soon as there are enough runs"
        );
    }
    let late = series(2, 100, |i| if i >= 95 { 20.0 } else { 0.0 });
    assert_eq!(places(&late), [95]);
    let later = series(2, 100, |i| if i >= 96 { 20.0 } else { 0.0 });
    assert_eq!(found(&later), []);
}

#[test]
fn a_spike_is_no_change() {
    for height in [5.0, 1e3, 1e9] {
        for length in 1..=2 {
            let values = series(5, 300, |i| if (100..100 + length).contains(&i) { height } else { 0.0 });
            assert_eq!(found(&values), [], "{height} for {length}");
        }
    }
}

/// Returns the changes found in a line that drifts by ten per cent in 100 runs, from run `start` on, with noise of
/// `spread` per cent.
fn drifting(seed: u64, spread: f64, start: f64) -> Vec<Change> {
    let noise = series(seed, 140, |_| 0.0);
    let values: Vec<f64> = noise
        .iter()
        .enumerate()
        .map(|(i, value)| 100.0 + spread * (value - 100.0) + (i as f64 - start).clamp(0.0, 100.0) / 10.0)
        .collect();
    found(&values)
}

#[test]
fn drift_is_found() {
    for (seed, spread) in [(1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0)] {
        let changes = drifting(seed, spread, 40.0);
        assert!(changes.iter().any(|change| change.at > 40 && change.shift() > 0.0), "{spread}: {changes:?}");
    }
    // With this much noise, a drift looks like a step in four of ten series.
    let crept =
        share(100, |seed| drifting(seed, 2.0, 0.0).first().is_some_and(|change| change.kind == Kind::Drift));
    assert!(crept >= 0.5, "{crept}");
}

/// A bad night of a line that drifts is not reported as a step. By chance alone, about 5 of the steps found would begin
/// at the bad night, one of 60.
#[test]
fn drift_with_a_bad_night_is_no_step_at_that_night() {
    let (mut at_bad, mut crept) = (0, 0);
    for seed in 0..200 {
        let bad = 70 + seed as usize % 60;
        let values = series(seed, 160, |i| {
            let creep = (i as f64 - 40.0).clamp(0.0, 120.0) / 20.0;
            creep + if i == bad { 12.0 } else { 0.0 }
        });
        let changes = found(&values);
        at_bad += changes.iter().filter(|change| change.at == bad && change.kind == Kind::Step).count();
        crept += changes.iter().filter(|change| change.kind == Kind::Drift).count();
    }
    assert!(at_bad <= 3, "{at_bad}");
    assert!(crept > 120, "{crept}");
}

#[test]
fn a_baseline_that_moves_along_does_not_hide_what_creeps() {
    // A tenth of the spread in twenty runs: no two neighbouring stretches differ visibly.
    let values = series(8, 700, |i| i as f64 / 200.0);
    let changes = found(&values);
    assert!(!changes.is_empty(), "{changes:?}");
}

#[test]
fn small_shifts_are_of_no_interest() {
    let tiny: Vec<f64> = (0..100).map(|i| if i < 50 { 1000.0 } else { 1004.0 }).collect();
    assert_eq!(found(&tiny), []);
    let small: Vec<f64> = tiny.iter().map(|value| if *value > 1000.0 { 1005.0 } else { 1000.0 }).collect();
    assert_eq!(found(&small).iter().map(|change| change.at).collect::<Vec<_>>(), [50]);
}

#[test]
fn nothing_is_said_of_too_little_or_of_nothing() {
    assert_eq!(found(&[]), []);
    assert_eq!(found(&[1.0, 2.0]), []);
    assert_eq!(found(&[0.0; 500]), []);
    assert_eq!(found(&[f64::NAN; 500]), []);
    let from_zero: Vec<f64> = (0..100).map(|i| if i < 50 { 0.0 } else { 2.0 }).collect();
    assert_eq!(found(&from_zero)[0].shift(), f64::INFINITY);
}

#[test]
fn lines_of_one_value_have_no_change() {
    for value in [0.0, -0.0, 1.0, -3.5, 1e-300, 1e300, f64::MAX, f64::MIN_POSITIVE] {
        for runs in [1, 14, 15, 100, 600] {
            assert_eq!(found(&vec![value; runs]), [], "{runs} of {value}");
        }
    }
}

#[test]
fn a_long_line_keeps_as_few_runs_as_a_short_one() {
    let mut detector = Detector::new(Settings::default());
    let mut random = Random::seeded(1);
    let mut most = 0;
    for run in 0..20_000 {
        let level = if run >= 19_900 { 110.0 } else { 100.0 };
        detector.push(level + random.normal());
        most = most.max(detector.runs());
    }
    assert!(most <= 500, "{most}");
    let last = detector.changes().last().expect("a change");
    assert_eq!((last.at, last.found), (19_900, 19_904));
}

#[test]
fn missing_figures_are_passed_over_but_counted() {
    let mut values = series(1, 120, |i| if i >= 60 { 10.0 } else { 0.0 });
    for i in (0..60).step_by(7) {
        values[i] = f64::NAN;
    }
    values[60] = f64::INFINITY;
    let changes = found(&values);
    assert_eq!(changes.iter().map(|change| change.at).collect::<Vec<_>>(), [61]);
}

#[test]
fn after_a_restart_the_new_level_is_the_old_one() {
    let values = series(1, 120, |i| if i >= 60 { 10.0 } else { 0.0 });
    let mut detector = Detector::new(Settings::default());
    for (i, value) in values.iter().enumerate() {
        if i == 60 {
            detector.restart();
        }
        assert_eq!(detector.push(*value), None);
    }
    assert_eq!(detector.runs(), 60);
}

#[test]
fn unchanged_runs_are_quiet() {
    // `Settings::default` promises 0.2 in 1000; there are 40 000 runs of each kind.
    for (name, correlation) in [("independent", 0.0), ("autocorrelated", 0.5)] {
        let mut random = Random::seeded(11);
        let alarms: usize = (0..80)
            .map(|_| {
                let noise = random.autocorrelated(correlation, 500);
                found(&noise.iter().map(|value| 100.0 + 3.0 * value).collect::<Vec<_>>()).len()
            })
            .sum();
        assert!(alarms <= 14, "{name}: {alarms} in 40 000 runs");
    }
}

/// Returns the share of 100 series in which a step of `height` spreads, after `before` runs, is found within seven.
fn found_within_seven(before: usize, height: f64) -> f64 {
    let within = (0..100).filter(|seed| {
        let values = series(*seed, before + 7, |i| if i >= before { height } else { 0.0 });
        found(&values).iter().any(|change| change.at + 15 > before)
    });
    within.count() as f64 / 100.0
}

#[test]
fn a_step_is_found_within_seven_runs() {
    // A detector that knew level and spread would find 94 % of steps of two spreads at 0.2 false alarms in 1000 runs.
    for (before, height, least) in [(100, 3.0, 0.97), (300, 2.0, 0.75)] {
        let share = found_within_seven(before, height);
        assert!(share >= least, "{height} after {before}: {share}");
    }
}

#[test]
fn levels_that_take_turns_for_days_are_seldom_told() {
    let alarms: usize = (0..100)
        .map(|seed| {
            let mut random = Random::seeded(seed);
            let mut high = false;
            let values: Vec<f64> = (0..500)
                .map(|_| {
                    high ^= random.uniform() < 0.2;
                    100.0 + 0.5 * random.normal() + if high { 6.0 } else { 0.0 }
                })
                .collect();
            found(&values).len()
        })
        .sum();
    // 0.3 to 1 in 1000, nearly all of them while the line is young: until a machine has come back, it looks like a
    // change.
    assert!(alarms <= 70, "{alarms} in 50 000 runs");
}

#[test]
fn steps_of_whole_units_are_no_distance() {
    // Neighbours resemble each other, and most runs are equal.
    let alarms: usize = (0..200)
        .map(|seed| {
            let noise = Random::seeded(seed).autocorrelated(0.7, 100);
            found(&noise.iter().map(|value| 100.0 + (0.6 * value).round()).collect::<Vec<_>>()).len()
        })
        .sum();
    assert!(alarms <= 20, "{alarms}");
}

#[test]
fn what_lies_far_off_is_found_however_alike_neighbours_are() {
    let shares = [0.0, 8.0].map(|height| {
        let found = (0..100).filter(|seed| {
            let noise = Random::seeded(*seed).autocorrelated(0.8, 70);
            let values: Vec<f64> = noise
                .iter()
                .enumerate()
                .map(|(i, value)| 100.0 + value + if i >= 50 { height } else { 0.0 })
                .collect();
            found(&values).iter().any(|change| change.at > 45)
        });
        found.count() as f64 / 100.0
    });
    assert!(shares[0] <= 0.03 && shares[1] >= 0.9, "{shares:?}");
}

proptest! {
    #[test]
    fn the_unit_changes_nothing(seed in 0u64..1000, at in 30usize..80) {
        let values = series(seed, 120, |i| if i >= at { 6.0 } else { 0.0 });
        // A power of two: nothing is rounded.
        let scaled: Vec<f64> = values.iter().map(|value| value / 1024.0).collect();
        let places = |values: &[f64]| -> Vec<(usize, usize)> {
            found(values).iter().map(|change| (change.at, change.found)).collect()
        };
        prop_assert_eq!(places(&values), places(&scaled));
    }

    #[test]
    fn any_numbers_give_ordered_changes(values in proptest::collection::vec(any::<f64>(), 0..200)) {
        let changes = found(&values);
        prop_assert!(changes.windows(2).all(|pair| pair[0].found < pair[1].found));
        prop_assert!(changes.iter().all(|change| change.at + MIN_AFTER <= change.found + 1));
        prop_assert!(changes.iter().all(|change| change.earliest <= change.at && change.latest <= change.found));
        let standing = standing(&values, &changes, 0.005);
        prop_assert!(standing.windows(2).all(|pair| pair[0].at < pair[1].at), "{:?}", standing);
        prop_assert_eq!(segments(&values, &standing).len(), standing.len() + 1);
    }
}

#[test]
fn a_much_lower_level_is_heard_as_well_as_the_one_before() {
    // The noise depends on the level: that of a level a hundred times higher does not matter once there are enough
    // runs.
    let told = share(20, |seed| {
        let noise = series(seed, 260, |_| 0.0);
        let level = |i: usize| match i {
            0..80 => 100.0,
            80..200 => 1.0,
            _ => 1.2,
        };
        let values: Vec<f64> = noise.iter().enumerate().map(|(i, value)| level(i) * value).collect();
        is_told(&found(&values), 200, true, 7)
    });
    assert!(told >= 0.95, "{told}");
}

/// The share of `trials` seeds for which `is_so`.
fn share(trials: u64, is_so: impl Fn(u64) -> bool) -> f64 {
    (0..trials).filter(|seed| is_so(*seed)).count() as f64 / trials as f64
}

/// Whether a change upwards (`is_up`) or downwards is reported at `at`, give or take two runs, within `nights`.
fn is_told(changes: &[Change], at: usize, is_up: bool, nights: usize) -> bool {
    changes.iter().any(|change| {
        change.at.abs_diff(at) <= 2
            && (change.shift() > 0.0) == is_up
            && (at..at + nights).contains(&change.found)
    })
}

#[test]
fn a_change_soon_after_another_is_heard() {
    for gap in [5, 8, 10, 12, 15, 20] {
        let heard = share(40, |seed| {
            let height = |i: usize| {
                if i >= 60 + gap {
                    18.0
                } else if i >= 60 {
                    12.0
                } else {
                    0.0
                }
            };
            let changes = found(&series(seed, 100 + gap, height));
            is_told(&changes, 60, true, 20) && is_told(&changes, 60 + gap, true, 20)
        });
        assert!(heard >= 0.9, "{gap}: {heard}");
    }
}

#[test]
fn a_reverted_regression_hides_neither_its_return_nor_the_next() {
    for nights in [5, 8, 9, 12, 30] {
        for spread in [0.0, 1.0] {
            let next = 60 + nights + 30;
            let told = share(200, |seed| {
                let noise = series(seed, next + 20, |_| 0.0);
                let values: Vec<f64> = noise
                    .iter()
                    .enumerate()
                    .map(|(i, value)| {
                        let height = if (60..60 + nights).contains(&i) {
                            10.0
                        } else if i >= next {
                            5.0
                        } else {
                            0.0
                        };
                        100.0 + spread * (value - 100.0) + height
                    })
                    .collect();
                let changes = found(&values);
                is_told(&changes, 60, true, 7)
                    && is_told(&changes, 60 + nights, false, 5)
                    && is_told(&changes, next, true, 20)
            });
            assert!(told >= 0.95, "{nights} nights, spread {spread}: {told}");
        }
    }
}

#[test]
fn exact_figures_are_heard_after_a_step_that_is_of_no_interest() {
    for first in [3, 5, 10, 15, 20, 30, 40] {
        for second in [30, 40, 60, 120, 400].into_iter().filter(|second| *second > first) {
            for factor in [1.05, 11.0] {
                let values: Vec<f64> = (0..second + 20)
                    .map(|i| {
                        if i >= second {
                            1.003e6 * factor
                        } else if i >= first {
                            1.003e6
                        } else {
                            1e6
                        }
                    })
                    .collect();
                let told: Vec<(usize, usize)> =
                    found(&values).iter().map(|change| (change.at, change.found + 1 - change.at)).collect();
                assert_eq!(told, [(second, 5)], "{first}, {second}, {factor}");
            }
        }
    }
}

#[test]
fn odd_first_runs_hide_nothing() {
    for first in [2, 3, 4, 5, 8, 10, 14] {
        let told = share(40, |seed| {
            let height = |i: usize| {
                if i < first {
                    50.0
                } else if i >= 40 {
                    12.0
                } else {
                    0.0
                }
            };
            is_told(&found(&series(seed, 60, height)), 40, true, 20)
        });
        assert!(told >= 0.95, "{first}: {told}");
    }
}

#[test]
fn an_excursion_of_less_than_five_runs_is_no_change() {
    for (runs, most) in [(2, 0.03), (3, 0.03), (4, 0.07)] {
        let told = share(100, |seed| {
            let height = |i: usize| if (60..60 + runs).contains(&i) { 10.0 } else { 0.0 };
            found(&series(seed, 75, height)).iter().any(|change| change.found >= 60)
        });
        assert!(told <= most, "{runs}: {told}");
    }
}

#[test]
fn what_was_reported_is_never_contradicted() {
    let mut withdrawn = 0;
    for seed in 0..60 {
        let mut random = Random::seeded(seed);
        // A random walk: any change that is reported is soon in doubt.
        let mut level = 0.0;
        let values: Vec<f64> = (0..300)
            .map(|_| {
                level += 0.4 * random.normal();
                100.0 + level + random.normal()
            })
            .collect();
        let mut detector = Detector::new(Settings::default());
        let mut reports: Vec<Change> = Vec::new();
        for value in values {
            reports.extend(detector.push(value));
            assert_eq!(detector.changes().len(), reports.len(), "a report stays");
            for (report, now) in reports.iter().zip(detector.changes()) {
                assert_eq!((report.found, report.before, report.after), (now.found, now.before, now.after));
                assert!((report.earliest..=report.at).contains(&now.at), "{report:?} {now:?}");
            }
        }
        withdrawn += detector.changes().iter().filter(|change| change.withdrawn.is_some()).count();
        let values: Vec<f64> = series(seed, 10, |_| 0.0);
        assert!(standing(&values, &[], 0.005).is_empty());
    }
    assert!(withdrawn > 0, "the series bring it about");
}

#[test]
fn a_change_that_comes_to_nothing_is_withdrawn() {
    // Twelve runs that drift back: no step leads back to the old level.
    let height = |i: usize| if i >= 60 { (14.0 - 1.2 * (i - 60) as f64).max(0.0) } else { 0.0 };
    let changes = found(&series(1, 120, height));
    assert!(changes[0].at.abs_diff(60) <= 1, "{changes:?}");
    let ended = changes[0].withdrawn.is_some() || changes.iter().any(|change| change.back);
    assert!(ended, "{changes:?}");
}

#[test]
fn the_range_of_a_place_holds_the_place() {
    let (mut inside, mut width, mut all) = (0, 0, 0);
    for seed in 0..200 {
        let changes = found(&series(seed, 130, |i| if i >= 100 { 2.5 } else { 0.0 }));
        let Some(change) = changes.iter().find(|change| change.at.abs_diff(100) < 15) else { continue };
        all += 1;
        inside += usize::from((change.earliest..=change.latest).contains(&100));
        width += change.latest - change.earliest;
    }
    assert!(all > 150 && 10 * inside >= 9 * all && width <= 8 * all, "{inside} of {all}, {width} runs wide");
}

/// Returns real series from CI runners, by suite and case; the head of the file describes their source.
fn constant_series() -> Vec<(&'static str, Vec<f64>)> {
    let lines = include_str!("constant_series.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, values) = line.rsplit_once(" | ").expect("a name");
            (name, values.split(' ').map(|value| value.parse().expect("a number")).collect())
        })
        .collect()
}

/// Practically constant code: 52 series, 1833 runs, and not one alarm.
#[test]
fn constant_code_on_real_runners_raises_no_alarm() {
    let all = constant_series();
    assert_eq!((all.len(), all.iter().map(|(_, values)| values.len()).sum::<usize>()), (52, 1833));
    for (name, values) in all {
        assert_eq!(found(&values), [], "{name}");
    }
}
