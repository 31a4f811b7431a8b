//! `--save-baseline NAME` keeps executables, and `--baseline NAME` compares with them: both programs take turns, which
//! detects much smaller changes than a comparison with earlier figures.

use std::fs;
use std::path::{Path, PathBuf};

use bench_record::{Folder, RunError, exit};
use bench_report::tell;
use bench_syntax::UsageError;

use super::Host;
use super::against;
use super::flags::Flags;
use crate::program::{Kind, Opened, Program, names_interpreter};
use crate::run::{self, Options};

/// The folder of kept executables in a run directory.
const EXECUTABLES: &str = "executables";

/// Keeps the executables whose cases were run, in the run directory `folder`.
///
/// # Errors
/// When one cannot be copied.
pub(super) fn keep(programs: &[Opened], options: &Options, folder: &Path) -> Result<(), RunError> {
    let kept = folder.join(EXECUTABLES);
    fs::create_dir_all(&kept).map_err(|error| RunError::io("keep the executables", &kept, error))?;
    for (program, _) in chosen(programs, options)? {
        let Some(file) = lasting(program) else {
            tell(&format!(
                "{} is not kept for `--baseline`: it is a script, which may need other files of its folder",
                program.name()
            ));
            continue;
        };
        let copy = kept.join(program.name());
        if copy.exists() {
            tell(&format!(
                "{} is not kept for `--baseline`: another executable of this run has the same name",
                file.display()
            ));
            continue;
        }
        // A copy, not a link: the next build may write into the same file.
        fs::copy(&file, &copy).map_err(|error| RunError::io("keep the executable", &file, error))?;
    }
    Ok(())
}

/// Compares the executables that were kept as `name` with the current ones in a live comparison. Returns the exit code.
///
/// # Errors
/// When there is no such run, or it has kept no executable of a program whose cases are chosen.
pub(super) fn compare(host: &Host<'_>, flags: &Flags, options: &Options, name: &str) -> Result<u8, RunError> {
    let programs = (host.open)()?;
    let chosen = chosen(&programs.opened, options)?;
    let run = Folder::resolve(options.results(), name)?;
    let run = if run.is_dir() { run } else { run.parent().map(Path::to_owned).unwrap_or_default() };
    let mut sides: Vec<(&Program, Vec<&str>, PathBuf)> = Vec::new();
    for (program, ids) in chosen {
        let kept = run.join(EXECUTABLES).join(program.name());
        if !kept.is_file() {
            return Err(UsageError(format!(
                "the run `{name}` has no saved executable of {}: {} does not exist. Save it with `--save-baseline {name}`, or use \
                 `--compare {name}` to compare with the figures of that run",
                program.name(),
                kept.display()
            ))
            .into());
        }
        sides.push((program, ids, kept));
    }
    let mut worst = exit::OK;
    for (program, ids, kept) in sides {
        let file = lasting(program).unwrap_or_else(|| program.file().to_owned());
        let candidate =
            std::path::absolute(&file).map_err(|error| RunError::io("find the executable", &file, error))?;
        let mut command = against::compare("--baseline", host, flags, options, &ids, [kept, candidate])?;
        program.dress(&mut command);
        worst = exit::graver(worst, against::exit_code(&mut command)?);
        if worst == exit::INTERRUPTED {
            break;
        }
    }
    Ok(worst)
}

/// Returns the programs of the chosen cases, each with the ids of its cases.
fn chosen<'a>(
    programs: &'a [Opened],
    options: &Options,
) -> Result<Vec<(&'a Program, Vec<&'a str>)>, RunError> {
    let mut chosen: Vec<(&Program, Vec<&str>)> = Vec::new();
    for (opened, case) in run::select(programs, options)? {
        match chosen.last_mut() {
            Some((program, ids)) if std::ptr::eq(*program, &opened.program) => ids.push(&case.id),
            _ => chosen.push((&opened.program, vec![&case.id])),
        }
    }
    Ok(chosen)
}

/// Returns the file of a program if a copy in another folder can be started; `None` if not.
fn lasting(program: &Program) -> Option<PathBuf> {
    if program.kind() == Kind::Own {
        // The link that names this process would name another one later.
        return std::env::current_exe().ok();
    }
    let is_script = program.kind() == Kind::Python || names_interpreter(program.file());
    (!is_script).then(|| program.file().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_its_surroundings_is_not_kept() {
        let folder = tempfile::tempdir().expect("folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("written");
            path
        };
        let lasts = |path: &Path, kind: Kind| {
            let program = Program::executable(path).expect("a file").of_kind(kind);
            lasting(&program).is_some()
        };
        assert!(lasts(&write("binary", "\u{7f}ELF"), Kind::Executable));
        assert!(!lasts(&write("script", "#!/bin/sh\n"), Kind::Executable));
        // A file that cannot be executed by itself names no interpreter.
        assert!(!lasts(&write("speed.py", "import this\n"), Kind::Python));
    }
}
