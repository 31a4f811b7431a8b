//! From `main` to the exit code.

use std::process::ExitCode;

/// What the `main` of a bench target does: serve as a worker, or run.
#[doc(hidden)]
pub fn run(crates: &[&'static str]) -> ExitCode {
    crate::worker::serve_if_asked();
    match begin(crates) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            crate::report::tell(&format!("error: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}

#[cfg(feature = "cli")]
fn begin(crates: &[&'static str]) -> Result<u8, crate::RunError> {
    crate::command_line::run(crates)
}

/// Without a command line: everything, into the usual folder. `cargo bench` passes `--bench`; without it
/// cargo wants to see every case once.
#[cfg(not(feature = "cli"))]
fn begin(crates: &[&'static str]) -> Result<u8, crate::RunError> {
    use crate::exit;
    use crate::report::{ColorChoice, Style, console};
    use crate::runner::Show;

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) =
        arguments.iter().find(|argument| !matches!(argument.as_str(), "--bench" | "--test"))
    {
        return Err(crate::UsageError(format!(
            "`{unknown}`: this program was built without the `cli` feature of bench-core, and takes no arguments"
        ))
        .into());
    }
    let mut suite = crate::Suite::new().crates(crates).output_dir("benchmark_results");
    suite.once = !arguments.iter().any(|argument| argument == "--bench");
    suite.show = if suite.once { Show::Tests } else { Show::Progress };
    let finished = suite.execute()?;
    let style = Style::for_stdout(ColorChoice::Auto);
    let shown = if suite.once {
        console::render_failures(&finished.record, style)
    } else {
        console::render(&finished.record, style)
    };
    // A reader that has had enough is no error.
    let _ = std::io::Write::write_all(&mut std::io::stdout(), shown.as_bytes());
    match finished.trouble {
        Some(trouble) => Err(trouble),
        None if finished.record.summary.failed_runs > 0 => Ok(exit::FAILED),
        None => Ok(exit::OK),
    }
}
