//! How often a comparison of records is wrong, and how much it sees, over simulated runs of which the truth is
//! known. Seeds are fixed, so that the figures are the same everywhere.

use super::*;
use crate::testing::record;
use bench_record::{EarlierRun, Record, Verdict};
use bench_stats::Interval;
use bench_stats::seed::mix;
use bench_syntax::quantity::Seconds;

/// What one run of one case is off by, on the logarithmic scale.
type Noise = fn(&mut Random) -> f64;

struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(1);
        (mix(self.0) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Box and Muller, 1958.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Student's t with three degrees of freedom, scaled to the quartiles of a normal one.
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
    /// Standard deviation of what all cases of a run share.
    drift: f64,
    /// How often a run is a bad one, of which every case is off by up to 30 %, each by itself.
    bad: f64,
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
            day: 0,
        }
    }

    fn run(&mut self) -> Record {
        let (shared, bad) = (self.drift * self.random.normal(), self.random.uniform() < self.bad);
        let mut run = self.blank.clone();
        self.day += 1;
        run.run = format!("run{}", self.day);
        run.timestamp = format!("2026-01-01T{:02}:{:02}:00Z", self.day / 60, self.day % 60);
        for (case, spread) in run.cases.iter_mut().zip(&self.spreads) {
            let off = if bad { 0.3 * self.random.uniform() } else { 0.0 };
            let median = 1e-6 * (shared + off + spread * (self.noise)(&mut self.random)).exp();
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
    /// Injected slowdowns of twice the printed smallest effect, and those that were called.
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
}

/// Every pair of consecutive runs of `sequences` sequences, from the pair that `skipped` runs came before.
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

/// The widest makes forty normal runs range over some 50 %, as a pointer chase did (issue 3).
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
