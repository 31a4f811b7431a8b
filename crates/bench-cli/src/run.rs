//! `bench run`: runs programs of any kind, with the flags of `cargo bench --`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use bench_adapters::Python;
use bench_compare::cargo;
use bench_record::RunError;
use bench_report::tell;
use bench_runner::command_line::{self, Host, WorkingTree};
use bench_runner::program::{ListLimits, Program, Programs};
use bench_syntax::UsageError;

/// The flag for the interpreter of Python benchmarks.
const INTERPRETER: &str = "--interpreter";

/// The flag that measures tests of pytest, with their arguments after `=`, if there are any.
const PYTEST: &str = "--pytest";

/// Builds the programs that must be built, and runs all of them. `typed` are the arguments after `bench run`.
pub(crate) fn run(typed: &[OsString]) -> Result<u8, RunError> {
    let Split { sources, flags, cargo, python } = split(typed)?;
    let open = || open(&sources, &cargo, &python);
    let host = Host {
        name: "bench run [PATH | EXE]...",
        about: "Runs benchmarks: of this workspace, of folders with a Cargo.toml or with Python benchmarks, or of programs \
                that speak the worker protocol.\n--interpreter PYTHON runs Python benchmarks with an interpreter \
                other than that of the active environment.\n--pytest[=ARGS] runs the tests of a folder that use the \
                fixture `benchmark` of pytest-benchmark; ARGS are arguments of pytest: --pytest='tests -k \
                decode'.\nArguments after `--` are passed to the `cargo bench` that \
                builds the benchmarks.",
        open: &open,
        in_process: None,
        probes: None,
        is_bench_target: false,
        working_tree: working_tree(&sources, &python),
    };
    command_line::run(&host, flags)
}

/// The arguments, separated by their meaning.
struct Split {
    /// Programs, and folders with a `Cargo.toml`.
    sources: Vec<OsString>,
    /// Filters and flags of the run.
    flags: Vec<OsString>,
    /// Arguments of the `cargo bench` that builds.
    cargo: Vec<String>,
    /// How Python benchmarks are run.
    python: Python,
}

/// Separates the arguments. The first ones are programs and folders as long as they exist or are written as paths. From
/// the first flag or filter on, they are those of `cargo bench --`; after `--`, those of the `cargo bench` that builds.
fn split(typed: &[OsString]) -> Result<Split, UsageError> {
    let dashes = typed.iter().position(|argument| argument == "--").unwrap_or(typed.len());
    let (arguments, cargo) = (&typed[..dashes], typed.get(dashes + 1..).unwrap_or_default());
    let cargo: Vec<String> = cargo.iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let is_source = |argument: &&OsString| {
        let is_flag = argument.as_encoded_bytes().starts_with(b"-");
        !is_flag && (Path::new(argument).exists() || is_written_as_path(argument))
    };
    let (arguments, python) = without_python(arguments)?;
    let sources: Vec<OsString> = arguments.iter().take_while(is_source).cloned().collect();
    let flags = arguments[sources.len()..].to_vec();
    if let Some(missing) = sources.iter().find(|source| !Path::new(source).exists()) {
        return Err(UsageError(format!(
            "`{}` does not exist: expected a benchmark program, or a folder with a Cargo.toml or with Python benchmarks",
            missing.display()
        )));
    }
    let is_built = |source: &OsString| {
        let path = Path::new(source);
        path.is_dir() && !python.runs(path)
    };
    let builds = sources.is_empty() || sources.iter().any(is_built);
    if let ([first, ..], false) = (&cargo[..], builds) {
        return Err(UsageError(format!(
            "arguments after `--` go to `cargo bench`, but nothing is built here: leave out `-- {first}`"
        )));
    }
    Ok(Split { sources, flags, cargo, python })
}

/// Removes `--interpreter PYTHON` and `--pytest` from the arguments, because the runner does not have these flags.
fn without_python(arguments: &[OsString]) -> Result<(Vec<OsString>, Python), UsageError> {
    let (mut left, mut python) = (Vec::new(), Python::default());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if let Some(given) = value_of(PYTEST, argument) {
            python.pytest = Some(given.unwrap_or_default().to_owned());
        } else if let Some(given) = value_of(INTERPRETER, argument) {
            let path = given.map(PathBuf::from).or_else(|| arguments.next().map(PathBuf::from));
            let wrong = || UsageError(format!("{INTERPRETER} expects the path of a Python interpreter"));
            python.interpreter = Some(path.ok_or_else(wrong)?);
        } else {
            left.push(argument.clone());
        }
    }
    Ok((left, python))
}

/// Reads `flag` or `flag=VALUE`. Returns the value, `Some(None)` without one, and `None` if `argument` is not this
/// flag.
fn value_of<'a>(flag: &str, argument: &'a OsStr) -> Option<Option<&'a str>> {
    match argument.to_str()?.strip_prefix(flag)? {
        "" => Some(None),
        rest => rest.strip_prefix('=').map(Some),
    }
}

