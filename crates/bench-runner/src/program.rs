//! Programs: anything that lists cases and measures rounds over the worker protocol.

mod listing;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bench_protocol::{CHANNEL_VARIABLE, Case, Listing};
use bench_record::RunError;
use bench_syntax::Share;

pub use listing::{ListLimits, ProgramError};

/// A program and how it is started, whatever language it is written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    argv: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: Option<PathBuf>,
    kind: Kind,
    name: String,
    layouts: Vec<PathBuf>,
}

/// The kind of a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Anything that speaks the worker protocol.
    #[default]
    Executable,
    /// The program that contains the runner: `cargo bench` with nothing installed.
    Own,
    /// A bench target that cargo has built.
    BenchTarget,
    /// An executable of another harness, which an adapter translates into the worker protocol.
    Adapted,
    /// A file or folder of Python benchmarks, which the package `bench_models` runs.
    Python,
}

/// A program, and its list.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The program to start.
    pub program: Program,
    /// Its cases.
    pub listing: Listing,
}

/// The programs of a run.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    /// The programs that have answered with a list of cases.
    pub opened: Vec<Opened>,
    /// The errors of the named programs that have not answered. The run continues without them, but counts as failed.
    pub refused: Vec<String>,
}

/// Whether a file is a script that names its interpreter in its first line: `#!`.
pub fn names_interpreter(file: &Path) -> bool {
    let mut start = [0; 2];
    File::open(file).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"#!"
}

impl From<Opened> for Programs {
    fn from(opened: Opened) -> Self {
        Programs { opened: vec![opened], refused: Vec::new() }
    }
}

impl Program {
    /// Creates the program of the executable at `path`, such as a bench target, or a script with an interpreter line.
    ///
    /// # Errors
    /// When the working directory, to which a relative path refers, is not known.
    pub fn executable(path: &Path) -> Result<Self, RunError> {
        // A name without a slash would be looked for in `$PATH`.
        let path =
            std::path::absolute(path).map_err(|error| RunError::io("find the executable", path, error))?;
        Ok(Program {
            name: target_of(&path),
            argv: vec![path.into_os_string()],
            environment: Vec::new(),
            folder: None,
            kind: Kind::Executable,
            layouts: Vec::new(),
        })
    }

    /// Returns the program that is running.
    ///
    /// # Errors
    /// When the path of the running executable cannot be found.
    pub fn own() -> Result<Self, RunError> {
        Ok(Program {
            name: target_of(&std::env::current_exe().unwrap_or_default()),
            argv: vec![own_executable()?.into_os_string()],
            environment: Vec::new(),
            folder: None,
            kind: Kind::Own,
            layouts: Vec::new(),
        })
    }

    /// The same program, started in `folder`.
    #[must_use]
    pub fn in_folder(self, folder: impl Into<PathBuf>) -> Self {
        Program { folder: Some(folder.into()), ..self }
    }

    /// The same program, started with this variable in addition to those of the runner.
    #[must_use]
    pub fn with_variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The same program, started with these arguments in addition to the runner's own.
    #[must_use]
    pub fn with_arguments(mut self, arguments: impl IntoIterator<Item = OsString>) -> Self {
        self.argv.extend(arguments);
        self
    }

    /// Returns the same program, started through the program that is running, which acts as its adapter, with these
    /// arguments before its own.
    ///
    /// # Errors
    /// When the path of the running executable cannot be found.
    pub fn by_way_of(self, arguments: &[&str]) -> Result<Self, RunError> {
        let before =
            std::iter::once(own_executable()?.into_os_string()).chain(arguments.iter().map(OsString::from));
        Ok(Program { argv: before.chain(self.argv).collect(), kind: Kind::Adapted, ..self })
    }

