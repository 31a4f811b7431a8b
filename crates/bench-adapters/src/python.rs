//! Files and folders of Python benchmarks, for which the package `bench_models` speaks the worker protocol.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bench_protocol::RUNNER_VARIABLE;
#[cfg(unix)]
use bench_runner::program::names_interpreter;
use bench_runner::program::{Kind, Program};
use bench_syntax::UsageError;
use bench_syntax::text::first_line;

/// The oldest Python that the package runs on.
const OLDEST: (u32, u32) = (3, 10);

/// The variable with the folders from which Python imports before all others.
const IMPORTS: &str = "PYTHONPATH";

/// The maximum number of entries of a folder, its subfolders included, that are searched for a Python file.
const MOST_ENTRIES: usize = 20_000;

/// The program that the interpreter runs: it prints its real path (a shim takes time at every start), its version, and
/// whether the package is installed. The working directory must not be taken for the package.
const QUESTION: &str = "import sys; sys.path[:] = [p for p in sys.path if p]; import importlib.util as u; \
    print(sys.executable, *sys.version_info[:2], u.find_spec('bench_models') is not None, sep='\\n')";

/// Whether `path` is a file of Python benchmarks, or a folder that contains Python and no Cargo.toml. An executable
/// file with an interpreter line is a separate program.
pub fn is_python(path: &Path) -> bool {
    if path.is_dir() {
        return !path.join("Cargo.toml").exists() && !path.join("run.json").exists() && holds_python(path);
    }
    is_source(path) && !is_script(path)
}

/// How Python benchmarks are run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Python {
    /// The interpreter; `None` for that of the active virtual environment, of a `.venv` around the benchmarks, of the
    /// environment that this command is installed in, or `python3`.
    pub interpreter: Option<PathBuf>,
    /// Arguments of pytest, as a shell takes them. If they are given, even empty, the benchmarks of a folder are the
    /// tests that use the fixture `benchmark`, not its functions.
    pub pytest: Option<String>,
    /// Whether tests import from the folder `src` next to them before they import what is installed, so that an
    /// editable installation does not hide the code of a revision.
    pub own_sources: bool,
}

impl Python {
    /// Whether a side or source at `path` is run by Python: because the user has named an interpreter or pytest, or
    /// because it [is Python](is_python).
    pub fn runs(&self, path: &Path) -> bool {
        self.interpreter.is_some() || self.pytest.is_some() || is_python(path)
    }

    /// Returns the program of the Python benchmarks at and below `path`. The interpreter is searched for around
    /// `folder`, which differs from the path for a checkout of another revision.
    ///
    /// # Errors
    /// If there is no such interpreter, it is too old, or the package is not installed: with the command that installs
    /// it. If the path does not exist, or is not a folder although tests of pytest are requested.
    pub fn program(&self, path: &Path, folder: &Path) -> Result<Program, UsageError> {
        let interpreter = match &self.interpreter {
            Some(wanted) => checked(wanted)?,
            None => checked(&usual(&absolute(folder)?))?,
        };
        let path = absolute(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut program = Program::executable(&interpreter).map_err(|error| UsageError(error.to_string()))?;
        if let Ok(runner) = std::env::current_exe() {
            // Requests to functions that serve are sent by the command that runs the functions.
            program = program.with_variable(RUNNER_VARIABLE, runner);
        }
        let arguments: Vec<OsString> = match &self.pytest {
            None => vec!["-m".into(), "bench_models".into(), path.into_os_string()],
            Some(_) if !path.is_dir() => {
                let message = "expected the folder in which pytest is to run: name files in --pytest=ARGS";
                return Err(UsageError(format!("{} is a file: {message}", path.display())));
            }
            Some(pytest) => {
                if let Some(found) = self.own_sources.then(|| sources_first(&path)).flatten() {
                    program = program.with_variable(IMPORTS, found);
                }
                vec!["-m".into(), "bench_models.pytest_program".into(), pytest.into(), path.into_os_string()]
            }
        };
        Ok(program.with_arguments(arguments).of_kind(Kind::Python).named(name))
    }
}

/// Returns the folders from which Python imports before all others, with the folder `src` below `project` first; `None`
/// if there is no such folder.
fn sources_first(project: &Path) -> Option<OsString> {
    let sources = Some(project.join("src")).filter(|sources| sources.is_dir())?;
    let others = std::env::var_os(IMPORTS).unwrap_or_default();
    let others = std::env::split_paths(&others).filter(|folder| !folder.as_os_str().is_empty());
    std::env::join_paths(std::iter::once(sources).chain(others)).ok()
}

fn absolute(path: &Path) -> Result<PathBuf, UsageError> {
    // `.` has no name, and people know a program by its folder's.
    path.canonicalize().map_err(|error| UsageError(format!("{} cannot be found: {error}", path.display())))
}

fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "py")
}

/// Whether the system would execute the file.
fn is_script(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let executable = fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o111 != 0);
        executable && names_interpreter(path)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Looks for a Python file; hidden folders and those of cargo are not searched.
fn holds_python(folder: &Path) -> bool {
    let mut open = vec![folder.to_owned()];
    let mut looked = 0;
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            looked += 1;
            if looked > MOST_ENTRIES {
                return false;
            }
            let (path, name) = (entry.path(), entry.file_name());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let is_hidden = name.as_encoded_bytes().starts_with(b".");
                // Skips results, and everything that cargo has built.
                if !is_hidden && name != "target" && name != "benchmark_results" {
                    open.push(path);
                }
            } else if is_source(&path) {
                return true;
            }
        }
    }
    false
}

