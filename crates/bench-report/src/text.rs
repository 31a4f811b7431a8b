//! Writes to a terminal.

use std::io::{ErrorKind, Write};

use bench_record::RunError;
use bench_syntax::text::on_console;

/// Writes to stdout. It is not an error if the reader closes the pipe (`| head`).
///
/// # Errors
/// When stdout cannot be written to for any other reason.
pub fn print(text: &(impl AsRef<[u8]> + ?Sized)) -> Result<(), RunError> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_ref()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(RunError::io("write to", "stdout", error)),
        _ => Ok(()),
    }
}

/// Writes one or several lines to stderr; control characters from benchmarks are removed. A reader that has closed the
/// pipe (`2>&1 | head`) must not end a run.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", on_console(line));
}
