//! Prints similar facts in one line: skipped cases by their reason, warnings by their kind, probes that were
//! unavailable.

use std::fmt::Write;

use bench_judge::Summarize;
use bench_record::{CaseRecord, ProbeState, Record, Status};
use bench_report::{CaseRows, Folded, View, together};
use bench_syntax::text::{first_line, one_line};

/// The maximum number of kinds of warnings that are printed; the others are counted.
const KINDS: usize = 10;

/// Groups cases by a key, in the order in which the keys first occur.
fn by<'a, T: PartialEq>(cases: impl Iterator<Item = (T, &'a CaseRecord)>) -> Vec<(T, Vec<&'a CaseRecord>)> {
    let mut grouped: Vec<(T, Vec<&'a CaseRecord>)> = Vec::new();
    for (key, case) in cases {
        match grouped.iter_mut().find(|(known, _)| *known == key) {
            Some((_, of_key)) => of_key.push(case),
            None => grouped.push((key, vec![case])),
        }
    }
    grouped
}

fn who(cases: &[&CaseRecord]) -> String {
    together(cases.iter().map(|case| (case.id.as_str(), case.model.as_deref(), case.category)))
}

/// Lists the cases that were not measured, grouped by the reason.
pub(super) fn skipped(record: &Record, view: &View) -> String {
    let reason = |case: &CaseRecord| match case.status {
        Status::Skipped => Some(first_line(case.skip_reason.as_deref().unwrap_or_default())),
        Status::NotRun => Some("not run: interrupted".to_owned()),
        Status::Ok | Status::Failed => None,
    };
    let grouped = by(record.cases.iter().filter_map(|case| Some((reason(case)?, case))));
    if grouped.is_empty() {
        return String::new();
    }
    let count: usize = grouped.iter().map(|(_, cases)| cases.len()).sum();
    let mut out = format!("\n{}\n", view.style.bold(&format!("{count} skipped")));
    for (reason, cases) in grouped {
        let line = format!("{:>4} {}: {reason}", cases.len(), who(&cases));
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", view.wrap(&line, 5));
    }
    out
}

/// Lists the warnings of the run as a whole, then those of its cases, grouped by kind.
pub(super) fn warnings(record: &Record, view: &View) -> String {
    let measured = record.cases.iter().filter(|case| case.time.is_some());
    let rows = CaseRows::of(measured.map(|case| (case.id.as_str(), case.model.as_deref(), case.category)));
    let notices = record.cases.iter().flat_map(|case| {
        let id = rows.short_id(&case.id, case.model.as_deref(), case.category);
        case.notices().into_iter().map(move |notice| (id.clone(), notice))
    });
    let folded = Folded::all(notices);
    // Warnings about the machine are printed above the table.
    let machine = record.environment.machine_warnings();
    let of_run: Vec<&String> = record.warnings.iter().filter(|warning| !machine.contains(warning)).collect();
    if folded.is_empty() && of_run.is_empty() {
        return String::new();
    }
    let all = format!("all of them, and every figure: {}", whole(record));
    let mut out = format!("\n{}", view.heading("warnings", &all));
    // Writing to a String cannot fail.
    for warning in of_run {
        let _ = writeln!(out, "{}", view.wrap(&format!("  {}", one_line(warning)), 4));
    }
    let left = folded.len().saturating_sub(KINDS);
    for kind in folded.iter().take(KINDS) {
        let _ = writeln!(out, "{}", view.wrap(&format!("  {}", kind.line("cases")), 4));
    }
    if left > 0 {
        let _ = writeln!(out, "  {left} more kinds of warnings");
    }
    out
}

/// Returns the command or flag that prints the whole report.
fn whole(record: &Record) -> String {
    match one_line(&record.run) {
        run if run.is_empty() => "--verbose".to_owned(),
        run => format!("bench show {run} --verbose"),
    }
}

/// Lists the probes that were unavailable, each with the reason.
pub(super) fn unavailable(record: &Record, view: &View) -> String {
    let reason = |state: &ProbeState| {
        state
            .unavailable
            .as_ref()
            .map(|reason| format!("{} ({})", one_line(&state.probe), first_line(reason)))
    };
    let reasons: Vec<String> = record.environment.probes.iter().filter_map(reason).collect();
    if reasons.is_empty() {
        return String::new();
    }
    let line = view.wrap(&format!("not observed: {}", reasons.join(", ")), 2);
    format!("{}\n", view.style.faint(&line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_judge::testing::record;
    use bench_report::Detail;
    use bench_syntax::quantity::Seconds;

    #[test]
    fn the_same_reason_is_said_once() {
        let mut record = record(vec![
            ("unit/a", vec![100; 8]),
            ("unit/b[n=1]", vec![]),
            ("unit/b[n=2]", vec![]),
            ("unit/c", vec![]),
        ]);
        for case in &mut record.cases[1..] {
            case.status = Status::Skipped;
            case.skip_reason = Some("no weights".to_owned());
        }
        record.cases[3].skip_reason = Some("no\nvoice".to_owned());
        assert_eq!(
            skipped(&record, &View::plain(80, Detail::Short)),
            "\n3 skipped\n   2 unit/b[…]: no weights\n   1 unit/c: no …\n"
        );
    }

    #[test]
    fn warnings_of_one_kind_have_one_line() {
        let mut record =
            record(vec![("unit/a", vec![100; 8]), ("unit/b", vec![100; 8]), ("unit/c", vec![100; 8])]);
        record.warnings = vec!["the machine was busy".to_owned()];
        for (case, disturbed) in record.cases.iter_mut().zip([3, 4]) {
            for round in &mut case.rounds[..disturbed] {
                round.disturbed = Some("a reason".to_owned());
            }
            case.update();
        }
        record.cases[2].warnings = vec!["another program said this of 3 ms".to_owned()];
        assert_eq!(
            warnings(&record, &View::plain(100, Detail::Short)),
            "\nwarnings  all of them, and every figure: bench show run --verbose\n  the machine was busy\n  \
             2 cases, such as b: disturbed rounds count (38 to 50 %)\n  \
             c: another program said this of 3 ms\n"
        );
    }

    #[test]
    fn probes_that_saw_nothing_share_a_line() {
        let mut record = record(vec![("unit/a", vec![100; 8])]);
        let view = View::plain(100, Detail::Short);
        assert_eq!(unavailable(&record, &view), "");
        let state = |probe: &str, reason: Option<&str>| {
            let reason = reason.map(str::to_owned);
            ProbeState::new(probe, reason, Seconds(0.0))
        };
        record.environment.probes =
            vec![state("gpu", Some("no driver")), state("memory", None), state("counters", Some("hidden"))];
        assert_eq!(unavailable(&record, &view), "not observed: gpu (no driver), counters (hidden)\n");
        let narrow = View::plain(40, Detail::Short);
        assert_eq!(unavailable(&record, &narrow), "not observed: gpu (no driver), counters\n  (hidden)\n");
    }
}
