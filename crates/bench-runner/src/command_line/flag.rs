//! The table of flags: the text of `--help`, and the flags that are allowed on the command line and in the
//! environment.

/// The headings of flags in `--help`.
pub(super) const HEADINGS: [&str; 3] = ["Cases", "Measurement", "Reports"];

/// One flag.
#[derive(Debug)]
pub(super) struct Flag {
    /// The name without its dashes.
    pub(super) name: &'static str,
    /// The one letter that means the same; `None` if there is none.
    pub(super) short: Option<char>,
    /// Another name, which `--help` does not show.
    pub(super) alias: Option<&'static str>,
    /// The name of its value; `None` for a switch.
    pub(super) value: Option<&'static str>,
    /// Whether it may be given several times.
    pub(super) repeats: bool,
    /// Whether one value may contain several, separated by commas.
    pub(super) commas: bool,
    /// Whether the next argument is its value even if that begins with a dash.
    pub(super) hyphens: bool,
    /// One of [`HEADINGS`]; `None` for flags that cargo, nextest and editors pass, which are neither shown nor read
    /// from the environment.
    pub(super) heading: Option<&'static str>,
    /// The text in `--help`.
    pub(super) help: &'static str,
}

impl Flag {
    /// Returns the flag with this name or alias; `None` if there is none.
    pub(super) fn named(name: &str) -> Option<&'static Flag> {
        FLAGS.iter().find(|flag| !name.is_empty() && (flag.name == name || flag.alias == Some(name)))
    }

    /// Returns the flag with this letter; `None` if there is none.
    pub(super) fn lettered(letter: char) -> Option<&'static Flag> {
        FLAGS.iter().find(|flag| flag.short == Some(letter))
    }

    /// Returns the environment variables with the same meaning, the one with its name first: `BENCH_MAX_TIME`.
    pub(super) fn variables(&self) -> impl Iterator<Item = String> {
        let names = [Some(self.name), self.alias].into_iter().flatten();
        names
            .filter(|_| self.heading.is_some())
            .map(|name| format!("BENCH_{}", name.to_uppercase().replace('-', "_")))
    }

    /// Returns the flag as it is typed: `--max-time <DURATION>`.
    pub(super) fn usage(&self) -> String {
        match (self.name, self.value, self.short) {
            (name, Some(value), _) if name == FILTERS.name => format!("[{value}]..."),
            ("", Some(value), Some(letter)) => format!("-{letter} <{value}>"),
            (name, Some(value), _) => format!("--{name} <{value}>"),
            (name, None, _) => format!("--{name}"),
        }
    }
}

const fn switch(heading: &'static str, name: &'static str, help: &'static str) -> Flag {
    Flag {
        name,
        short: None,
        alias: None,
        value: None,
        repeats: false,
        commas: false,
        hyphens: false,
        heading: Some(heading),
        help,
    }
}

const fn value(heading: &'static str, name: &'static str, value: &'static str, help: &'static str) -> Flag {
    Flag { value: Some(value), ..switch(heading, name, help) }
}

/// Creates a flag whose value may begin with a dash, so that `-5s` is reported as a wrong value, not as an unknown
/// flag.
const fn signed(heading: &'static str, name: &'static str, of: &'static str, help: &'static str) -> Flag {
    Flag { hyphens: true, ..value(heading, name, of, help) }
}

const fn many(heading: &'static str, name: &'static str, of: &'static str, help: &'static str) -> Flag {
    Flag { repeats: true, ..value(heading, name, of, help) }
}

const fn listed(heading: &'static str, name: &'static str, of: &'static str, help: &'static str) -> Flag {
    Flag { commas: true, ..many(heading, name, of, help) }
}

/// Adds an earlier name, which still works on the command line and in the environment.
const fn also(alias: &'static str, flag: Flag) -> Flag {
    Flag { alias: Some(alias), ..flag }
}

const fn short(letter: char, flag: Flag) -> Flag {
    Flag { short: Some(letter), ..flag }
}

const fn hidden(name: &'static str) -> Flag {
    Flag { heading: None, ..switch("", name, "") }
}