    /// The same program, known to be of this kind.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Self {
        Program { kind, ..self }
    }

    /// The same program, called by this name.
    #[must_use]
    pub fn named(self, name: String) -> Self {
        Program { name, ..self }
    }

    /// Returns the same program with other files that contain its code, each linked with the sections in a different
    /// order.
    #[must_use]
    pub fn with_layouts(self, layouts: Vec<PathBuf>) -> Self {
        Program { layouts, ..self }
    }

    /// Returns the files that contain its code in other layouts; none if it was linked once.
    pub fn layouts(&self) -> &[PathBuf] {
        &self.layouts
    }

    /// Returns a program for each of its layouts, or this program itself if it was linked once.
    pub fn in_each_layout(&self) -> Vec<Program> {
        if self.layouts.is_empty() {
            return vec![self.clone()];
        }
        self.layouts.iter().map(|file| self.with_file(file)).collect()
    }

    /// The same program, started from another file.
    fn with_file(&self, file: &Path) -> Self {
        let mut program = Program { layouts: Vec::new(), ..self.clone() };
        let place = self.place_of_file();
        if let Some(argument) = program.argv.get_mut(place) {
            *argument = file.into();
        }
        program
    }

    /// Returns the name that is shown: that of the bench target, or of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the kind of the program.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The file that is started.
    pub fn path(&self) -> &Path {
        Path::new(self.argv.first().map_or(OsStr::new(""), OsString::as_os_str))
    }

    /// Returns the file or folder that contains the benchmarks: the started file, or the one that an adapter or an
    /// interpreter starts.
    pub fn file(&self) -> &Path {
        self.argv.get(self.place_of_file()).map_or(self.path(), Path::new)
    }

    /// The position of [`Program::file`] among the arguments; the first argument is the program that is started.
    fn place_of_file(&self) -> usize {
        match self.kind {
            // `bench adapter HARNESS EXECUTABLE`.
            Kind::Adapted => 3,
            Kind::Python => self.argv.len().saturating_sub(1),
            _ => 0,
        }
    }

    /// Returns the arguments that precede the runner's own.
    pub fn arguments(&self) -> &[OsString] {
        self.argv.get(1..).unwrap_or_default()
    }

    /// The command that starts it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.path());
        command.args(self.arguments());
        self.dress(&mut command);
        if self.kind == Kind::Own {
            bench_os::show_as(&mut command, &std::env::args_os().next().unwrap_or_default());
        }
        command
    }

    /// Sets the program's folder and environment variables on `command`, which starts this program through another
    /// one.
    pub fn dress(&self, command: &mut Command) {
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
    }

    /// Asks the program for its cases.
    ///
    /// # Errors
    /// If the program cannot be started, exceeds `limits`, or does not answer with a valid list.
    pub fn open(self, limits: &ListLimits) -> Result<Opened, ProgramError> {
        let mut command = self.command();
        // Filters in the environment are for the runner, which applies them itself.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BENCH_"))
        {
            command.env_remove(name);
        }
        for name in Share::variables() {
            command.env_remove(name);
        }
        command
            .args(["--list", "--format", "json"])
            .env_remove(CHANNEL_VARIABLE)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let listing = listing::read(&mut command, limits)
            .map_err(|problem| ProgramError { program: self.file().to_owned(), problem })?;
        Ok(Opened { program: self, listing })
    }
}

impl Opened {
    /// Its cases.
    pub fn cases(&self) -> &[Case] {
        &self.listing.cases
    }
}

fn own_executable() -> Result<PathBuf, RunError> {
    match bench_os::lasting_executable() {
        Some(link) => Ok(link),
        None => std::env::current_exe()
            .or_else(|error| called_by().ok_or(error))
            .map_err(|error| RunError::io("find the own executable", "", error)),
    }
}

/// Returns the path by which this program was called; `None` if that is a bare name. Cargo uses a complete path. The
/// standard library reads `/proc` instead, which may not be mounted.
fn called_by() -> Option<PathBuf> {
    let name = PathBuf::from(std::env::args_os().next()?);
    if name.components().count() > 1 { name.canonicalize().ok() } else { None }
}

/// Returns the name of the bench target that an executable was built from: cargo adds a dash and 16 hexadecimal digits
/// to it.
fn target_of(executable: &Path) -> String {
    let stem = executable.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    match stem.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            name.to_owned()
        }
        _ => stem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bench_target_is_known_by_its_file() {
        assert_eq!(target_of(Path::new("/target/release/deps/all-0123456789abcdef")), "all");
        assert_eq!(target_of(Path::new("/target/release/deps/all-0123456789abcdeg")), "all-0123456789abcdeg");
        assert_eq!(target_of(Path::new("speed.py")), "speed");
    }

    #[test]
    fn each_layout_is_the_same_program_in_another_file() {
        let program = Program::executable(Path::new("/t/all-0123456789abcdef"))
            .expect("an absolute path")
            .of_kind(Kind::BenchTarget)
            .with_variable("A", "1");
        assert_eq!(program.in_each_layout(), vec![program.clone()]);
        let adapted = program.clone().by_way_of(&["adapter", "criterion"]).expect("the own executable");
        for whole in [program, adapted] {
            let layouts = whole.clone().with_layouts(vec!["/t/1".into(), "/t/2".into()]).in_each_layout();
            let files: Vec<&Path> = layouts.iter().map(Program::file).collect();
            assert_eq!(files, [Path::new("/t/1"), Path::new("/t/2")]);
            for layout in &layouts {
                assert_eq!(layout.name(), "all");
                assert_eq!(layout.with_file(whole.file()), whole, "nothing else differs");
            }
        }
    }
}
