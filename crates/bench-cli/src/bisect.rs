//! `bench bisect`.

use bench_report::tell;
use std::time::Duration;

use bench_compare as paired;
use bench_compare::{Checkout, Commit, Progress, Rules, Side};
use bench_judge::comparison::Compared;
use bench_record::{RunError, RunState, Verdict, exit};
use bench_runner::program::ListLimits;
use bench_runner::selection::{Ignored, Pattern, Selection};
use bench_stats::Interval;
use bench_syntax::UsageError;
use bench_syntax::text::printable;
use serde::Serialize;

use crate::arguments::Bisect;
use crate::decision::{changed, short};
use crate::report;
use crate::search::{Search, Speed};

/// The factors by which the time of an undecided comparison is multiplied, one attempt after the other.
const PATIENCE: [u32; 3] = [1, 4, 16];

/// The result of a search.
#[derive(Serialize)]
struct Found<'a> {
    case: &'a str,
    good: &'a str,
    bad: &'a str,
    /// The share by which the bad commit is slower.
    change: Option<f64>,
    /// The interval of `change`.
    interval: Option<Interval>,
    /// The commits among which the slower one is, oldest first; only that commit if it is known.
    suspects: Vec<Suspect<'a>>,
}

#[derive(Serialize)]
struct Suspect<'a> {
    #[serde(flatten)]
    commit: &'a Commit,
    /// The reason why it is not known whether the commit is slow; `None` if that is known.
    untold: Option<&'a str>,
}

/// Finds the commit that made a case slower.
pub(crate) fn run(arguments: &Bisect) -> Result<u8, RunError> {
    let rules = arguments.how.rules(None)?;
    let checkout: Checkout = arguments.build.checkout()?.with_layouts(usize::from(arguments.layouts));
    let commit = |name: &str| {
        checkout.commit(name).ok_or_else(|| UsageError(format!("`{name}` is not a git revision here")))
    };
    let (good, bad) = (commit(&arguments.good)?, commit(&arguments.bad)?);
    let commits = checkout.commits(&good, &bad)?;
    let bench = Bench { checkout, case: &arguments.case, quiet: arguments.quiet };
    let base = bench.side(&good)?;
    if arguments.layouts > 1 && base.programs().iter().any(|opened| opened.program.layouts().is_empty()) {
        return Err(UsageError(format!(
            "`--layouts` needs Rust code that cargo builds, but {} also has other benchmarks: leave `--layouts` out",
            short(&good)
        ))
        .into());
    }
    let whole = bench.compare(&base, &bench.side(&bad)?, &rules)?;
    let told = told(&whole);
    tell(&format!("{} against {}: {told}", short(&bad), short(&good)));
    let change = match (whole.verdict, whole.change) {
        (Verdict::Slower, Some(change)) => change,
        (Verdict::Failed, _) => return Ok(exit::FAILED),
        (Verdict::Unsure, _) => {
            tell(
                "too little is known about the slowdown to look for its commit: give it more time (--max-time)",
            );
            return Ok(exit::UNSURE);
        }
        _ => {
            let message = format!("{} is not slower than {}: {told}", arguments.bad, arguments.good);
            return Err(UsageError(message).into());
        }
    };
    let mut search = Search::among(commits.len());
    // Half of the change, as a ratio: a commit that is nearer to the bad one than to the good one is slow.
    let rules = Rules { threshold: (change.ln_1p() / 2.0).exp_m1(), threshold_is_asked: true, ..rules };
    while let Some(next) = search.next() {
        let commit = &commits[next];
        let speed = bench.speed(&base, commit, &rules)?;
        search.tell(next, speed);
        let left = search.suspects().len();
        tell(&format!("{left} {} left", if left == 1 { "commit" } else { "commits" }));
    }
    let suspects = search.suspects();
    let found = Found {
        case: &arguments.case,
        good: &good,
        bad: &bad,
        change: whole.change,
        interval: whole.interval,
        suspects: suspects
            .map(|number| Suspect { commit: &commits[number], untold: search.reason(number) })
            .collect(),
    };
    let code = if found.suspects.len() == 1 { exit::OK } else { exit::UNSURE };
    report::print_or_write(arguments.json.as_deref(), &found, || render(&found, &told))?;
    Ok(code)
}

