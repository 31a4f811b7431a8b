//! The shared table by which processes of other harnesses take turns.

use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use bench_os::turns::{INTERPOSER, Turns, make_private_folder};
use bench_stats::seed;

/// A table of turns, with the library that processes need to take turns; its folder is removed when dropped.
pub(super) struct TurnTable {
    turns: Arc<Turns>,
    _folder: Folder,
}

impl TurnTable {
    /// Compiles the library, which takes less than a second, and creates the table.
    ///
    /// # Errors
    /// The reason why samples of other harnesses cannot take turns here, and the consequence.
    pub(super) fn set() -> Result<Self, String> {
        Self::try_set().map_err(|why| {
            format!(
                "the sides took turns by whole rounds and not by samples, so only larger changes can be detected \
                 ({why})"
            )
        })
    }

    fn try_set() -> Result<Self, String> {
        if bench_os::IS_PORTABLE {
            return Err("only Linux can make processes wait for each other".to_owned());
        }
        let folder = Folder::new().map_err(|error| format!("no temporary folder can be made: {error}"))?;
        let (source, library) = (folder.0.join("interposer.rs"), folder.0.join("libinterposer.so"));
        fs::write(&source, INTERPOSER)
            .map_err(|error| format!("{} cannot be written: {error}", source.display()))?;
        let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(&compiler);
        command.args(["--edition", "2021", "--crate-type", "cdylib", "--crate-name", "interposer"]);
        command.args(["-O", "-C", "panic=abort", "-C", "strip=symbols", "-o"]).arg(&library).arg(&source);
        // Outside of the project, which may pin an old toolchain.
        command.current_dir(&folder.0);
        let compiler = compiler.to_string_lossy();
        let compiled = command
            .output()
            .map_err(|error| format!("`{compiler}`, which their turns need, cannot be started: {error}"))?;
        if !compiled.status.success() {
            let said = String::from_utf8_lossy(&compiled.stderr);
            let said = said.lines().find(|line| line.starts_with("error")).unwrap_or("and prints nothing");
            return Err(format!("`{compiler}`, which their turns need, fails: {said}"));
        }
        let turns = Turns::set(&folder.0.join("table"), &library)
            .map_err(|error| format!("their table cannot be set: {error}"))?;
        Ok(TurnTable { turns: Arc::new(turns), _folder: folder })
    }

    pub(super) fn turns(&self) -> &Arc<Turns> {
        &self.turns
    }
}

/// A folder for this process only, removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        // Another user must not be able to write into it: its library is loaded into processes.
        let name = format!("bench-turns-{}-{:016x}", std::process::id(), seed::clock_seed());
        let folder = env::temp_dir().join(name);
        make_private_folder(&folder)?;
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that is left is small, and in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
#[cfg(all(target_os = "linux", not(bench_portable)))]
mod tests {
    use std::process::{Child, Stdio};

    use super::*;

    /// A worker that repeatedly reads the clock and works for a fifth of a millisecond; prints each reading, and the
    /// begin and end of each work.
    const WORKER: &str = "
import time
for _ in range(50):
    clock = time.monotonic()
    began = time.time()
    while time.time() < began + 2e-4: pass
    print(f'{clock:.9f} {began:.9f} {time.time():.9f}')
";

    /// Returns the path of the interpreter itself: `python3` may be a script that starts it, and would take its turns.
    fn python() -> String {
        let asked = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
        String::from_utf8(asked.expect("python3 starts").stdout).expect("text").trim().to_owned()
    }

    fn start(turns: &Turns, seat: u32) -> Child {
        // Sets the variables for a seat as an adapter does for the processes that it starts.
        let mut led = Command::new("");
        turns.lead(&mut led, seat);
        let mut command = Command::new(python());
        for (name, value) in led.get_envs() {
            let name =
                if name == bench_os::turns::INTERPOSER_VARIABLE { "LD_PRELOAD".as_ref() } else { name };
            command.env(name, value.expect("a value"));
        }
        command.args(["-c", WORKER]).stdout(Stdio::piped()).spawn().expect("python3 starts")
    }

    /// Waits for a worker to end, and parses the lines that it has printed.
    fn ended(child: Child) -> Vec<[f64; 3]> {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success());
        let numbers = |line: &str| -> Vec<f64> {
            line.split(' ').map(|word| word.parse().expect("a number")).collect()
        };
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines().map(|line| numbers(line).try_into().expect("three")).collect()
    }

    #[test]
    fn two_processes_never_work_at_once_and_see_no_pause() {
        let table = TurnTable::set().expect("a table");
        let turns = table.turns();
        turns.begin(true);
        let both = [start(turns, 0), start(turns, 1)].map(ended);
        for [_, began, end] in &both[0] {
            for [_, other_began, other_end] in &both[1] {
                assert!(end <= other_began || other_end <= began, "at once: {both:?}");
            }
        }
        assert!(turns.handed_over() >= 90, "{}", turns.handed_over());
        assert_eq!(turns.threads(), Some(0));
        for (lines, others) in [(&both[0], &both[1]), (&both[1], &both[0])] {
            assert!(lines.windows(2).all(|pair| pair[0][0] < pair[1][0]), "{lines:?}");
            // While the other process worked, the clock of this one stood still.
            let ([clock, from, _], [later, to, _]) = (lines[0], lines[49]);
            let within = others.iter().filter(|[_, began, end]| from < *began && *end < to);
            let worked: f64 = within.map(|[_, began, end]| end - began).sum();
            let stood_still = (to - from) - (later - clock);
            assert!(stood_still > 0.9 * worked && worked > 0.0, "{stood_still} s of {worked} s");
        }
    }

    #[test]
    fn who_is_alone_waits_for_nobody() {
        let table = TurnTable::set().expect("a table");
        let turns = table.turns();
        turns.begin(false);
        assert_eq!(turns.threads(), None, "neither side has started");
        let one = ended(start(turns, 0));
        // A process that leaves its seat without having taken a turn.
        turns.begin(true);
        let other = start(turns, 1);
        turns.leave(0);
        assert_eq!([one.len(), ended(other).len()], [50, 50]);
        assert_eq!(turns.threads(), None, "one side has left");
    }
}
