//! Prints how the time of a comparison was spent.

use std::collections::BTreeMap;

use crate::{PairedCase, TimeSpent};
use bench_report::{Style, Table, on_console};
use bench_syntax::text::printable;

/// Renders one row for each case, and one for all together: the number of process pairs, the seconds, and the share of
/// each use.
pub fn render<'a>(cases: impl IntoIterator<Item = &'a PairedCase>, style: Style) -> String {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for case in cases {
        rows.entry(&case.compared.id).or_default().add(case);
    }
    let mut together = Row::default();
    rows.values().for_each(|row| together += *row);
    let mut table = Table::new(&[
        "where the time went",
        "pairs",
        "seconds",
        "start",
        "warm-up",
        "timed",
        "between",
        "end",
        "rest",
    ]);
    for (id, row) in &rows {
        table.row(row.cells(printable(id)));
    }
    if rows.len() > 1 {
        table.row(together.cells("all".to_owned()));
    }
    let why = "start: processes started, what they need loaded, first calls made; between: from one batch to the next, with what runs untimed before it";
    on_console(&format!("\n{}{}\n", table.render(|text| style.bold(text)), style.faint(why)))
}

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    pairs: usize,
    seconds: f64,
    time: TimeSpent,
}

impl std::ops::AddAssign for Row {
    fn add_assign(&mut self, more: Self) {
        self.pairs += more.pairs;
        self.seconds += more.seconds;
        self.time += more.time;
    }
}

impl Row {
    fn add(&mut self, case: &PairedCase) {
        *self += Row { pairs: case.pairs.len(), seconds: case.seconds, time: case.time };
    }

    fn cells(&self, name: String) -> Vec<String> {
        let TimeSpent { start_s, warm_up_s, timed_s, between_s, end_s, rest_s } = self.time;
        let share = |seconds: f64| {
            if self.seconds > 0.0 {
                format!("{:.0} %", 100.0 * seconds / self.seconds)
            } else {
                String::new()
            }
        };
        let mut cells = vec![name, self.pairs.to_string(), format!("{:.1} s", self.seconds)];
        cells.extend([start_s, warm_up_s, timed_s, between_s, end_s, rest_s].map(share));
        cells
    }
}

#[cfg(test)]
mod tests {
    use bench_record::Verdict;
    use bench_report::ColorChoice;

    use super::*;
    use crate::Rules;
    use crate::trial::Trial;
    use crate::trial::tests::around;

    #[test]
    fn cases_are_shared_out_and_summed_up() {
        let case = |id: &str, timed_s: f64| {
            let mut case =
                Trial::told(&around(0.0, 0.01, 10), 2.0).into_case(Verdict::Same, &Rules::default(), 1);
            id.clone_into(&mut case.compared.id);
            case.time = TimeSpent { timed_s, start_s: 0.5, rest_s: 1.5 - timed_s, ..TimeSpent::default() };
            case
        };
        let cases = [case("unit/a", 1.0), case("unit/b", 0.5), case("unit/a", 1.5)];
        let table = render(&cases, Style::for_stdout(ColorChoice::Never));
        let words = |start: &str| -> Vec<String> {
            let line = table.lines().find(|line| line.starts_with(start)).expect(start);
            line.split("  ").map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect()
        };
        assert_eq!(words("unit/a"), ["unit/a", "20", "4.0 s", "25 %", "0 %", "62 %", "0 %", "0 %", "12 %"]);
        assert_eq!(words("all"), ["all", "30", "6.0 s", "25 %", "0 %", "50 %", "0 %", "0 %", "25 %"]);
        assert!(!render(&cases[..1], Style::for_stdout(ColorChoice::Never)).contains("all "), "one is all");
    }
}
