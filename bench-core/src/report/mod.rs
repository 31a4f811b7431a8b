//! What people and programs read: one exporter per file, and the console.

pub mod calibration;
pub mod console;
mod counts;
mod csv_table;
mod failure;
mod file_name;
mod gpu;
mod outlet;
pub mod paired;
pub mod plot;
pub mod quietness;
mod samples_csv;
mod sparkline;
mod style;
mod summary_csv;
mod table;
mod targets;
mod targets_csv;
mod text;
mod window;

use crate::error::RunError;
use crate::record::Record;

pub use csv_table::{CsvTable, harmless};
pub use file_name::file_name;
pub use outlet::Outlet;
pub use sparkline::sparkline;
pub use style::{ColorChoice, Style};
pub use table::Table;
use text::one_line;
pub use text::{first_line, on_console, print, printable};
pub(crate) use text::{steers, tell};
pub(crate) use window::Window;

/// Writes files of a run directory. Plugged in by being linked:
/// `bench_core::inventory::submit! { Exporter { name: "my.txt", export: my_function } }`. The record itself,
/// `run.json`, is no exporter: it is written last, when all of them have succeeded.
#[derive(Clone, Copy)]
pub struct Exporter {
    /// What it writes: a file's name, or that of a folder of files.
    pub name: &'static str,
    /// Writes it.
    ///
    /// # Errors
    /// When a file cannot be written, or the record cannot be shown in this form.
    pub export: fn(&Record, &Outlet) -> Result<(), RunError>,
}

/// A part of what is printed below the table of a run. Plugged in by being linked, like an [`Exporter`].
#[derive(Clone, Copy)]
pub struct Section {
    /// Sections are printed in the order of their names.
    pub name: &'static str,
    /// Its text; empty where it has nothing to say of this record.
    pub render: fn(&Record, Style) -> String,
}

inventory::collect!(Section);

/// All sections that are linked, by name.
pub(crate) fn sections() -> Vec<Section> {
    let mut sections: Vec<Section> = inventory::iter::<Section>.into_iter().copied().collect();
    sections.sort_unstable_by_key(|section| section.name);
    sections
}

inventory::collect!(Exporter);

/// All exporters that are linked, by name.
pub(crate) fn exporters() -> Vec<Exporter> {
    let mut exporters: Vec<Exporter> = inventory::iter::<Exporter>.into_iter().copied().collect();
    exporters.sort_unstable_by_key(|exporter| exporter.name);
    exporters
}