/// Returns the Python benchmarks that `--against` compares with a revision; `None` if the source is not a folder or
/// file of them, or if there are several.
fn working_tree(sources: &[OsString], python: &Python) -> Option<WorkingTree> {
    let side = match sources {
        [] => OsString::from("."),
        [only] => only.clone(),
        _ => return None,
    };
    let flag = |name: &str, value: &OsStr| {
        let mut flag = OsString::from(format!("{name}="));
        flag.push(value);
        flag
    };
    let interpreter = python.interpreter.iter().map(|path| flag(INTERPRETER, path.as_os_str()));
    let pytest = python.pytest.iter().map(|arguments| flag(PYTEST, OsStr::new(arguments)));
    let flags = interpreter.chain(pytest).collect();
    python.runs(Path::new(&side)).then_some(WorkingTree { side, flags })
}

/// Whether an argument is written as a path: begins with `/`, `./` or `../`. Filters may contain slashes, as ids do.
fn is_written_as_path(argument: &OsStr) -> bool {
    let text = argument.to_string_lossy();
    ["/", "./", "../"].iter().any(|start| text.starts_with(start)) || text == "." || text == ".."
}

/// Opens the programs, and builds those of folders; without sources, those of the working directory.
fn open(sources: &[OsString], cargo_arguments: &[String], python: &Python) -> Result<Programs, RunError> {
    let here = [OsString::from(".")];
    let sources = if sources.is_empty() { &here } else { sources };
    let mut programs = Programs::default();
    for source in sources {
        let path = Path::new(source);
        if python.runs(path) {
            match python.program(path, path) {
                Ok(program) => add(&mut programs, program),
                // The other sources are still run.
                Err(UsageError(why)) if sources.len() > 1 => {
                    refuse(&mut programs, format!("{}: {why}", path.display()));
                }
                Err(error) => return Err(error.into()),
            }
        } else if path.is_dir() {
            built(&mut programs, path, cargo_arguments)?;
        } else {
            add(&mut programs, Program::executable(path)?);
        }
    }
    let (opened, left_out) = bench_adapters::apart(std::mem::take(&mut programs.opened));
    programs.opened = opened;
    for left_out in left_out {
        tell(&format!("left out: {left_out}"));
    }
    if programs.opened.is_empty() {
        // The reason for each source has already been printed.
        let message = match sources {
            [only] => format!("{} contains no benchmark program", Path::new(only).display()),
            _ => "none of these is a benchmark program".to_owned(),
        };
        return Err(UsageError(message).into());
    }
    Ok(programs)
}

/// Adds a requested program, or the reason why it is not a program.
fn add(programs: &mut Programs, program: Program) {
    match bench_adapters::open(program, &ListLimits::default()) {
        Ok(opened) => programs.opened.push(opened),
        Err(error) => refuse(programs, error.to_string()),
    }
}

/// Records and prints why a source is not a program.
fn refuse(programs: &mut Programs, why: String) {
    tell(&format!("error: {why}"));
    programs.refused.push(why);
}

/// Adds the bench targets of a workspace; those of other harnesses are left out, with a message.
fn built(programs: &mut Programs, folder: &Path, cargo_arguments: &[String]) -> Result<(), RunError> {
    for program in cargo::build(folder, cargo_arguments, None)? {
        match bench_adapters::open(program, &ListLimits::default()) {
            Ok(opened) => programs.opened.push(opened),
            Err(error) => tell(&format!("left out: {error}")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_come_first_and_filters_are_no_paths() {
        let split = |arguments: &[&str]| {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            let Split { sources, flags, cargo, .. } = split(&arguments)?;
            Ok::<_, UsageError>((sources.len(), flags.len(), cargo.len()))
        };
        assert_eq!(split(&[".", "unit/x", "--quick"]), Ok((1, 2, 0)));
        assert_eq!(split(&["--quick", "."]), Ok((0, 2, 0)));
        assert_eq!(split(&["Cargo.toml", "src"]), Ok((2, 0, 0)));
        assert_eq!(split(&["model/unit/x"]), Ok((0, 1, 0)));
        assert_eq!(split(&["--", "--bench", "all"]), Ok((0, 0, 2)));
        assert_eq!(split(&["--interpreter", "python3", ".", "--quick", "--interpreter=x"]), Ok((1, 1, 0)));
        assert!(split(&[".", "--interpreter"]).is_err_and(|error| error.0.contains("expects the path")));
        assert_eq!(split(&["src", "unit", "--", "--workspace"]), Ok((1, 1, 1)));
        assert!(
            split(&["Cargo.toml", "--", "--workspace"])
                .is_err_and(|error| error.0.contains("leave out `-- --workspace`"))
        );
        assert!(split(&["./missing"]).expect_err("missing").0.contains("`./missing` does not exist"));
    }

    #[test]
    fn against_a_revision_python_is_run_as_it_is_here() {
        let tree = |arguments: &[&str]| {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            let Split { sources, flags, python, .. } = split(&arguments).expect("arguments");
            assert!(flags.is_empty(), "{flags:?}");
            let tree = working_tree(&sources, &python)?;
            Some((tree.side, tree.flags))
        };
        let text = OsString::from;
        assert_eq!(tree(&[]), None, "a cargo package");
        assert_eq!(tree(&["src", "--interpreter=py"]), Some((text("src"), vec![text("--interpreter=py")])));
        let both = vec![text("--interpreter=py"), text("--pytest=tests -k 'a or b'")];
        assert_eq!(tree(&["--pytest=tests -k 'a or b'", "--interpreter", "py"]), Some((text("."), both)));
        assert_eq!(tree(&[".", "--pytest"]), Some((text("."), vec![text("--pytest=")])));
    }
}
