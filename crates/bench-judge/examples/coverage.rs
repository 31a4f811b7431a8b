//! Checks how often the interval of a case with few rounds contains its true median, on recorded runs of many rounds.
//!
//! From each run, suites of 1, 2, 3, 5 and 10 rounds per case are taken: the same rounds of every case, drawn at random
//! or consecutive. Their intervals are computed as in a run of that many rounds, and compared with the median of all
//! other rounds of the case. In suites for a single round, every other case has three rounds and is not counted,
//! because single rounds do not show how much rounds differ. Used by `benchmarks/measure coverage`.
//!
//!     cargo run --release -p bench-judge --example coverage -- RUN…

use std::path::PathBuf;
use std::process::ExitCode;

use bench_judge::{Summarize, moderate};
use bench_record::{CaseRecord, RoundRecord, Status, open_sealed};
use bench_stats as stats;
use bench_stats::seed::{mix, shuffle};

const ROUNDS: [usize; 5] = [1, 2, 3, 5, 10];

/// Rounds of each case that is not counted, in suites for a single round.
const COMPANY: usize = 3;

/// Suites drawn from each run, for each number of rounds.
const DRAWS: u64 = 200;

/// Rounds that a case must have, so that the median of those left over is far better known than that of those drawn.
const FEWEST: usize = 30;

#[derive(Clone, Copy, Default)]
struct Count {
    cases: usize,
    with_interval: usize,
    covered: usize,
    /// The sum of the shares in which an exact interval would contain the reference.
    expected: f64,
    /// The sum of relative half-widths.
    widths: f64,
}

fn main() -> ExitCode {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() {
        eprintln!(
            "usage: coverage RUN…: folders or `run.json` files of runs with at least {FEWEST} rounds per case"
        );
        return ExitCode::from(2);
    }
    let mut suites = Vec::new();
    for path in &paths {
        match open_sealed(path) {
            Ok(record) => suites.push(of_many_rounds(record.cases)),
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::from(2);
            }
        }
    }
    println!("cases: {}, runs: {}\n", suites.iter().map(Vec::len).sum::<usize>(), suites.len());
    println!(
        "| rounds | drawn | intervals | contain the median of the other rounds | exact ones would | half-width on average |"
    );
    println!("|---|---|---|---|---|---|");
    for rounds in ROUNDS {
        for is_consecutive in [false, true] {
            let mut count = Count::default();
            for (cases, run) in suites.iter().zip(0u64..) {
                for draw in 0..DRAWS {
                    observe(cases, rounds, is_consecutive, mix(mix(run) ^ draw), &mut count);
                }
            }
            let Count { cases, with_interval, covered, expected, widths } = count;
            let percent = |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
            println!(
                "| {rounds} | {} | {:.1} % | {:.1} % | {:.1} % | {:.1} % |",
                if is_consecutive { "consecutive" } else { "at random" },
                percent(with_interval, cases),
                percent(covered, with_interval),
                100.0 * expected / with_interval.max(1) as f64,
                100.0 * widths / with_interval.max(1) as f64,
            );
        }
    }
    ExitCode::SUCCESS
}

/// Returns the timed cases with at least [`FEWEST`] rounds.
fn of_many_rounds(cases: Vec<CaseRecord>) -> Vec<CaseRecord> {
    let is_timed = |case: &CaseRecord| {
        case.status == Status::Ok
            && case.rounds.len() >= FEWEST
            && case.rounds.iter().all(|round| round.median_s().is_some())
    };
    cases.into_iter().filter(is_timed).collect()
}

/// Draws one suite, and counts its intervals.
fn observe(cases: &[CaseRecord], rounds: usize, is_consecutive: bool, chance: u64, count: &mut Count) {
    let Some(least) = cases.iter().map(|case| case.rounds.len()).min() else { return };
    let mut order: Vec<usize> = (0..least).collect();
    if is_consecutive {
        order.rotate_left((chance % least as u64) as usize);
    } else {
        shuffle(&mut order, chance);
    }
    // Each case is counted in half of the draws.
    let is_company = |number: usize| rounds == 1 && chance.wrapping_add(number as u64).is_multiple_of(2);
    let (drawn, others) = order.split_at(rounds.max(COMPANY));
    let mut suite: Vec<CaseRecord> = cases
        .iter()
        .enumerate()
        .map(|(number, case)| of(case, if is_company(number) { drawn } else { &drawn[..rounds] }))
        .collect();
    moderate(&mut suite);
    for (number, (few, case)) in suite.iter().zip(cases).enumerate() {
        if is_company(number) {
            continue;
        }
        let rest: Vec<&RoundRecord> = others.iter().map(|round| &case.rounds[*round]).collect();
        let sound: Vec<&RoundRecord> =
            rest.iter().copied().filter(|round| round.disturbed.is_none()).collect();
        // If most rounds of a case are disturbed, all of them count, as in a run.
        let rest = if 2 * sound.len() >= rest.len() { sound } else { rest };
        let medians: Vec<f64> = rest.into_iter().filter_map(RoundRecord::median_s).collect();
        let exact = exact_share(rounds, medians.len());
        let (Some(time), Some(truth)) = (&few.time, stats::median(&stats::sorted(&medians))) else {
            continue;
        };
        count.cases += 1;
        let Some(interval) = time.moderated_s.or(time.interval_s) else { continue };
        count.with_interval += 1;
        count.covered += usize::from(interval.low <= truth && truth <= interval.high);
        count.expected += exact;
        count.widths += interval.relative_half_width(time.median_s.0);
    }
}

/// Returns how often an exact 95 % interval of `rounds` contains the median of `others`, which is itself known with an
/// error: the difference of both medians varies by √(1 + rounds/others) times as much as the median of the rounds alone
/// (normal approximation).
fn exact_share(rounds: usize, others: usize) -> f64 {
    let wider = (1.0 + rounds as f64 / others as f64).sqrt();
    let end = stats::normal_quantile(0.975) / wider;
    let (mut low, mut high) = (0.5, 0.975);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if stats::normal_quantile(middle) < end {
            low = middle;
        } else {
            high = middle;
        }
    }
    2.0 * low - 1.0
}

/// Returns the case with only these of its rounds.
fn of(case: &CaseRecord, rounds: &[usize]) -> CaseRecord {
    let mut some = CaseRecord::blank(&case.id, case.category);
    some.rounds = rounds.iter().map(|round| case.rounds[*round].clone()).collect();
    some.update();
    some
}
