//! Shows records: exporters, sections of the printed report, tables, text for terminals, SVG.
#![forbid(unsafe_code)]

mod case_rows;
mod case_table;
mod csv_table;
mod folded;
mod outlet;
pub mod plot;
mod sparkline;
mod style;
mod table;
pub mod text;
mod view;
pub mod window;

use bench_record::{Record, RunError};
/// The registry for exporters and sections: `inventory::submit!`.
pub use inventory;

pub use bench_syntax::text::{on_console, printable};
pub use case_rows::{Block, CaseRow, CaseRows, together};
pub use case_table::CaseColumns;
pub use csv_table::{CsvTable, harmless};
pub use folded::Folded;
pub use outlet::Outlet;
pub use sparkline::sparkline;
pub use style::{ColorChoice, Style};
pub use table::Table;
pub use text::{print, tell};
pub use view::{Detail, View};
pub use window::Window;

/// Writes files of a run directory. It registers itself when it is linked: `bench_core::inventory::submit! { Exporter
/// { name: "my.txt", export: my_function } }`. The record itself, `run.json`, is not an exporter: it is written first.
///
/// ```
/// use std::io::Write;
///
/// bench_report::inventory::submit! {
///     bench_report::Exporter {
///         name: "ids.txt",
///         export: |record, outlet| outlet.write("ids.txt", |out| {
///             record.cases.iter().try_for_each(|case| writeln!(out, "{}", case.id))
///         }),
///     }
/// }
/// assert_eq!(bench_report::exporters()[0].name, "ids.txt");
/// ```
#[derive(Clone, Copy)]
pub struct Exporter {
    /// The name of the file, or of the folder of files, that it writes.
    pub name: &'static str,
    /// Writes the file.
    ///
    /// # Errors
    /// When a file cannot be written, or the record cannot be shown in this form.
    pub export: fn(&Record, &Outlet) -> Result<(), RunError>,
}

/// Prints a part of the report below the table of a run. It registers itself when it is linked, like an
/// [`Exporter`].
///
/// ```
/// bench_report::inventory::submit! {
///     bench_report::Section {
///         name: "count",
///         render: |record, _view| format!("{} cases\n", record.cases.len()),
///     }
/// }
/// assert_eq!(bench_report::sections()[0].name, "count");
/// ```
#[derive(Clone, Copy)]
pub struct Section {
    /// The name, by which sections are sorted when they are printed.
    pub name: &'static str,
    /// Returns its text, which is empty if there is nothing to report about this record.
    pub render: fn(&Record, &View) -> String,
}

inventory::collect!(Section);

/// Returns all linked sections, by name.
pub fn sections() -> Vec<Section> {
    let mut sections: Vec<Section> = inventory::iter::<Section>.into_iter().copied().collect();
    sections.sort_unstable_by_key(|section| section.name);
    sections
}

inventory::collect!(Exporter);

/// Returns all linked exporters, by name.
pub fn exporters() -> Vec<Exporter> {
    let mut exporters: Vec<Exporter> = inventory::iter::<Exporter>.into_iter().copied().collect();
    exporters.sort_unstable_by_key(|exporter| exporter.name);
    exporters
}
