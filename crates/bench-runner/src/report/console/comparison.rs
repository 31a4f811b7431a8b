//! Compares a run with an earlier one.

use std::fmt::Write;

use bench_judge::comparison::{Compared, Comparison, visible};
use bench_record::Measure;
use bench_report::{CaseColumns, Style, View, on_console};
use bench_syntax::quantity::Seconds;
use bench_syntax::text::{one_line, printable};

use crate::report::counts;

/// Returns a table of the old time, the new time, the change with its interval, the detectable change, and the verdict
/// of every case, followed by the advice on how to settle unsure verdicts. The table is no wider than the view, and
/// shows the parts that ids have in common once, unless all details are requested.
pub fn render_comparison(comparison: &Comparison, advice: Option<String>, view: &View) -> String {
    let style = view.style;
    let mut out = String::new();
    let _ = writeln!(out, "{}", style.bold(&format!("compared with {}", one_line(&comparison.baseline))));
    // This comes first: a reader who overlooks it takes an effect of the machine for one of the code.
    if let Some(different) = &comparison.different {
        let _ = writeln!(out, "{}", style.bad(&printable(different)));
    }
    for note in &comparison.notes {
        let line = view.wrap(&format!("note: {}", one_line(note)), 2);
        let _ = writeln!(out, "{}{}", style.doubtful("note:"), line.trim_start_matches("note:"));
    }
    let ids: Vec<&str> = comparison.cases.iter().map(|case| case.id.as_str()).collect();
    let (columns, cells) = match comparison.measure {
        Measure::Time => (TIMES, of_time as fn(&Compared, Style) -> Vec<String>),
        Measure::Instructions => (counts::COMPARED, counts::compared as _),
    };
    out += &columns.render(&ids, view, |case| cells(&comparison.cases[case], style));
    for line in comparison.conclusion() {
        let _ = writeln!(out, "{}", view.wrap(&one_line(&line), 2));
    }
    // Not wrapped, because its commands are copied: line breaks of the terminal do no harm.
    if let Some(advice) = advice {
        let _ = writeln!(out, "{}", one_line(&advice));
    }
    on_console(&out)
}

/// The columns of [`of_time`].
const TIMES: CaseColumns<'_> = CaseColumns {
    header: &["", "old", "new", "change", "99 % interval", "can be seen", "verdict"],
    dispensable: &["can be seen", "old", "new"],
};

fn of_time(case: &Compared, style: Style) -> Vec<String> {
    let seconds = |value: Option<f64>| value.map(|value| Seconds(value).to_string()).unwrap_or_default();
    let change = |value: f64| format!("{:+.1} %", value * 100.0);
    vec![
        seconds(case.old_s),
        seconds(case.new_s),
        case.change.map(change).unwrap_or_default(),
        case.interval
            .map(|found| format!("{} to {}", change(found.low), change(found.high)))
            .unwrap_or_default(),
        case.smallest_effect.map(visible).unwrap_or_default(),
        style.verdict(case.verdict),
    ]
}

#[cfg(test)]
mod tests {
    use bench_judge::comparison::Judgement;
    use bench_judge::testing::record;
    use bench_report::Detail;

    use super::*;

    /// Two records of the same cases, whose times differ by these factors.
    fn compared(cases: &[(&str, f64)]) -> Comparison {
        let of = |factor: &dyn Fn(f64) -> f64| {
            let rounds =
                |change: f64| (0..8).map(move |k| (factor(change) * f64::from(1_000_000 + k * 1000)) as u64);
            record(cases.iter().map(|(id, change)| (*id, rounds(*change).collect())).collect())
        };
        let (old, new) = (of(&|_| 1.0), of(&|change| change));
        Comparison::of(&old, &new, &Judgement::default(), |_| true)
    }

    #[test]
    fn the_parts_that_ids_have_in_common_are_shown_once_and_the_table_fits() {
        let comparison = compared(&[
            ("a-model-with-a-long-name/performance/forward[device=cpu,dtype=f32,batch=1]", 1.0),
            ("a-model-with-a-long-name/performance/forward[device=cpu,dtype=f32,batch=8]", 2.0),
            ("unit/step[device=cpu]", 1.0),
        ]);
        let table = |columns: usize, detail| -> Vec<String> {
            let shown = render_comparison(&comparison, None, &View::plain(columns, detail));
            let is_before = |line: &&str| !line.contains("verdict") && !line.contains("everywhere");
            shown.lines().skip_while(is_before).map(str::to_owned).collect()
        };
        let wide = table(120, Detail::Short);
        assert_eq!(wide[0], "everywhere: device=cpu");
        assert!(wide[2].contains("old") && wide[2].contains("can be seen"), "{wide:#?}");
        assert_eq!(wide[3], "a-model-with-a-long-name · performance  dtype=f32");
        assert!(wide[4].starts_with("  forward  batch=1  1.004 ms  1.004 ms"), "{wide:#?}");
        assert!(wide[5].starts_with("           batch=8  1.004 ms  2.007 ms"), "{wide:#?}");
        assert_eq!(wide[6], "unit");
        let narrow = table(72, Detail::Short);
        assert!(!narrow[2].contains("can be seen") && narrow[2].contains("99 % interval"), "{narrow:#?}");
        for columns in [60, 72] {
            let lines = table(columns, Detail::Short);
            // Whole ids are words that no line can break.
            let is_too_long = |line: &&String| line.chars().count() > columns && !line.contains('/');
            assert_eq!(lines.iter().find(is_too_long), None, "{lines:#?}");
        }
        let full = table(60, Detail::Full);
        assert!(full[1].starts_with(&comparison.cases[0].id) && full[0].contains("can be seen"), "{full:#?}");
    }
}