/// One case at many commits.
struct Bench<'a> {
    checkout: Checkout,
    case: &'a str,
    quiet: bool,
}

impl Bench<'_> {
    fn side(&self, commit: &str) -> Result<Side, RunError> {
        Side::open_built(short(commit), self.checkout.build_revision(commit)?, &ListLimits::default())
    }

    /// Compares the two sides, and repeats the comparison for longer while the result is unsure.
    fn compare(&self, base: &Side, candidate: &Side, rules: &Rules) -> Result<Compared, RunError> {
        let selection = Selection {
            patterns: vec![Pattern::Exact(self.case.to_owned())],
            ignored: Ignored::Include,
            ..Selection::default()
        };
        let mut last = None;
        for times in PATIENCE {
            let max_time: Duration = rules.max_time.saturating_mul(times);
            let rules = Rules { max_time, seed: rules.seed.wrapping_add(u64::from(times)), ..rules.clone() };
            let mut progress = Progress::new(self.quiet);
            let comparison = paired::compare(base, candidate, &selection, &rules, &mut progress)?;
            if comparison.state == RunState::Interrupted {
                return Err(RunError::Interrupted);
            }
            let compared = comparison.compared().next().cloned();
            let unsure = compared.as_ref().is_some_and(|compared| compared.verdict == Verdict::Unsure);
            last = compared;
            if !unsure {
                break;
            }
        }
        last.ok_or_else(|| RunError::NoMatch(format!("`{}` cannot run here", self.case)))
    }

    /// Returns whether the case is slow at a commit; `Speed::Unknown` if the commit cannot be built or measured, or
    /// remains unsure.
    fn speed(&self, base: &Side, commit: &Commit, rules: &Rules) -> Result<Speed, RunError> {
        let compared = self.side(&commit.hash).and_then(|candidate| self.compare(base, &candidate, rules));
        let (speed, told) = match compared {
            Ok(compared) => {
                let told = told(&compared);
                let speed = match compared.verdict {
                    Verdict::Slower => Speed::Slow,
                    Verdict::Same | Verdict::Faster => Speed::Fast,
                    _ => Speed::Unknown(told.clone()),
                };
                (speed, told)
            }
            Err(error @ (RunError::Interrupted | RunError::Io { .. } | RunError::Spawn { .. })) => {
                return Err(error);
            }
            Err(error) => (Speed::Unknown(first_line(&error)), first_line(&error)),
        };
        let word = match speed {
            Speed::Fast => "fast",
            Speed::Slow => "slow",
            Speed::Unknown(_) => "passed over",
        };
        tell(&format!("{} {}: {word} ({told})", short(&commit.hash), printable(&commit.subject)));
        Ok(speed)
    }
}

fn first_line(error: &RunError) -> String {
    error.to_string().lines().next().map(printable).unwrap_or_default()
}

/// Returns the result of a comparison in words.
fn told(compared: &Compared) -> String {
    let reason =
        compared.reason.as_ref().map(|reason| format!(": {}", printable(reason))).unwrap_or_default();
    format!("{}{}{reason}", compared.verdict, changed(compared))
}

fn render(found: &Found<'_>, told: &str) -> String {
    let line = |suspect: &Suspect<'_>| {
        let Commit { hash, author, date, subject } = suspect.commit;
        let why = suspect.untold.map(|reason| format!(" [{reason}]")).unwrap_or_default();
        printable(&format!("  {} {date} {author}: {subject}{why}", short(hash))) + "\n"
    };
    let commits: String = found.suspects.iter().map(line).collect();
    let case = printable(found.case);
    let (good, bad) = (short(found.good), short(found.bad));
    if found.suspects.len() == 1 {
        format!("{case} became slower with\n{commits}{bad} against {good}: {told}\n")
    } else {
        format!(
            "{case} became slower with one of these {}; which one could not be decided\n{commits}{bad} against \
             {good}: {told}\n",
            found.suspects.len()
        )
    }
}
