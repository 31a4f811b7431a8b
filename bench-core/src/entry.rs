//! The entry points of a bench target, from `main` to the exit code.

use std::process::ExitCode;

/// The body of `main` in a bench target: serves as a worker, or runs the benchmarks.
#[doc(hidden)]
pub fn run(crates: &[&'static str]) -> ExitCode {
    crate::worker::serve_if_asked();
    begin(crates)
}

#[cfg(feature = "runner")]
fn begin(crates: &[&'static str]) -> ExitCode {
    let in_process = |interrupt| -> Box<dyn bench_runner::rounds::RoundExecutor> {
        Box::new(crate::in_process::InProcess { interrupt })
    };
    ExitCode::from(run_here(&|| crate::suite::own(crates).map(Into::into), Some(&in_process), &[]))
}

/// Runs the programs that `open` returns, with the arguments of this process and `more`. Returns the exit code.
#[cfg(feature = "runner")]
fn run_here(
    open: &dyn Fn() -> Result<bench_runner::program::Programs, bench_record::RunError>,
    in_process: Option<bench_runner::run::MakeExecutor<'_>>,
    more: &[&str],
) -> u8 {
    use bench_runner::command_line::{Host, run};

    let host = Host {
        about: "Runs the benchmarks that are linked into this executable",
        name: "cargo bench --",
        open,
        in_process,
        probes: Some(crate::probe::names()),
        is_bench_target: true,
        working_tree: None,
    };
    match run(&host, std::env::args_os().skip(1).chain(more.iter().map(Into::into))) {
        Ok(code) => code,
        Err(error) => {
            bench_report::tell(&format!("error: {error}"));
            error.exit_code()
        }
    }
}

/// Runs cases that register while the program runs, in other processes, and ends this process.
#[cfg(feature = "runner")]
pub(crate) fn begin_dynamic(_has_end: bool) -> crate::dynamic::Role {
    use bench_runner::program::{Opened, Program};

    let open = || {
        let listing = crate::dynamic::discover().map_err(bench_record::RunError::Registry)?;
        Ok(Opened { program: Program::own()?, listing }.into())
    };
    std::process::exit(i32::from(run_here(&open, None, &[crate::dynamic::BY_NAME])))
}

/// Carries out the user's request with cases that register while the program runs.
#[cfg(not(feature = "runner"))]
pub(crate) fn begin_dynamic(has_end: bool) -> crate::dynamic::Role {
    crate::dynamic::Role::IsAlone(crate::light::begin_dynamic(has_end))
}

#[cfg(not(feature = "runner"))]
fn begin(crates: &[&'static str]) -> ExitCode {
    crate::light::run(crates)
}