const WHICH: &str = HEADINGS[0];
const HOW: &str = HEADINGS[1];
const REPORTS: &str = HEADINGS[2];

/// The arguments of the command line without a flag.
pub(super) static FILTERS: Flag =
    many(WHICH, "filter", "FILTER", "Only cases whose id contains one of these texts");

/// All flags and the filters, in the order of `--help`.
pub(super) fn all() -> impl Iterator<Item = &'static Flag> {
    FLAGS.iter().chain([&FILTERS])
}

/// All flags, by their headings in the order of `--help`.
static FLAGS: &[Flag] = &[
    listed(WHICH, "category", "CATEGORY", "Only these categories: unit, integration, performance"),
    listed(WHICH, "model", "MODEL", "Only these models"),
    listed(WHICH, "tag", "TAG", "Only cases with one of these tags"),
    switch(WHICH, "exact", "Filters must equal the whole id"),
    switch(WHICH, "regex", "Filters are regular expressions"),
    many(
        WHICH,
        "skip",
        "FILTER",
        "Leave out cases whose id contains this text (with --exact: equals it; with --regex: matches it)",
    ),
    many(WHICH, "args", "NAME=VALUE", "Only cases with these arguments: 'batch=8' or 'batch=8,dtype=f16'"),
    value(
        WHICH,
        "partition",
        "K/N",
        "Only the cases of one part of several, such as 1/4; a stable hash of the id assigns each case to a part",
    ),
    value(
        WHICH,
        "run-id",
        "NAME",
        "Name of the whole run, under which the history joins its parts; give every part the same name [default: from the Slurm job]",
    ),
    switch(WHICH, "ignored", "Only cases marked `ignore`"),
    switch(WHICH, "include-ignored", "Also cases marked `ignore`"),
    switch(WHICH, "list", "List cases instead of running them"),
    value(WHICH, "format", "FORMAT", "How to list: table, terse, json"),
    switch(WHICH, "dry-run", "Print what would be run and how, and run nothing"),
    value(
        HOW,
        "measure",
        "WHAT",
        "What to measure: time, or instructions (counted under valgrind: exact on any machine)",
    ),
    signed(HOW, "warmup", "N", "Iterations of warm-up [default: until times are steady]"),
    also(
        "repeats",
        signed(HOW, "samples", "N", "Samples of a case, over all its rounds [default: until precise enough]"),
    ),
    signed(HOW, "rounds", "N", "Rounds of a case, each in a fresh process [default: until precise enough]"),
    signed(
        HOW,
        "max-time",
        "DURATION",
        "Budget of a case over all its rounds [default: 3s for unit, 10s for others]",
    ),
    signed(HOW, "timeout", "DURATION", "Time after which a case fails, over all its rounds [default: 5m]"),
    signed(
        HOW,
        "target-precision",
        "PCT",
        "A case is done when its median is known to within this, at 95 % confidence [default: 1%]",
    ),
    signed(
        HOW,
        "max-memory",
        "SIZE",
        "Resident memory that a worker may take [default: 90 % of what is available]",
    ),
    listed(HOW, "probes", "NAMES", "Probes to attach, or `none` [default: all that are linked]"),
    signed(HOW, "device", "DEVICE", "Device for benchmarks that ask for one: auto, cpu, cuda:0, metal"),
    signed(
        HOW,
        "gpu",
        "GPUS",
        "GPUs to observe: numbers as in nvidia-smi, UUIDs, or all [default: the GPU of the benchmark's device, otherwise those visible to CUDA]",
    ),
    signed(HOW, "gpu-interval", "DURATION", "Time between two readings of a GPU, from 1ms [default: 50ms]"),
    switch(HOW, "quick", "A quick look: one round of five samples per case, five requests per level"),
    signed(
        HOW,
        "stress",
        "DURATION",
        "Run a stress test of this duration, at rising concurrency, in place of the scenario of each case that serves requests",
    ),
    signed(
        HOW,
        "valid-for",
        "PERCENTILE",
        "Serve requests at each level until there are enough for this percentile: p90, p95, p99, p99.9",
    ),
    value(HOW, "seed", "N", "Seed of the order of rounds [default: the clock]"),
    switch(
        HOW,
        "in-process",
        "Measure in this process, for debuggers and profilers: nothing protects the run from a crash",
    ),
    signed(
        HOW,
        "profile-time",
        "S",
        "Run each case for this long (5 or 5s), for a profiler, and report nothing",
    ),
    value(
        REPORTS,
        "output-dir",
        "DIR",
        "Folder of all runs, relative to the workspace [default: benchmark_results]",
    ),
    value(REPORTS, "save-as", "NAME", "Name for this run, to compare with later"),
    value(
        REPORTS,
        "save-baseline",
        "NAME",
        "The same as --save-as, and keep the executables with the run, for --baseline",
    ),
    switch(
        REPORTS,
        "save-artifacts",
        "Keep files that benchmarks produce (pictures, audio) in the run directory, below artifacts",
    ),
    value(
        REPORTS,
        "compare",
        "RUN",
        "Compare with an earlier run: latest, a name given with --save-as, or a path",
    ),
    value(
        REPORTS,
        "baseline",
        "NAME",
        "Compare live with the executables that --save-baseline has kept: both programs take turns",
    ),
    signed(
        REPORTS,
        "threshold",
        "PCT",
        "The smallest change that matters: `same` lies within it, `slower` beyond it [default: 1%; none for instructions]",
    ),
    value(
        REPORTS,
        "against",
        "REV",
        "Compare live with a git revision: it is built in a separate worktree, and both programs take turns",
    ),
    signed(
        REPORTS,
        "cargo-args",
        "ARGS",
        "With --against: arguments of the `cargo bench` that builds the revision [default: -p and --bench of this program]",
    ),
    value(
        REPORTS,
        "layouts",
        "K",
        "With --against: link each side this many times with its sections in different orders, so that the effect of addresses is not mistaken for a change of the code; use 16",
    ),
    signed(
        REPORTS,
        "fdr",
        "PCT",
        "With --against and --baseline: the expected share of false findings among the verdicts `slower` and \
         `faster` [default: 5%]",
    ),
    signed(
        REPORTS,
        "fail-on-regression",
        "PCT",
        "Exit with 3 if a case is certainly slower by more than this (its whole interval lies beyond it)",
    ),
    switch(REPORTS, "fail-on-targets", "Exit with 3 if a target is certainly missed (by the whole interval)"),
    switch(
        REPORTS,
        "strict",
        "Exit with 4 if a comparison is unsure or, with --fail-on-targets, a target is; exit with 2 if the compared run comes from a different machine or toolchain",
    ),
    short('q', switch(REPORTS, "quiet", "Print failures and comparisons only")),
    short('v', switch(REPORTS, "verbose", "Show what benchmarks print, and report every figure and warning")),
    value(REPORTS, "color", "COLOR", "Colors: auto, always, never"),
    switch(REPORTS, "no-progress", "No progress bar, no progress lines"),
    hidden("by-name"),
    hidden("bench"),
    hidden("test"),
    Flag { alias: Some("no-capture"), ..hidden("nocapture") },
    hidden("show-output"),
    Flag { value: Some("TEST_THREADS"), ..hidden("test-threads") },
    Flag { value: Some("UNSTABLE"), repeats: true, ..short('Z', hidden("")) },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_has_a_name_and_a_place_of_its_own() {
        for (at, flag) in FLAGS.iter().enumerate() {
            assert!(flag.heading.is_none_or(|heading| HEADINGS.contains(&heading)), "{flag:?}");
            assert!(flag.help.is_empty() == flag.heading.is_none(), "{flag:?}");
            for other in &FLAGS[at + 1..] {
                assert_ne!(flag.name, other.name);
                assert!(flag.short.is_none() || flag.short != other.short, "{flag:?} {other:?}");
                assert!(flag.alias.is_none_or(|alias| alias != other.name), "{flag:?} {other:?}");
            }
        }
    }
}
