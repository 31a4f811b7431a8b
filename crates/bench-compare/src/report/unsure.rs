//! Describes undecided cases: the smallest change that could have been detected, and how to settle them.

use std::fmt::Write;

use super::instructions;
use super::share::change;
use crate::{PairedCase, PairedComparison};
use bench_record::{Figure, Notice, Unit, Verdict};
use bench_report::{Folded, View};
use bench_syntax::text::printable;

/// The indentation of the details of an undecided case, which follow the word `unsure:`.
const BESIDE: usize = 8;

/// The largest number of cases that are described one by one, unless all details are requested.
pub(super) const DESCRIBED: usize = 3;

/// Returns the lines about undecided cases; empty if there are none.
pub(super) fn unsure(comparison: &PairedComparison, view: View) -> String {
    let undecided: Vec<&PairedCase> =
        comparison.cases.iter().filter(|case| case.compared.verdict == Verdict::Unsure).collect();
    let mut out = String::new();
    if view.is_short() && undecided.len() > DESCRIBED {
        let notices = |of: &dyn Fn(&PairedCase) -> Option<Notice>| {
            let notices = undecided.iter().filter_map(|case| Some((case.compared.id.clone(), of(case)?)));
            Folded::all(notices.collect::<Vec<_>>())
        };
        let times = notices(&|case| Some(told(case, comparison)));
        let counts = notices(&|case| case.instructions.as_ref().map(instructions::beside_an_unsure_time));
        for folded in times.iter().chain(&counts) {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{}", view.wrap(&format!("unsure: {}", folded.line("cases")), BESIDE));
        }
        let _ = writeln!(out, "{}", view.style.faint("        each case: --verbose"));
    } else {
        for case in undecided {
            let line = format!("unsure: {}: {}", printable(&case.compared.id), told(case, comparison).text);
            let _ = writeln!(out, "{}", view.wrap(&line, BESIDE));
            if let Some(counted) = &case.instructions {
                let line = format!("{:BESIDE$}{}", "", instructions::beside_an_unsure_time(counted).text);
                let _ = writeln!(out, "{}", view.wrap(&line, BESIDE));
            }
        }
    }
    if out.is_empty() { out } else { format!("\n{out}") }
}

/// Describes an undecided case. The kind of the notice is the way to settle the case.
fn told(case: &PairedCase, comparison: &PairedComparison) -> Notice {
    let smallest = case.compared.smallest_effect;
    let has_layouts = comparison.layouts.is_some();
    let seen = match smallest {
        Some(effect) => format!("the smallest change that could have been detected is {}", change(effect)),
        None if has_layouts => "too few layouts to detect anything".to_owned(),
        None => "too few process pairs to detect anything".to_owned(),
    };
    let why = case.compared.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let (kind, gist, settle) = match case.settle_s {
        Some(seconds) if smallest.is_none() => {
            let settle = format!("at least {} more are needed", duration(seconds));
            ("too_little", "too few process pairs to detect anything: more time is needed", Some(settle))
        }
        Some(seconds) => {
            let settle = format!("about {} more would settle it", duration(seconds));
            ("more_time", "more time would settle it", Some(settle))
        }
        None if has_layouts => {
            ("layouts", "more layouts may settle it (`--layouts`), or more time (`--max-time`)", None)
        }
        None if case.pairs.is_empty() => (
            "too_early",
            "it is too early to know what would settle it: measure for longer (`--max-time`)",
            None,
        ),
        None => (
            "never",
            "more time would not settle it: the case varies too much, or its change is too close to the threshold",
            None,
        ),
    };
    let text = format!("{seen}{why}; {}", settle.as_deref().unwrap_or(gist));
    let mut notice = Notice::new(kind, gist, text);
    if let Some(seconds) = case.settle_s {
        notice = notice.with(Figure::new(seconds, Unit::Seconds, "more"));
    }
    if let Some(effect) = smallest {
        notice = notice.with(Figure::new(effect, Unit::HalfWidth, "detectable"));
    }
    notice
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 90.0 => format!("{:.0} s", s.max(1.0)),
        s if s < 5400.0 => format!("{:.0} minutes", s / 60.0),
        s if s < 129_600.0 => format!("{:.0} hours", s / 3600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rules;
    use crate::trial::Trial;
    use crate::trial::tests::around;
    use bench_report::Detail;

    #[test]
    fn many_undecided_cases_are_described_together() {
        let case = |place: usize| {
            let told = Trial::told(&around(0.02, 0.1, 12), 2.0);
            let mut case = told.into_case(Verdict::Unsure, &Rules::default(), 1);
            case.compared.id = format!("unit/{place}");
            case.compared.smallest_effect = Some(0.01 * place as f64);
            case.settle_s = (place > 1).then_some(10.0 * place as f64);
            case
        };
        let shown = |count: usize, detail| {
            let comparison = PairedComparison::of_cases((1..=count).map(case).collect());
            unsure(&comparison, View::plain(200, detail))
        };
        assert_eq!(shown(3, Detail::Short).matches("unsure: ").count(), 3);
        assert_eq!(shown(5, Detail::Full).matches("unsure: ").count(), 5);
        let short = shown(5, Detail::Short);
        let lines: Vec<&str> = short.lines().collect();
        let together = "unsure: 4 cases, such as unit/5: more time would settle it (20.00 to 50.00 s more, ±2.0 to ±5.0 % \
                        detectable)";
        assert_eq!((lines[1], lines.len()), (together, 5), "{short}");
        assert!(lines[2].starts_with("unsure: unit/1: the smallest change"), "{short}");
        assert_eq!(shown(0, Detail::Short), "");
    }
}
