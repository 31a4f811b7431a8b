//! From `main` to the exit code.

use std::process::ExitCode;

/// What the `main` of a bench target does: serve as a worker, or run.
#[doc(hidden)]
pub fn run(crates: &[&'static str]) -> ExitCode {
    crate::worker::serve_if_asked();
    begin(crates)
}

#[cfg(feature = "runner")]
fn begin(crates: &[&'static str]) -> ExitCode {
    use bench_runner::command_line::{Host, run};

    let in_process = |interrupt| -> Box<dyn bench_runner::rounds::RoundExecutor> {
        Box::new(crate::in_process::InProcess { interrupt })
    };
    let host = Host {
        about: "Runs the benchmarks that are linked into this executable",
        name: "cargo bench --",
        open: &|| crate::suite::own(crates).map(Into::into),
        in_process: Some(&in_process),
        probes: Some(crate::probe::names()),
        is_bench_target: true,
    };
    match run(&host, std::env::args_os().skip(1)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            bench_report::tell(&format!("error: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}

#[cfg(not(feature = "runner"))]
fn begin(crates: &[&'static str]) -> ExitCode {
    crate::light::run(crates)
}
