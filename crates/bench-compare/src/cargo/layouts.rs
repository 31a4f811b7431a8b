//! Links bench targets again, with their sections in other orders.
//!
//! Moving a function can change its time by a few per cent (Mytkowicz et al., "Producing wrong data without doing
//! anything obviously wrong!", ASPLOS 2009), and so can moving it at random, which makes it possible to average over
//! the effect (Curtsinger and Berger, "STABILIZER", ASPLOS 2013). Here the linker moves it: rustc puts each function
//! into its own section.
//!
//! Nothing is compiled for a layout. The executable is removed, so that cargo runs rustc only for the bench target,
//! with its usual arguments; rustc calls a script in place of the linker (`-C linker`), which links once normally, and
//! once for each layout, from the same object files. Cargo takes the first as the executable that it has built.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use bench_record::RunError;
use bench_report::tell;
use bench_runner::program::Program;
use bench_syntax::UsageError;

use super::Invocation;

/// The variable from which cargo takes a wrapper of rustc with the highest precedence.
const WRAPPER_VARIABLE: &str = "RUSTC_WRAPPER";

/// Returns the same programs, each with `layouts` layouts of its code; unchanged if that is one. Layouts of an
/// executable that has not changed are used again.
///
/// # Errors
/// [`RunError::Usage`] if the linker does not put sections in another order, or if cargo fails.
pub(crate) fn relink(
    programs: Vec<Program>,
    invocation: Invocation<'_>,
    layouts: usize,
) -> Result<Vec<Program>, RunError> {
    if layouts <= 1 {
        return Ok(programs);
    }
    if bench_os::IS_PORTABLE {
        let message =
            "expected Linux, whose linkers can put sections in another order: leave `--layouts` out here";
        return Err(UsageError(message.to_owned()).into());
    }
    let outdated: Vec<Executable> = programs
        .iter()
        .map(|program| Executable(program.path().to_owned()))
        .filter(|executable| !executable.has(layouts))
        .collect();
    if !outdated.is_empty() {
        link(&outdated, invocation, layouts)?;
    }
    let with_layouts = |program: Program| {
        let files = Executable(program.path().to_owned()).layouts(layouts);
        program.with_layouts(files)
    };
    Ok(programs.into_iter().map(with_layouts).collect())
}

fn link(executables: &[Executable], invocation: Invocation<'_>, layouts: usize) -> Result<(), RunError> {
    let names: Vec<String> = executables.iter().map(Executable::name).collect();
    tell(&format!("linking {layouts} layouts of {}", names.join(", ")));
    let folder = executables[0].0.parent().unwrap_or(Path::new(""));
    let tools = Tools::beside(folder, &names, &executables[0].0)?;
    for executable in executables {
        executable.forget(layouts)?;
    }
    invocation.run(|command| tools.dress(command, layouts))?;
    executables.iter().try_for_each(|executable| executable.check(layouts, &tools))
}

/// The tools that are called between cargo, rustc and the linker; removed when dropped.
struct Tools(PathBuf);

impl Tools {
    /// Writes the tools next to the executables, because files in a temporary folder may not be executable. They have
    /// the permissions of `executable`.
    fn beside(folder: &Path, names: &[String], executable: &Path) -> Result<Self, RunError> {
        let tools = Tools(folder.join(format!("bench-layouts-{}", std::process::id())));
        let outputs = names.join("\n") + "\n";
        let write = || -> io::Result<()> {
            fs::create_dir_all(&tools.0)?;
            fs::write(tools.0.join("outputs"), outputs)?;
            for (name, text) in [
                ("rustc.sh", include_str!("layouts/rustc.sh")),
                ("linker.sh", include_str!("layouts/linker.sh")),
            ] {
                fs::write(tools.0.join(name), text)?;
                fs::set_permissions(tools.0.join(name), fs::metadata(executable)?.permissions())?;
            }
            Ok(())
        };
        write().map_err(|error| RunError::io("write the tools of layouts to", &tools.0, error))?;
        Ok(tools)
    }

