//! The toolchains that the published series were built with.
//!
//! None of the series contains its toolchain. It is derived from the files of github-action-benchmark's repository at
//! each commit, and from the dates on which the tools of its runners were replaced. Runs before and after such a date
//! are separate series, as in a history with several toolchains. If a tool was replaced over some weeks, the runs of
//! these weeks are separate, too.

use std::time::{Duration, SystemTime};

/// The dates at which `ubuntu-latest` changed: 20.04 from 2020-11-30 to 2021-03-23 (ruby/setup-ruby#163), 22.04 from
/// 2022-10-01 to 2022-12-01 (actions/runner-images#6399), 24.04 from 2024-09-23 to 2025-01-17
/// (actions/runner-images#10636).
const RUNNERS: [&str; 6] =
    ["2020-11-30", "2021-03-23", "2022-10-01", "2022-12-01", "2024-09-23", "2025-01-17"];

/// The first and the last day on which suites named a version of Ubuntu (`runs-on` in their workflows).
const PINNED: (&str, &str) = ("2022-12-12", "2025-05-19");
const PINNED_SUITES: [&str; 3] = ["C++ Benchmark", "Catch2 Benchmark", "Catch2 Benchmark (v3)"];

/// The days on which a suite's own files changed: its sources, build files and the tools that its workflow asks for.
/// Go has asked for `stable` since 2023-07-07; the releases from then on are 1.21 to 1.26 (go.dev/doc/devel/release).
const CHANGED: [(&str, &[&str]); 7] = [
    ("Benchmark.js Benchmark", &["2021-12-03", "2024-01-24", "2026-03-26"]),
    ("C++ Benchmark", &["2020-02-23", "2022-12-12", "2025-05-19"]),
    ("Catch2 Benchmark", &["2022-12-12", "2024-05-19", "2025-05-19"]),
    ("Catch2 Benchmark (v3)", &["2025-05-19"]),
    (
        "Go Benchmark",
        &["2023-07-07", "2023-08-08", "2024-02-06", "2024-08-13", "2025-02-11", "2025-08-12", "2026-02-10"],
    ),
    ("Julia benchmark result", &["2024-01-24"]),
    ("Python Benchmark with pytest-benchmark", &["2021-10-02", "2021-10-28", "2026-03-26"]),
];

/// Suites that use the newest Rust of a channel: there is a new version every sixth Thursday, counted from the date
/// below (blog.rust-lang.org).
const RUST_SUITES: [&str; 3] = ["Rust Benchmark", "Criterion.rs Benchmark", GIT_PERF];
const RUST_1_0: &str = "2015-05-14";
const RUST_CYCLE: Duration = Duration::from_secs(42 * 24 * 3600);

/// The first word in the names of git-perf's suites, which name a version of Ubuntu.
pub(crate) const GIT_PERF: &str = "git-perf";

/// Returns the property that distinguishes the builds of a suite: the numbers of replacements up to `time`, which is in
/// RFC 3339. `None` if `time` is not a time.
pub(crate) fn build(suite: &str, time: &str) -> Option<[usize; 3]> {
    let time = humantime::parse_rfc3339(time).ok()?;
    let by_then =
        |days: &[&str]| days.iter().filter(|day| midnight(day).is_some_and(|day| day <= time)).count();
    let git_perf = suite.starts_with(GIT_PERF);
    let pinned = PINNED_SUITES.contains(&suite) && by_then(&[PINNED.0]) == 1 && by_then(&[PINNED.1]) == 0;
    let changed = CHANGED.iter().find(|(name, _)| *name == suite).map_or(0, |(_, days)| by_then(days));
    let rust = RUST_SUITES.iter().any(|name| suite.starts_with(name));
    let cycle = time.duration_since(midnight(RUST_1_0)?).ok()?.as_secs() / RUST_CYCLE.as_secs();
    Some([
        if git_perf || pinned { usize::MAX } else { by_then(&RUNNERS) },
        changed,
        if rust { cycle as usize } else { 0 },
    ])
}

fn midnight(day: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(&format!("{day}T00:00:00Z")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_apart_where_something_was_replaced() {
        let apart = |suite: &str, a: &str, b: &str| build(suite, a) != build(suite, b);
        let (before, after) = ("2025-05-18T12:00:00Z", "2025-05-19T12:00:00Z");
        assert!(apart("C++ Benchmark", before, after), "from 20.04 to the latest");
        assert!(!apart("Benchmark.Net Benchmark", before, after));
        assert!(apart("Go Benchmark", "2025-02-10T00:00:00Z", "2025-02-12T00:00:00Z"), "1.24");
        assert!(apart("Benchmark.Net Benchmark", "2024-09-01T00:00:00Z", "2025-02-01T00:00:00Z"), "24.04");
        assert!(!apart("C++ Benchmark", "2024-09-01T00:00:00Z", "2025-02-01T00:00:00Z"), "20.04 throughout");
        assert!(apart("git-perf rust=beta", "2025-09-01T00:00:00Z", "2025-11-01T00:00:00Z"));
        assert_eq!(build("Go Benchmark", "yesterday"), None);
    }
}
