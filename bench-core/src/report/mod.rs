//! What people and programs read: one exporter per file, and the console.

pub mod calibration;
pub mod console;
pub mod paired;
pub mod plot;
mod samples_csv;
mod sparkline;
mod style;
mod summary_csv;
mod table;
mod targets;
mod targets_csv;
mod text;
mod window;

use std::io::{self, Write};

use crate::record::Record;

pub use sparkline::sparkline;
pub use style::{ColorChoice, Style};
pub(crate) use table::Table;
pub(crate) use text::{first_line, printable, steers, tell};
pub(crate) use window::Window;

/// Writes one file of a run directory. Plugged in by being linked:
/// `bench_core::inventory::submit! { Exporter { file: "my.txt", write: my_function } }`. The record itself,
/// `run.json`, is no exporter: it is written last, when all of them have succeeded.
#[derive(Clone, Copy)]
pub struct Exporter {
    /// The file's name in the run directory.
    pub file: &'static str,
    /// Writes its content.
    ///
    /// # Errors
    /// When the writer fails, or the record cannot be shown in this form.
    pub write: fn(&Record, &mut dyn Write) -> io::Result<()>,
}

inventory::collect!(Exporter);

/// All exporters that are linked, by file name.
pub(crate) fn exporters() -> Vec<Exporter> {
    let mut exporters: Vec<Exporter> = inventory::iter::<Exporter>.into_iter().copied().collect();
    exporters.sort_unstable_by_key(|exporter| exporter.file);
    exporters
}
