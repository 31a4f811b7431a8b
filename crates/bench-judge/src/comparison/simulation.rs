//! Simulates comparisons of records whose true changes are known: how often they are wrong, and how much they detect.
//! Seeds are fixed, so that the figures are the same everywhere.

use super::*;
use crate::testing::record;
use bench_record::{EarlierRun, Record, Verdict};
use bench_stats::Interval;
use bench_stats::seed::mix;
use bench_syntax::quantity::Seconds;

/// The error of one run of one case, on the logarithmic scale.
type Noise = fn(&mut Random) -> f64;

struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(1);
        (mix(self.0) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The method of Box and Muller, 1958.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Student's t with three degrees of freedom, scaled to the quartiles of a standard normal distribution.
    fn heavy(&mut self) -> f64 {
        let square: f64 = (0..3).map(|_| self.normal().powi(2)).sum();
        0.882 * self.normal() / (square / 3.0).sqrt()
    }
}

/// Runs of one binary, of `spreads.len()` cases each.
struct Machine {
    random: Random,
    blank: Record,
    /// Standard deviation of each case between runs.
    spreads: Vec<f64>,
    noise: Noise,
    /// Standard deviation of the part that all cases of a run share.
    drift: f64,
    /// The share of bad runs, in which each case is slower by up to 30 %, independently of the others.
    bad: f64,
    /// The share of runs with a bad minute, in which a tenth of the cases, neighbours, are slower by up to 30 %, each
    /// independently of the others.
    minute: f64,
    /// For the number of a case: the height of its second plateau, and the share of runs that are on it.
    plateau: fn(usize) -> (f64, f64),
    /// Standard deviation of the logarithm of a factor by which all cases of a run vary more or less than usual.
    moody: f64,
    day: u32,
}

impl Machine {
    fn new(seed: u64, spreads: &[f64], noise: Noise) -> Self {
        let ids: Vec<String> = (0..spreads.len()).map(|number| format!("unit/case{number}")).collect();
        let blank = record(ids.iter().map(|id| (id.as_str(), vec![1_000; 6])).collect());
        Machine {
            random: Random(seed << 32),
            blank,
            spreads: spreads.to_vec(),
            noise,
            drift: 0.0,
            bad: 0.0,
            minute: 0.0,
            plateau: |_| (0.0, 0.0),
            moody: 0.0,
            day: 0,
        }
    }

    fn run(&mut self) -> Record {
        let (shared, bad) = (self.drift * self.random.normal(), self.random.uniform() < self.bad);
        // Draws no random numbers that this world does not use, so that other worlds keep theirs.
        let mood = if self.moody > 0.0 { (self.moody * self.random.normal()).exp() } else { 1.0 };
        let minute = self.minute > 0.0 && self.random.uniform() < self.minute;
        let cases = self.spreads.len();
        let begins = if minute { (self.random.uniform() * cases as f64) as usize } else { 0 };
        let mut run = self.blank.clone();
        self.day += 1;
        run.run = format!("run{}", self.day);
        run.timestamp = format!("2026-01-01T{:02}:{:02}:00Z", self.day / 60, self.day % 60);
        for (number, (case, spread)) in run.cases.iter_mut().zip(&self.spreads).enumerate() {
            let in_minute = minute && (number + cases - begins) % cases < cases.div_ceil(10);
            let mut off = if bad || in_minute { 0.3 * self.random.uniform() } else { 0.0 };
            let (height, often) = (self.plateau)(number);
            if often > 0.0 && self.random.uniform() < often {
                off += height;
            }
            let median = 1e-6 * (shared + off + mood * spread * (self.noise)(&mut self.random)).exp();
            if let Some(time) = &mut case.time {
                time.median_s = Seconds(median);
                time.interval_s = Some(Interval { low: median * 0.995, high: median * 1.005 });
            }
        }
        run
    }
}

fn slowed(run: &Record, case: usize, by: f64) -> Record {
    let mut slow = run.clone();
    if let Some(time) = &mut slow.cases[case].time {
        time.median_s.0 *= 1.0 + by;
        time.interval_s = time
            .interval_s
            .map(|interval| Interval { low: interval.low * (1.0 + by), high: interval.high * (1.0 + by) });
    }
    slow
}

#[derive(Debug, Default)]
struct Tally {
    verdicts: usize,
    wrong: usize,
    covered: usize,
    /// Injected slowdowns of twice the printed smallest effect; below, those of them that were found.
    injected: usize,
    called: usize,
    smallest: Vec<f64>,
}

