//! Counts the false verdicts of comparisons of two servers that are equal, on recorded runs of `bench compare URL URL` with
//! many rounds.
//!
//! Each run is cut into comparisons of 5, 10, 20 and 40 pairs of rounds, consecutive ones or ones drawn at random. A
//! figure that is called faster or slower has a false verdict: with the usual threshold of 1 %, and with a threshold of
//! 0, for which 5 % of the comparisons may contain one. With `--with-invalid`, rounds on a machine that was too busy
//! count as well, which a comparison leaves out.
//!
//!     cargo run --release -p bench-judge --example equal_servers -- [--with-invalid] RUN…

use std::path::PathBuf;
use std::process::ExitCode;

use bench_judge::InTurn;
use bench_record::{CaseRecord, Record, THRESHOLD, Verdict, open_sealed};
use bench_stats::seed::{mix, shuffle};

const PAIRS: [usize; 4] = [5, 10, 20, 40];

/// The probability with which any interval of a comparison may miss its true change.
const ERROR_RATE: f64 = 0.05;

#[derive(Clone, Copy, Default)]
struct Count {
    comparisons: usize,
    figures: usize,
    /// Figures with too few valid pairs.
    undecided: usize,
    /// Figures called `same` with the usual threshold.
    same: usize,
    /// Comparisons with a false verdict; below, the figures with one: both with the usual threshold.
    wrong: usize,
    wrong_figures: usize,
    /// Comparisons in which an interval does not contain "no change".
    missed: usize,
}

fn main() -> ExitCode {
    let mut paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let with_invalid = paths.first().is_some_and(|first| first.as_os_str() == "--with-invalid");
    paths.drain(..usize::from(with_invalid));
    if paths.is_empty() {
        eprintln!(
            "usage: equal_servers [--with-invalid] RUN…: folders or `run.json` files of `bench compare URL URL`"
        );
        return ExitCode::from(2);
    }
    let mut runs = Vec::new();
    for path in &paths {
        match open_sealed(path).map_err(|error| error.to_string()).and_then(sides) {
            Ok(sides) if with_invalid => runs.push(sides.map(taken_for_valid)),
            Ok(sides) => runs.push(sides),
            Err(error) => {
                eprintln!("{}: {error}", path.display());
                return ExitCode::from(2);
            }
        }
    }
    let pairs: usize = runs.iter().map(|[base, _]| base.rounds.len()).sum();
    println!("runs: {}, pairs of rounds: {pairs}\n", runs.len());
    println!(
        "| pairs | drawn | comparisons | with a false verdict | with an interval without 0 | figures | false | same | too few \
         valid pairs |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for pairs in PAIRS {
        for is_consecutive in [true, false] {
            let mut count = Count::default();
            for (run, number) in runs.iter().zip(0u64..) {
                observe(run, pairs, is_consecutive, mix(number), &mut count);
            }
            let Count { comparisons, figures, undecided, same, wrong, wrong_figures, missed } = count;
            println!(
                "| {pairs} | {} | {comparisons} | {wrong} | {missed} | {figures} | {wrong_figures} | {same} | {undecided} |",
                if is_consecutive { "consecutive" } else { "at random" },
            );
        }
    }
    ExitCode::SUCCESS
}

/// Returns the cases of the two servers of a run.
fn sides(record: Record) -> Result<[CaseRecord; 2], String> {
    let is = |case: &CaseRecord, side: &str| case.arguments.get("server").is_some_and(|name| name == side);
    let side = |name: &str| {
        let case = record.cases.iter().find(|case| is(case, name));
        case.cloned()
            .ok_or_else(|| format!("expected a case with `server={name}`, as `bench compare URL URL` writes"))
    };
    Ok([side("base")?, side("candidate")?])
}

/// Returns the case as if the client had kept up in each round.
fn taken_for_valid(mut case: CaseRecord) -> CaseRecord {
    let served = case.rounds.iter_mut().filter_map(|round| round.served.as_mut());
    served.flat_map(|served| &mut served.levels).for_each(|level| level.validity.valid = true);
    case
}

/// Cuts a run into comparisons of `pairs` pairs, and counts their verdicts.
fn observe(run: &[CaseRecord; 2], pairs: usize, is_consecutive: bool, seed: u64, count: &mut Count) {
    let rounds = run[0].rounds.len().min(run[1].rounds.len());
    let mut order: Vec<usize> = (0..rounds).collect();
    if !is_consecutive {
        shuffle(&mut order, seed);
    }
    for drawn in order.chunks_exact(pairs) {
        let [base, candidate] = run.each_ref().map(|case| {
            let mut part = case.clone();
            part.rounds = drawn.iter().map(|round| case.rounds[*round].clone()).collect();
            part
        });
        let usual = InTurn::of(&base, &candidate, THRESHOLD, ERROR_RATE);
        let strict = InTurn::of(&base, &candidate, 0.0, ERROR_RATE);
        let decided = |compared: &InTurn| {
            compared.with(Verdict::Faster).count() + compared.with(Verdict::Slower).count()
        };
        count.comparisons += 1;
        count.figures += usual.figures.len();
        count.undecided += usual.figures.iter().filter(|figure| figure.interval.is_none()).count();
        count.same += usual.with(Verdict::Same).count();
        count.wrong_figures += decided(&usual);
        count.wrong += usize::from(decided(&usual) > 0);
        count.missed += usize::from(decided(&strict) > 0);
    }
}
