//! The first lines: the result of the run, the machine, and how quiet it was.

use std::fmt::Write;

use bench_record::{Record, State};
use bench_report::View;
use bench_syntax::text::printable;

/// The maximum number of checks of the machine that are named; the others are counted.
const NAMED: usize = 3;

/// The number of digits of a commit that are shown.
const COMMIT: usize = 7;

/// Returns the number of measured cases, the time that the run took, the commit, the compiler and the machine.
pub(super) fn render(record: &Record, view: &View) -> String {
    let counts = counts(record);
    let failed = record.summary.failed_runs > 0;
    let counts = if failed { view.style.bad(&counts) } else { view.style.bold(&counts) };
    let about = about(record);
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{counts}");
    if !about.is_empty() {
        let _ = writeln!(out, "{}", view.style.faint(&view.wrap(&about.join(" · "), 2)));
    }
    if let Some(machine) = machine(record) {
        let _ = writeln!(out, "{}", view.style.doubtful(&view.wrap(&machine, 2)));
    }
    out
}

/// Returns the counts of a run: `54 of 91 benchmarks measured, 1 failed, 36 skipped`.
pub(super) fn counts(record: &Record) -> String {
    let summary = record.summary;
    let mut line = format!("{} of {} benchmarks measured", summary.successful_runs, summary.total_benchmarks);
    for (count, what) in [(summary.failed_runs, "failed"), (summary.skipped_runs, "skipped")] {
        if count > 0 {
            // Writing to a String cannot fail.
            let _ = write!(line, ", {count} {what}");
        }
    }
    line
}

fn about(record: &Record) -> Vec<String> {
    let environment = &record.environment;
    let commit = environment.commit.as_ref().map(|commit| {
        let dirty = if environment.dirty == Some(true) { " with changes" } else { "" };
        format!("{}{dirty}", commit.chars().take(COMMIT).collect::<String>())
    });
    // `rustc 1.95.0 (f2d3ce0bd 2026-03-21)`: the part in brackets follows from the version.
    let toolchain = environment.toolchain.split(" (").next().unwrap_or_default().to_owned();
    let machine = [
        environment.cpu.clone(),
        environment.cores.map(|cores| format!("{cores} cores")),
        environment.memory_bytes.map(|bytes| bytes.to_string()),
    ];
    let machine = machine.into_iter().flatten().collect::<Vec<_>>().join(", ");
    [record.elapsed_s().map(elapsed), commit, Some(toolchain), Some(machine)]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .map(|part| printable(&part))
        .collect()
}

fn elapsed(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Returns a line that names the checks of the machine that warn; `None` if none does.
fn machine(record: &Record) -> Option<String> {
    let warned: Vec<String> = record
        .environment
        .quietness
        .iter()
        .filter(|check| check.state == State::Warn)
        .map(|check| printable(&format!("{} {}", check.name, check.value)))
        .collect();
    let (named, others) = warned.split_at(warned.len().min(NAMED));
    let others = if others.is_empty() { String::new() } else { format!(" · {} more", others.len()) };
    (!named.is_empty()).then(|| format!("noisy machine: {}{others}  → bench doctor", named.join(" · ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_judge::testing::record;
    use bench_record::Check;
    use bench_report::Detail;

    #[test]
    fn the_first_lines_say_what_and_where() {
        let mut record = record(vec![("unit/x", vec![100; 8])]);
        record.timestamp = "2026-11-28T12:42:15Z".to_owned();
        record.sealed = "2026-11-28T12:44:56Z".to_owned();
        record.environment.commit = Some("9aa1b2f00112233".to_owned());
        record.environment.dirty = Some(true);
        record.environment.toolchain = "rustc 1.95.0 (f2d3ce0bd 2026-03-21)".to_owned();
        record.environment.cpu = Some("AMD EPYC".to_owned());
        record.environment.cores = Some(2);
        record.environment.memory_bytes = None;
        let names = ["load", "steal", "turbo", "ASLR"];
        record.environment.quietness = names.map(|name| Check::new(name, State::Warn, "3.3")).into();
        assert_eq!(
            render(&record, &View::plain(80, Detail::Short)),
            "1 of 1 benchmarks measured\n\
             2 min 41 s · 9aa1b2f with changes · rustc 1.95.0 · AMD EPYC, 2 cores\n\
             noisy machine: load 3.3 · steal 3.3 · turbo 3.3 · 1 more  → bench doctor\n"
        );
    }

    #[test]
    fn durations_have_two_units_at_most() {
        assert_eq!([elapsed(9), elapsed(61), elapsed(7265)], ["9 s", "1 min 1 s", "2 h 1 min"]);
    }
}
