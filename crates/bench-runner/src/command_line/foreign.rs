//! Flags of criterion, divan, libtest and cargo that people type out of habit, and what to use instead.

/// A flag of another tool.
#[derive(Debug)]
pub(super) struct Foreign {
    /// The names as they are typed: `--sample-size`, `-n`.
    names: &'static [&'static str],
    /// The tools that have it.
    pub(super) tool: &'static str,
    /// The flag to use instead.
    pub(super) instead: &'static str,
}

impl Foreign {
    /// Returns the flag of another tool in `argument`, whose value may follow after `=`; `None` if it is not known.
    pub(super) fn named(argument: &str) -> Option<&'static Foreign> {
        let name = argument.split('=').next().unwrap_or(argument);
        FOREIGN.iter().find(|flag| flag.names.contains(&name))
    }
}

const fn of(tool: &'static str, names: &'static [&'static str], instead: &'static str) -> Foreign {
    Foreign { names, tool, instead }
}

const BEFORE: &str = "arguments for cargo go before '--': 'cargo bench --features simd -- --max-time 1s'";
const COUNTERS: &str = "set what an iteration counts in the benchmark: 'b.items(8)', 'b.bytes(4096)'";
const PICTURES: &str =
    "leave it out: no plot is drawn unless a benchmark or 'bench compare' has something to draw";

static FOREIGN: &[Foreign] = &[
    of(
        "criterion",
        &["--measurement-time"],
        "'--max-time 5s' bounds the time of a case; it ends earlier once '--target-precision' is reached",
    ),
    of(
        "criterion",
        &["--warm-up-time"],
        "'--warmup 10' sets the iterations of warm-up; without it, a case warms up until its times are steady",
    ),
    of(
        "criterion and divan",
        &["--sample-size"],
        "'--samples 50' sets the number of samples of a case; the number of iterations per sample is chosen \
         automatically",
    ),
    of(
        "criterion",
        &["-s"],
        "'--save-baseline NAME' names a run and keeps its executables, '--baseline NAME' compares with them",
    ),
    of(
        "criterion",
        &["-b", "--baseline-lenient"],
        "'--baseline NAME' compares with the executables that '--save-baseline NAME' has kept, '--against REV' with a \
         git revision, '--compare latest' with the figures of the run before",
    ),
    of(
        "criterion",
        &["--load-baseline"],
        "'bench compare OLD NEW' compares two existing runs, and measures nothing",
    ),
    of(
        "criterion",
        &["--discard-baseline"],
        "leave it out: a run is compared only if '--compare' or '--against' asks for it",
    ),
    of("criterion", &["--noplot", "-n", "--plotting-backend"], PICTURES),
    of(
        "criterion",
        &["--nresamples"],
        "leave it out: intervals between processes do not come from resampling",
    ),
    of(
        "criterion",
        &["--noise-threshold"],
        "'--threshold 2%' sets the change below which two times are the same",
    ),
    of(
        "criterion",
        &["--confidence-level"],
        "leave it out: intervals have 95 % confidence; '--target-precision 1%' sets how narrow they should become",
    ),
    of(
        "criterion",
        &["--significance-level"],
        "'--fdr 5%' limits the false verdicts of '--against REV'; other comparisons use intervals of 95 %",
    ),
    of(
        "criterion",
        &["--output-format"],
        "'--format json' lists cases; every run writes run.json and summary.csv; 'bench export' writes other formats",
    ),
    of("criterion", &["--colour", "-c"], "'--color auto', '--color always' or '--color never'"),
    of(
        "divan",
        &["--sample-count"],
        "'--samples 100' sets the number of samples of a case, over all its rounds",
    ),
    of(
        "divan",
        &["--min-time"],
        "'--max-time 5s' bounds the time of a case, '--target-precision 0.5%' makes it use more of it",
    ),
    of("divan", &["--sort", "--sortr"], "leave it out: cases are sorted by their ids, with numbers by value"),
    of("divan", &["--timer"], "leave it out: time is read from the monotonic clock of the system"),
    of(
        "divan",
        &["--threads"],
        "the benchmark itself starts threads: give it an argument, 'args(threads = [1, 4])'",
    ),
    of("divan", &["--skip-ext-time"], "'b.iter_batched(setup, routine)' leaves the time of the setup out"),
    of(
        "divan",
        &["--items-count", "--bytes-count", "--chars-count", "--cycles-count", "--bytes-format"],
        COUNTERS,
    ),
    of("libtest", &["--logfile"], "each run is written to its own folder; '--output-dir DIR' says where"),
    of("libtest", &["--report-time", "--ensure-time"], "leave it out: times are always reported"),
    of(
        "libtest",
        &["--shuffle", "--shuffle-seed"],
        "leave it out: rounds of all cases are always interleaved in random order; '--seed N' repeats an order",
    ),
    of("libtest", &["--force-run-in-process"], "'--in-process' measures in this process"),
    of("libtest", &["--exclude-should-panic"], "leave it out: a benchmark that panics has failed"),
    of("criterion and libtest", &["--version", "-V"], "'bench --version' prints the version of the command"),
    of(
        "cargo",
        &[
            "--features",
            "-F",
            "--all-features",
            "--no-default-features",
            "--package",
            "-p",
            "--workspace",
            "--all",
            "--all-targets",
            "--benches",
            "--release",
            "--profile",
            "--target",
            "--target-dir",
            "--manifest-path",
            "--jobs",
            "-j",
            "--no-run",
            "--no-fail-fast",
            "--locked",
            "--offline",
        ],
        BEFORE,
    ),
];

#[cfg(test)]
mod tests {
    use super::super::flag::Flag;
    use super::*;

    #[test]
    fn no_flag_of_another_tool_is_one_of_ours() {
        let mut seen: Vec<&str> = Vec::new();
        for name in FOREIGN.iter().flat_map(|flag| flag.names) {
            assert!(!seen.contains(name), "{name} stands twice");
            seen.push(name);
            match name.strip_prefix("--") {
                Some(long) => assert!(Flag::named(long).is_none(), "{name}"),
                None => assert!(name.chars().nth(1).and_then(Flag::lettered).is_none(), "{name}"),
            }
        }
    }

    #[test]
    fn every_flag_that_an_answer_names_exists() {
        for flag in FOREIGN.iter().filter(|flag| flag.tool != "cargo") {
            for word in flag.instead.split([' ', '\'']).filter_map(|word| word.strip_prefix("--")) {
                assert!(word == "version" || Flag::named(word).is_some(), "{word} in {flag:?}");
            }
        }
    }
}
