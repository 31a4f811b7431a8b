//! Folds similar lines into one each: skipped cases by their reason, warnings by their text.

use std::fmt::Write;

use bench_judge::Summarize;
use bench_record::{CaseRecord, Record, Status};
use bench_report::{View, together};
use bench_syntax::text::{first_line, one_line, printable};

/// Kinds of warnings that are printed; the others are counted.
const KINDS: usize = 12;

/// Cases by something that they share, in the order of their first.
type Folded<'a, T> = Vec<(T, Vec<&'a CaseRecord>)>;

fn fold<'a, T: PartialEq>(cases: impl Iterator<Item = (T, &'a CaseRecord)>) -> Folded<'a, T> {
    let mut folded: Folded<'a, T> = Vec::new();
    for (key, case) in cases {
        match folded.iter_mut().find(|(known, _)| *known == key) {
            Some((_, of_key)) => of_key.push(case),
            None => folded.push((key, vec![case])),
        }
    }
    folded
}

fn who(cases: &[&CaseRecord]) -> String {
    together(cases.iter().map(|case| (case.id.as_str(), case.model.as_deref(), case.category)))
}

/// The cases that were not measured, by the reason.
pub(super) fn skipped(record: &Record, view: &View) -> String {
    let reason = |case: &CaseRecord| match case.status {
        Status::Skipped => Some(first_line(case.skip_reason.as_deref().unwrap_or_default())),
        Status::NotRun => Some("not run: interrupted".to_owned()),
        Status::Ok | Status::Failed => None,
    };
    let folded = fold(record.cases.iter().filter_map(|case| Some((reason(case)?, case))));
    if folded.is_empty() {
        return String::new();
    }
    let count: usize = folded.iter().map(|(_, cases)| cases.len()).sum();
    let mut out = format!("\n{}\n", view.style.bold(&format!("{count} skipped")));
    for (reason, cases) in folded {
        let line = format!("{:>4} {}: {reason}", cases.len(), who(&cases));
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", view.wrap(&line, 5));
    }
    out
}

/// Returns the warnings: first those of the run as a whole, then those of its cases, with similar ones together.
pub(super) fn warnings(record: &Record, view: &View) -> String {
    let of_cases = record.cases.iter().flat_map(|case| {
        // That the harness was the bottleneck stands beside the figures themselves.
        let told = case.invalid();
        let warnings = case.warnings.iter().filter(move |warning| told.as_deref() != Some(warning.as_str()));
        warnings.map(move |warning| (Kind::of(warning), case))
    });
    let folded = fold(of_cases);
    // What warns of the machine stands above the table.
    let machine = record.environment.machine_warnings();
    let of_run: Vec<&String> = record.warnings.iter().filter(|warning| !machine.contains(warning)).collect();
    if folded.is_empty() && of_run.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", view.style.bold("warnings"));
    // Writing to a String cannot fail.
    for warning in of_run {
        let _ = writeln!(out, "{}", view.wrap(&format!("  {}", one_line(warning)), 4));
    }
    let left = folded.len().saturating_sub(KINDS);
    for (kind, mut cases) in folded.into_iter().take(KINDS) {
        cases.dedup_by(|one, other| std::ptr::eq(*one, *other));
        let line = match cases.as_slice() {
            [case] => format!("  {}: {}", printable(&case.id), one_line(kind.example)),
            several => {
                format!("  {} cases ({}), such as: {}", several.len(), who(several), one_line(kind.example))
            }
        };
        let _ = writeln!(out, "{}", view.wrap(&line, 4));
    }
    if left > 0 {
        let _ = writeln!(out, "  {left} more kinds of warnings");
    }
    let _ = writeln!(out, "{}", view.style.faint("  all of them, and every figure: --verbose, or run.json"));
    out
}

/// The text of a warning, whatever the figures in it.
struct Kind<'a> {
    example: &'a str,
}

impl<'a> Kind<'a> {
    fn of(warning: &'a str) -> Self {
        Kind { example: warning }
    }

    /// Its words: figures, and what is set in quotes, differ from case to case.
    fn words(&self) -> impl Iterator<Item = &'a str> {
        self.example
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | ';' | '(' | ')'))
            .filter(|word| {
                !word.is_empty() && !word.contains(|c: char| c.is_ascii_digit() || matches!(c, '`' | '"'))
            })
            .filter(|word| !is_unit(word))
    }
}

impl PartialEq for Kind<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.words().eq(other.words())
    }
}

/// Whether a word changes with the size of the figure before it.
fn is_unit(word: &str) -> bool {
    matches!(word, "ns" | "µs" | "ms" | "s" | "B" | "KiB" | "MiB" | "GiB" | "TiB" | "k" | "M" | "G" | "T")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_judge::testing::record;
    use bench_report::Detail;

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
    fn warnings_that_differ_in_figures_are_of_one_kind() {
        let mut record =
            record(vec![("unit/a", vec![100; 8]), ("unit/b", vec![100; 8]), ("unit/c", vec![100; 8])]);
        record.warnings = vec!["the machine was busy".to_owned()];
        let warn = |text: &str| vec![text.to_owned()];
        record.cases[0].warnings = warn("took 1.5 ms, of which `x` 20 %");
        record.cases[1].warnings = warn("took 300 µs, of which `y` 4 %");
        record.cases[2].warnings = warn("two modes");
        assert_eq!(
            warnings(&record, &View::plain(100, Detail::Short)),
            "\nwarnings\n  the machine was busy\n  \
             2 cases (unit), such as: took 1.5 ms, of which `x` 20 %\n  \
             unit/c: two modes\n  all of them, and every figure: --verbose, or run.json\n"
        );
    }
}
