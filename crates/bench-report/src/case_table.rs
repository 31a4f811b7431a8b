//! A table with a row for each case, fitted to the terminal.

use bench_syntax::text::printable;

use crate::{CaseRows, Table, View};

/// The columns of a table of cases.
#[derive(Clone, Copy, Debug)]
pub struct CaseColumns<'a> {
    /// The titles of all columns, the first of which contains the cases.
    pub header: &'a [&'a str],
    /// Titles of the columns that are left out, in this order, until the table is no wider than the view.
    pub dispensable: &'a [&'a str],
}

impl CaseColumns<'_> {
    /// Renders the table of the cases with these ids; `cells` returns the cells of a case except the first.
    ///
    /// The parts that ids have in common are shown once. If all details are requested, ids are complete, and no column
    /// is left out.
    pub fn render(&self, ids: &[&str], view: &View, cells: impl Fn(usize) -> Vec<String>) -> String {
        let mut table = Table::new(self.header);
        let row = |label: String, case: usize| -> Vec<String> {
            std::iter::once(label).chain(cells(case)).collect()
        };
        let mut above = String::new();
        if view.is_short() {
            let rows = CaseRows::of_ids(ids.iter().copied());
            for block in &rows.blocks {
                table.block(block, view.style);
                block.rows.iter().for_each(|of_case| table.row(row(of_case.label.clone(), of_case.case)));
            }
            table.fit(view.columns, self.dispensable);
            above = rows.above(view);
        } else {
            ids.iter().enumerate().for_each(|(case, id)| table.row(row(printable(id), case)));
        }
        above + &table.render(|text| view.style.bold(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Detail;

    #[test]
    fn what_ids_share_is_shown_once_and_what_does_not_fit_is_left_out() {
        let ids = ["m/unit/f[device=cpu,n=1]", "m/unit/f[device=cpu,n=2]", "n/unit/g[device=cpu]"];
        let columns = CaseColumns { header: &["", "old", "new", "verdict"], dispensable: &["new", "old"] };
        let shown = |width: usize, detail| {
            let cells =
                |case: usize| ["1.0 ms", "2.0 ms", "slower"].map(|cell| format!("{cell}{case}")).to_vec();
            columns.render(&ids, &View::plain(width, detail), cells)
        };
        assert_eq!(
            shown(60, Detail::Short),
            "everywhere: device=cpu\n\n              old      new  verdict\nm · unit\n  f  n=1  1.0 ms0  2.0 ms0  slower0\n     \
             n=2  1.0 ms1  2.0 ms1  slower1\nn · unit\n  g       1.0 ms2  2.0 ms2  slower2\n"
        );
        assert!(shown(30, Detail::Short).contains("\n              old  verdict\n"));
        assert!(shown(20, Detail::Short).contains("\n          verdict\n"));
        let full = shown(20, Detail::Full);
        assert!(
            full.starts_with("                              old")
                && full.contains("m/unit/f[device=cpu,n=2]  1.0 ms1")
        );
    }
}