/// Returns the interpreter to use if none is named.
fn usual(path: &Path) -> PathBuf {
    let below = |environment: PathBuf| {
        ["bin/python", "Scripts/python.exe"]
            .map(|python| environment.join(python))
            .into_iter()
            .find(|p| p.exists())
    };
    let active = ["VIRTUAL_ENV", "CONDA_PREFIX"]
        .into_iter()
        .filter_map(std::env::var_os)
        .filter(|environment| !environment.is_empty())
        .map(PathBuf::from);
    let around = path.ancestors().map(|above| above.join(".venv"));
    let own = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.parent()?.to_owned()));
    // A program below `bin` of the system is not in an environment.
    let own = own.filter(|environment| environment.join("pyvenv.cfg").exists());
    active.chain(around).chain(own).find_map(below).unwrap_or_else(|| "python3".into())
}

/// Returns the interpreter's own path, if it can run benchmarks.
fn checked(interpreter: &Path) -> Result<PathBuf, UsageError> {
    let shown = interpreter.display();
    let wrong = |problem: String| Err(UsageError(format!("{shown} cannot run Python benchmarks: {problem}")));
    let mut command = Command::new(interpreter);
    command.args(["-c", QUESTION]).stdin(Stdio::null()).stderr(Stdio::piped());
    let ended = match command.output() {
        Ok(ended) => ended,
        Err(error) => {
            return wrong(format!("it cannot be started ({error}): name another one with --interpreter"));
        }
    };
    let answer = String::from_utf8_lossy(&ended.stdout).into_owned();
    let [path, major, minor, has_package] = answer.lines().collect::<Vec<_>>()[..] else {
        let said = first_line(&String::from_utf8_lossy(&ended.stderr));
        return wrong(format!("expected a Python interpreter; it ended with {} ({said})", ended.status));
    };
    let version = (major.parse().unwrap_or_default(), minor.parse().unwrap_or_default());
    if version < OLDEST {
        return wrong(format!("expected Python {}.{} or newer, found {major}.{minor}", OLDEST.0, OLDEST.1));
    }
    if has_package != "True" {
        return wrong(format!(
            "the package bench-models is missing: {path} -m pip install ./python, in a clone of its repository"
        ));
    }
    Ok(PathBuf::from(OsString::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_with_python_and_without_cargo_are_python() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path();
        assert!(!is_python(path));
        fs::create_dir_all(path.join(".hidden")).expect("folder");
        fs::create_dir_all(path.join("deep/er")).expect("folder");
        fs::write(path.join(".hidden/a.py"), "").expect("file");
        assert!(!is_python(path));
        fs::write(path.join("deep/er/a.py"), "").expect("file");
        assert!(is_python(path) && is_python(&path.join("deep/er/a.py")));
        fs::write(path.join("Cargo.toml"), "").expect("file");
        assert!(!is_python(path) && is_python(&path.join("deep")));
        fs::write(path.join("deep/run.json"), "").expect("file");
        assert!(!is_python(&path.join("deep")), "a record");
    }

    #[cfg(unix)]
    #[test]
    fn a_script_that_can_be_executed_is_a_program_of_its_own() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.py");
        fs::write(&path, "#!/usr/bin/env python3\n").expect("file");
        assert!(is_python(&path));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
        assert!(!is_python(&path));
    }

    #[cfg(unix)]
    #[test]
    fn an_interpreter_that_is_none_is_refused_in_one_line() {
        for (interpreter, problem) in [
            ("/no/such/python", "it cannot be started"),
            ("/bin/false", "expected a Python interpreter"),
            ("/bin/echo", "expected a Python interpreter"),
        ] {
            let error = checked(Path::new(interpreter)).expect_err(interpreter).0;
            assert!(
                error.contains(problem) && error.contains(interpreter) && !error.contains('\n'),
                "{error}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_interpreter_that_cannot_run_the_package_is_refused_with_what_it_lacks() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let answers = |version: &str, has_package: &str| {
            format!("#!/bin/sh\nprintf '/opt/python\\n{version}\\n{has_package}\\n'\n").into_bytes()
        };
        // An executable of a machine that does not exist: e_machine is 0xffff.
        let mut foreign = b"\x7fELF\x02\x01\x01".to_vec();
        foreign.resize(64, 0);
        foreign[16..20].copy_from_slice(&[2, 0, 0xff, 0xff]);
        for (name, content, problem) in [
            ("old", answers("3\\n9", "True"), "expected Python 3.10 or newer, found 3.9"),
            ("ancient", answers("2\\n7", "True"), "expected Python 3.10 or newer, found 2.7"),
            ("bare", answers("3\\n14", "False"), "/opt/python -m pip install ./python"),
            ("foreign", foreign, "it cannot be started (Exec format error"),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, content).expect("file");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
            let error = checked(&path).expect_err(name).0;
            assert!(error.contains(problem) && !error.contains('\n'), "{name}: {error}");
        }
        let right = folder.path().join("right");
        fs::write(&right, answers("3\\n10", "True")).expect("file");
        fs::set_permissions(&right, fs::Permissions::from_mode(0o755)).expect("executable");
        assert_eq!(checked(&right), Ok(PathBuf::from("/opt/python")));
    }
}