impl Tally {
    fn false_alarms(&self) -> f64 {
        self.wrong as f64 / self.verdicts as f64
    }
    fn coverage(&self) -> f64 {
        self.covered as f64 / self.verdicts as f64
    }
    fn power(&self) -> f64 {
        self.called as f64 / self.injected as f64
    }
    fn add(&mut self, other: Tally) {
        self.verdicts += other.verdicts;
        self.wrong += other.wrong;
        self.covered += other.covered;
        self.injected += other.injected;
        self.called += other.called;
        self.smallest.extend(other.smallest);
        self.smallest.sort_by(f64::total_cmp);
    }
}

/// Compares each two consecutive runs that follow at least `skipped` others, in `sequences` sequences.
fn consecutive(
    mut machine: impl FnMut(u64) -> Machine,
    sequences: u64,
    runs: usize,
    skipped: usize,
) -> Tally {
    let mut tally = Tally::default();
    for sequence in 0..sequences {
        let mut machine = machine(sequence);
        let records: Vec<Record> = (0..runs).map(|_| machine.run()).collect();
        let earlier: Vec<EarlierRun> = records.iter().map(EarlierRun::from).collect();
        for number in skipped + 1..runs {
            let (old, new) = (&records[number - 1], &records[number]);
            let judgement = Judgement { history: &earlier, ..Judgement::default() };
            let comparison = Comparison::of(old, new, &judgement, |_| true);
            for case in &comparison.cases {
                let interval = case.interval.expect("an interval");
                tally.verdicts += 1;
                tally.wrong += usize::from(matches!(case.verdict, Verdict::Faster | Verdict::Slower));
                tally.covered += usize::from(interval.low <= 0.0 && 0.0 <= interval.high);
                tally.smallest.push(case.smallest_effect.expect("an effect"));
            }
            let place = number % comparison.cases.len();
            let effect = 2.0 * comparison.cases[place].smallest_effect.expect("an effect");
            let slower = Comparison::of(old, &slowed(new, place, effect), &judgement, |_| true);
            tally.injected += 1;
            tally.called += usize::from(slower.cases[place].verdict == Verdict::Slower);
        }
    }
    tally.smallest.sort_by(f64::total_cmp);
    tally
}

fn check(what: &str, tally: &Tally) {
    println!(
        "{what}: {:.2} % of {} wrong, {:.1} % covered, {:.1} % of {} seen, smallest effect {:.0} % (median)",
        tally.false_alarms() * 100.0,
        tally.verdicts,
        tally.coverage() * 100.0,
        tally.power() * 100.0,
        tally.injected,
        tally.smallest[tally.smallest.len() / 2] * 100.0
    );
    assert!(tally.false_alarms() <= 0.01, "{what}: {:.4} are wrong", tally.false_alarms());
    assert!(tally.coverage() >= 0.95, "{what}: {:.4} covered", tally.coverage());
    assert!(tally.power() >= 0.9, "{what}: {:.4} seen", tally.power());
}

/// Standard deviations of cases. The widest makes forty normal runs range over some 50 %, as a pointer chase did (issue
/// 3).
const SUITE: [f64; 10] = [0.004, 0.005, 0.007, 0.01, 0.02, 0.02, 0.03, 0.05, 0.06, 0.1];

/// Heavy tails make the same range from a smaller spread.
const HEAVY_SUITE: [f64; 10] = [0.002, 0.003, 0.004, 0.006, 0.01, 0.01, 0.02, 0.03, 0.04, 0.05];

#[test]
fn a_single_case_is_seldom_called_without_a_change() {
    for (spread, seed) in [(0.005, 1), (0.02, 2), (0.06, 3)] {
        let machine = |sequence| Machine::new(seed * 1000 + sequence, &[spread], Random::normal);
        check(&format!("normal, {spread}"), &consecutive(machine, 150, 20, 5));
    }
    let machine = |sequence| Machine::new(9000 + sequence, &[0.02], Random::heavy);
    check("heavy tails, 0.02", &consecutive(machine, 150, 20, 5));
}

#[test]
fn a_suite_is_seldom_called_without_a_change() {
    for (what, suite, noise, bad) in [
        ("normal suite", SUITE, Random::normal as Noise, 0.0),
        ("heavy-tailed suite", HEAVY_SUITE, Random::heavy, 0.0),
        ("suite with bad runs", SUITE, Random::normal, 0.1),
        ("heavy-tailed suite with bad runs", HEAVY_SUITE, Random::heavy, 0.1),
    ] {
        let machine =
            |sequence| Machine { drift: 0.05, bad, ..Machine::new(20_000 + sequence, &suite, noise) };
        check(&format!("{what}, twelve runs"), &consecutive(machine, 60, 12, 0));
        check(&format!("{what}, thirty runs"), &consecutive(machine, 20, 30, 5));
        check(&format!("{what}, five earlier runs"), &consecutive(machine, 100, 7, 5));
    }
}

