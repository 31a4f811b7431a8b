//! The targets of a run on the console.

use std::fmt::Write;

use bench_judge::objective::FORMULA;
use bench_record::{ObjectiveResult, Outcome, Record};
use bench_report::{Style, Table};
use bench_syntax::quantity::{Bytes, Seconds, rate, significant};
use bench_syntax::text::{first_line, printable};

/// Renders one line for each target, and their summary; empty if there are none.
pub(super) fn render(record: &Record, style: Style) -> String {
    let Some(summary) = record.targets else { return String::new() };
    let results =
        || record.cases.iter().flat_map(|case| case.targets.iter().map(move |result| (case, result)));
    let reason = |result: &ObjectiveResult| first_line(result.reason.as_deref().unwrap_or_default());
    // The table aligns all columns but the first on the right: texts are padded to align on the left.
    let widest = |text: &dyn Fn(&ObjectiveResult) -> String| {
        results().map(|(_, result)| text(result).chars().count()).max().unwrap_or_default()
    };
    let (text_width, reason_width) = (widest(&|result| first_line(&result.text)), widest(&reason));
    let mut table = Table::new(&["targets", "", "value", "95 % interval", "", ""]);
    for (case, result) in results() {
        let outcome = result.outcome.to_string();
        table.row(vec![
            format!("  {}", printable(&case.id)),
            format!("{:text_width$}", first_line(&result.text)),
            result.value.map(|value| shown(value, result)).unwrap_or_default(),
            interval(result).unwrap_or_default(),
            match result.outcome {
                Outcome::Met => style.good(&outcome),
                Outcome::Missed => style.bad(&outcome),
                Outcome::Unsure => style.doubtful(&outcome),
            },
            format!("{:reason_width$}", reason(result)),
        ]);
    }
    let mut out = format!("\n{}", table.render(|text| style.bold(text)));
    let status = format!(
        "{} of {} targets met ({:.0} %), {} missed, {} unsure: {}",
        summary.met,
        summary.total,
        summary.pass_rate * 100.0,
        summary.missed,
        summary.unsure,
        summary.status
    );
    let status = match summary.status {
        Outcome::Met => style.good(&status),
        Outcome::Missed => style.bad(&status),
        Outcome::Unsure => style.doubtful(&status),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{status}");
    if let Some(score) = summary.score {
        let _ = writeln!(out, "score {score:.1} = {}", style.faint(FORMULA));
    }
    out
}

fn shown(value: f64, result: &ObjectiveResult) -> String {
    printable(&match result.unit.as_deref() {
        Some("s") => Seconds(value).to_string(),
        Some("bytes") => Bytes(value as u64).to_string(),
        Some(unit) if unit.ends_with("/s") => rate(value, unit),
        Some(unit) => format!("{} {unit}", significant(value)),
        None => significant(value),
    })
}

/// Formats the interval; empty if the figure is exact.
fn interval(result: &ObjectiveResult) -> Option<String> {
    let interval = result.interval.filter(|interval| interval.low < interval.high)?;
    Some(format!("{} to {}", shown(interval.low, result), shown(interval.high, result)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_judge::objective::{EarlierRecords, settle};
    use bench_judge::testing::record;
    use bench_report::ColorChoice;
    use bench_syntax::objective::Objective;

    #[test]
    fn targets_are_a_table_of_their_own() {
        let style = Style::for_stdout(ColorChoice::Never);
        let mut record = record(vec![
            ("unit/x", (0..8).map(|k| 1_000_000 + k * 1000).collect()),
            ("unit/once", vec![2_000]),
        ]);
        assert_eq!(render(&record, style), "", "no targets");
        let declared = |text: &str| ObjectiveResult::declared(&Objective::parse(text).expect(text));
        record.cases[0].targets =
            vec![declared("median <= 2ms"), declared("max < 500us"), declared("speedup(unit/once) >= 1")];
        record.cases[1].targets = vec![declared("median <= 1s")];
        settle(&mut record, &EarlierRecords::default());
        assert_eq!(
            render(&record, style),
            "
targets                                  value         95 % interval
  unit/x     median <= 2ms            1.004 ms  1.001 ms to 1.006 ms     met
  unit/x     max < 500us              1.007 ms                        missed
  unit/x     speedup(unit/once) >= 1   0.002 ×                        unsure  one round only: how much processes differ is unknown
  unit/once  median <= 1s             2.000 µs                        unsure  one round only: how much processes differ is unknown
1 of 4 targets met (25 %), 1 missed, 2 unsure: missed
score 26.5 = 100 × geometric mean of attainments (limit/value for <= and <, value/limit for >= and >, 0.01 to 1; a miss without a value is 0.01)
"
        );
    }
}