    /// Makes cargo run rustc through these tools. A wrapper that a variable names is still used.
    fn dress(&self, command: &mut Command, layouts: usize) {
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let rustc = self.0.join("rustc.sh");
        let wrapper = match named(WRAPPER_VARIABLE) {
            Some(wrapper) => {
                command.env(WRAPPER_VARIABLE, &rustc);
                Some(wrapper)
            }
            // Not by the variable: a build script may ask to be run again when the variable changes.
            None => {
                // A string in JSON is the same string in TOML.
                let path = serde_json::Value::from(rustc.to_string_lossy());
                command.arg("--config").arg(format!("build.rustc-wrapper={path}"));
                named("CARGO_BUILD_RUSTC_WRAPPER")
            }
        };
        command
            .env("BENCH_LAYOUTS", &self.0)
            .env("BENCH_LAYOUTS_NUMBER", layouts.to_string())
            .env("BENCH_LAYOUTS_WRAPPER", wrapper.unwrap_or_default());
    }

    /// Returns the message of the linker if it did not put the sections of this executable in another order.
    fn refusal(&self, name: &str) -> Option<String> {
        let said = fs::read_to_string(self.0.join(format!("{name}.refusal"))).ok()?;
        let line = said.lines().find(|line| line.contains("shuffle")).or_else(|| said.lines().next());
        line.map(|line| line.trim().to_owned())
    }
}

impl Drop for Tools {
    fn drop(&mut self) {
        // A folder that cannot be removed only takes space.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An executable that cargo has built. Its layouts are next to it, so that they find the same files and libraries.
struct Executable(PathBuf);

impl Executable {
    fn name(&self) -> String {
        self.0.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.0.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    fn layouts(&self, layouts: usize) -> Vec<PathBuf> {
        (1..=layouts).map(|number| self.beside(&format!("-layout-{number}"))).collect()
    }

    /// Returns the path of the file that records the hash of the executable and the number of its layouts.
    fn note(&self) -> PathBuf {
        self.beside("-layouts")
    }

    /// Whether there are at least `layouts` layouts of the executable as it is now.
    fn has(&self, layouts: usize) -> bool {
        let note = fs::read_to_string(self.note()).unwrap_or_default();
        let Some((hash, known)) = note.trim().split_once(' ') else { return false };
        known.parse().is_ok_and(|known: usize| known >= layouts)
            && contents(&self.0).is_ok_and(|own| own == hash)
            && self.layouts(layouts).iter().all(|file| file.exists())
    }

    /// Removes the executable, so that cargo links it again, and its layouts, which could be taken for new ones.
    fn forget(&self, layouts: usize) -> Result<(), RunError> {
        let others = std::iter::once(self.note()).chain(self.layouts(layouts));
        for file in others.chain([self.0.clone()]) {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(RunError::io("remove", file, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Records the layouts of the executable, if there are as many as requested and all are different.
    fn check(&self, layouts: usize, tools: &Tools) -> Result<(), RunError> {
        let name = self.name();
        if let Some(said) = tools.refusal(&name) {
            return Err(no_other_order(&name, layouts, &format!("it said `{said}`")));
        }
        let hashed: io::Result<Vec<String>> =
            self.layouts(layouts).iter().map(|file| contents(file)).collect();
        let Ok(hashed) = hashed else {
            return Err(no_other_order(&name, layouts, "rustc was not run for it, or called no linker"));
        };
        if hashed.iter().collect::<BTreeSet<_>>().len() < layouts {
            return Err(no_other_order(&name, layouts, "it made the same executable more than once"));
        }
        contents(&self.0)
            .and_then(|own| fs::write(self.note(), format!("{own} {layouts}\n")))
            .map_err(|error| RunError::io("note the layouts of", &self.0, error))
    }
}

fn no_other_order(name: &str, layouts: usize, found: &str) -> RunError {
    UsageError(format!(
        "the linker of {name} did not put its sections in {layouts} orders, as `--layouts {layouts}` needs: {found}. Link with \
         LLVM's lld, which rustc 1.90 and newer do by themselves on x86-64 Linux if nothing else is configured \
         (`-C link-arg=-fuse-ld=lld` elsewhere, with lld installed), or with mold; or leave `--layouts` out"
    ))
    .into()
}

/// Returns a hash of a file's contents, which is only valid on this machine.
fn contents(path: &Path) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    hasher.write(&fs::read(path)?);
    Ok(format!("{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests;