/// The name of a world, and a function that makes a machine in it from a seed.
type World = (&'static str, fn(u64) -> Machine);

/// Suites of 40 cases, whose earlier runs moderate each other, in worlds of all kinds.
fn large_suites() -> Vec<World> {
    fn tiled(seed: u64, suite: &[f64], noise: Noise) -> Machine {
        let spreads: Vec<f64> = suite.iter().copied().cycle().take(40).collect();
        Machine { drift: 0.05, ..Machine::new(seed, &spreads, noise) }
    }
    vec![
        ("normal", |seed| tiled(seed, &SUITE, Random::normal)),
        ("heavy tails", |seed| tiled(seed, &HEAVY_SUITE, Random::heavy)),
        ("normal, bad runs", |seed| Machine { bad: 0.1, ..tiled(seed, &SUITE, Random::normal) }),
        ("heavy tails, bad runs", |seed| Machine { bad: 0.1, ..tiled(seed, &HEAVY_SUITE, Random::heavy) }),
        ("all quiet", |seed| tiled(seed, &[0.01], Random::normal)),
        ("all quiet, heavy tails", |seed| tiled(seed, &[0.01], Random::heavy)),
        ("all quiet, bad runs", |seed| Machine { bad: 0.2, ..tiled(seed, &[0.01], Random::heavy) }),
        ("one in ten restless", |seed| {
            let mut spreads = [0.003; 10];
            spreads[0] = 0.08;
            tiled(seed, &spreads, Random::heavy)
        }),
        ("a fifth on two plateaus", |seed| {
            let plateau = |case: usize| if case.is_multiple_of(5) { (0.15, 0.3) } else { (0.0, 0.0) };
            Machine { plateau, ..tiled(seed, &[0.01], Random::heavy) }
        }),
        ("all seldom on a plateau", |seed| Machine {
            plateau: |_| (0.22, 0.02),
            ..tiled(seed, &HEAVY_SUITE, Random::heavy)
        }),
        ("bad minutes", |seed| Machine { minute: 0.1, ..tiled(seed, &HEAVY_SUITE, Random::heavy) }),
        ("all quiet, bad minutes", |seed| Machine { minute: 0.1, ..tiled(seed, &[0.005], Random::normal) }),
        ("moody runs", |seed| Machine { moody: 0.5, ..tiled(seed, &[0.01], Random::heavy) }),
    ]
}

/// The share of wrong verdicts must be small, however few earlier runs a suite has. Over a few sequences, chance adds a
/// little to single figures, and less to all of them together; [`a_large_suite_over_many_sequences`] looks at each.
#[test]
fn a_large_suite_is_seldom_called_without_a_change() {
    for (what, machine) in large_suites() {
        let mut all = Tally::default();
        for earlier in [1, 2, 3, 5, 10] {
            let tally = consecutive(|sequence| machine(30_000 + sequence), 40, earlier + 2, earlier);
            assert!(
                tally.false_alarms() <= 0.015,
                "{what}, {earlier}: {:.4} are wrong",
                tally.false_alarms()
            );
            all.add(tally);
        }
        check(&format!("large suite, {what}"), &all);
    }
}

/// Prints the table of `docs/evidence.md`.
#[test]
#[ignore = "minutes: cargo test --release -p bench-judge --lib -- --ignored --nocapture large_suite"]
fn a_large_suite_over_many_sequences() {
    for earlier in [0, 1, 2, 3, 4, 5, 10] {
        for (what, machine) in large_suites() {
            let tally = consecutive(|sequence| machine(50_000 + sequence), 600, earlier + 2, earlier);
            check(&format!("{earlier} earlier runs, {what}"), &tally);
        }
    }
}

/// Tests the effect of one earlier run: half of the floor's smallest effect or less, if runs are quiet.
#[test]
fn a_large_quiet_suite_sees_more_with_every_run() {
    let smallest = |earlier: usize| {
        let machine = large_suites()[4].1;
        let tally = consecutive(|sequence| machine(40_000 + sequence), 20, earlier + 2, earlier);
        tally.smallest[tally.smallest.len() / 2]
    };
    let found = [0, 1, 2, 4, 10].map(smallest);
    assert!(found.windows(2).all(|pair| pair[1] < pair[0]), "{found:?}");
    assert!(found[1] < found[0] / 2.0 && found[2] < found[0] / 3.0, "{found:?}");
}
