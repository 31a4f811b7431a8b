//! Finds valgrind, starts it around a worker, and reads its results.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::{fs, io};

use super::dump::{self, Dump};
use super::environment::padding;
use crate::litter::CALLGRIND;
use crate::program::Program;
use bench_os::IS_PORTABLE;
use bench_protocol::{CHANNEL_VARIABLE, ChannelAddress, PADDING_VARIABLE, Part};
use bench_record::{Counts, Events, RoundCounts, RunError};
use bench_stats::seed::{clock_seed, mix};
use bench_syntax::UsageError;

/// The options that determine the counts. The caches are not those of any particular machine, but the same everywhere,
/// so that records of two machines can be compared: 32 KiB for each first-level cache, 8 MiB for the last level, lines
/// of 64 bytes.
const OPTIONS: [&str; 5] =
    ["--tool=callgrind", "--cache-sim=yes", "--I1=32768,8,64", "--D1=32768,8,64", "--LL=8388608,16,64"];

/// The options that do not affect the counts: option files of the user are ignored, and output files are kept short.
const OUTPUT_OPTIONS: [&str; 4] =
    ["--command-line-only=yes", "--quiet", "--sigill-diagnostics=yes", "--dump-line=no"];

/// The maximum number of dumps that are read from a worker, which requests one at each mark.
const MOST_DUMPS: usize = 100_000;

/// Valgrind, and the folder it writes into, which is removed with this value.
pub struct Valgrind {
    version: String,
    folder: PathBuf,
}

impl Valgrind {
    /// Asks valgrind for its version. Errors name `flag`, which has requested counts.
    ///
    /// # Errors
    /// If valgrind does not support this system, or is not installed; if no temporary folder can be created.
    pub fn find(flag: &str) -> Result<Self, RunError> {
        if IS_PORTABLE || !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            return Err(
                UsageError(format!("`{flag}` needs Linux on x86_64 or aarch64: measure time here")).into()
            );
        }
        let version = version(Command::new("valgrind").arg("--version").output(), flag)?;
        Ok(Valgrind { version, folder: temporary_folder()? })
    }

    /// The command that starts `program` under valgrind.
    pub fn command(&self, program: &Program) -> Command {
        let mut command = Command::new("valgrind");
        command
            .args(OPTIONS)
            .args(OUTPUT_OPTIONS)
            .arg(self.option("--callgrind-out-file=", "counts.%p"))
            .arg(self.option("--log-file=", "log.%p"))
            .arg(program.path())
            .args(program.arguments())
            .env_remove("VALGRIND_OPTS");
        let channel = (
            OsString::from(CHANNEL_VARIABLE),
            OsString::from(ChannelAddress::Inherited { descriptor: 0, runner: 0 }.to_string()),
        );
        let variables: Vec<(OsString, OsString)> =
            std::env::vars_os().filter(|(name, _)| name != "VALGRIND_OPTS").chain([channel]).collect();
        // The program's path is on the stack twice: as its first argument, and for its loader.
        let path = program.path().as_os_str();
        let texts = [path, path].into_iter().chain(program.arguments().iter().map(OsString::as_os_str));
        let variables = variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()));
        program.dress(&mut command);
        command.env(PADDING_VARIABLE, padding(variables, texts));
        command
    }

    /// Formats an option that names a file in the folder, in which `%p` stands for the process.
    fn option(&self, option: &str, name: &str) -> OsString {
        let folder = self.folder.to_string_lossy().replace('%', "%%");
        OsString::from(format!("{option}{folder}/{name}"))
    }

    /// Returns the counts of a worker that has ended, and removes its files.
    ///
    /// # Errors
    /// The reason why the counts are missing.
    pub fn counts(&self, worker: u32) -> Result<RoundCounts, String> {
        let dumps = self.dumps(worker)?;
        let last = |part: Part, what: &str| -> Result<Events, String> {
            let found = dumps.iter().rev().find(|dump| dump.part == Some(part));
            found.map(|dump| dump.events).ok_or_else(|| {
                format!(
                    "valgrind has counted nothing for {what}: does the case do its work in another process?"
                )
            })
        };
        let harness = last(Part::Empty, "the harness")?;
        let mut counts = RoundCounts::default();
        counts.iteration = Counts::of(&last(Part::Iteration, "the iteration")?, &harness);
        counts.first_call = Counts::of(&last(Part::FirstCall, "the first call")?, &harness);
        counts.subtracted_instructions = harness.ir;
        counts.valgrind.clone_from(&self.version);
        counts.options = OPTIONS.join(" ");
        Ok(counts)
    }

    /// The dumps of a worker, in order of time.
    fn dumps(&self, worker: u32) -> Result<Vec<Dump>, String> {
        let mut dumps = Vec::new();
        for number in 1..=MOST_DUMPS {
            let path = self.folder.join(format!("counts.{worker}.{number}"));
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
            };
            dumps.push(dump::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?);
            // The folder is removed in the end, so a file that stays until then is not an error.
            let _ = fs::remove_file(&path);
        }
        Ok(dumps)
    }

    /// Returns the reason why valgrind, and not the program, has ended a worker, if it reports one.
    pub fn diagnosis(&self, worker: u32) -> Option<String> {
        let log = fs::read_to_string(self.folder.join(format!("log.{worker}"))).ok()?;
        diagnose(&log, &self.version)
    }
}

impl Drop for Valgrind {
    fn drop(&mut self) {
        // Files that remain in the temporary folder do no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Creates a folder that no other process uses.
fn temporary_folder() -> Result<PathBuf, RunError> {
    let mut number = clock_seed();
    loop {
        let folder =
            std::env::temp_dir().join(format!("{CALLGRIND}{:010}-{number:016x}", std::process::id()));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                number = mix(number.wrapping_add(1))
            }
            Err(error) => return Err(RunError::io("create the folder", folder, error)),
        }
    }
}

/// Returns the version in the answer to `valgrind --version`: `valgrind-3.19.0`.
fn version(answer: io::Result<std::process::Output>, flag: &str) -> Result<String, UsageError> {
    let install = format!(
        "install it (Debian, Ubuntu: `apt-get install valgrind`; Fedora: `dnf install valgrind`; Arch: `pacman -S \
         valgrind`), or leave `{flag}` out"
    );
    let output = answer.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            UsageError(format!("`{flag}` needs valgrind, which is not in $PATH: {install}"))
        }
        _ => UsageError(format!("`{flag}` needs valgrind, which cannot be started ({error}): {install}")),
    })?;
    let said = String::from_utf8_lossy(&output.stdout);
    said.trim().strip_prefix("valgrind-").map(str::to_owned).ok_or_else(|| {
        UsageError(format!(
            "`valgrind --version` printed `{}` ({}), not `valgrind-` and a version: {install}",
            said.trim(),
            output.status
        ))
    })
}

/// Explains from valgrind's log why a program could not be run to its end; `None` if the log has no explanation.
fn diagnose(log: &str, version: &str) -> Option<String> {
    // A line of valgrind's own begins with `==1234== ` or `--1234-- `.
    let told = |line: &str| {
        line.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '=' | '-' | ' ')).to_owned()
    };
    let line = |text: &str| log.lines().find(|line| line.contains(text)).map(told);
    if let Some(unknown) = line("unhandled instruction").or_else(|| line("Unrecognised instruction")) {
        return Some(format!(
            "valgrind {version} does not know an instruction of this program: build it with {ADVICE}, and libraries \
             in C likewise, or try a newer valgrind ({unknown})"
        ));
    }
    let crash = line("the 'impossible' happened").or_else(|| line("Fatal error"))?;
    Some(format!("valgrind {version} has crashed, and another version may do better ({crash})"))
}

/// The compiler flags for the newest instruction sets that valgrind knows.
#[cfg(target_arch = "x86_64")]
const ADVICE: &str = "RUSTFLAGS='-C target-cpu=x86-64-v3' (AVX2), not `native` (AVX-512, SHA)";
/// The compiler flags for the newest instruction sets that valgrind knows.
#[cfg(not(target_arch = "x86_64"))]
const ADVICE: &str = "RUSTFLAGS='-C target-cpu=generic', not `native` (SVE)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_instruction_is_recognised() {
        let log = "vex amd64->IR: unhandled instruction bytes: 0x62 0xF1 0xF7 0x8\n\
                   ==6262== valgrind: Unrecognised instruction at address 0x40395d.\n\
                   ==6262== Your program just tried to execute an instruction that Valgrind\n";
        let told = diagnose(log, "3.19.0").expect("a diagnosis");
        assert!(told.contains("valgrind 3.19.0 does not know"), "{told}");
        let other =
            diagnose("==6262== valgrind: Unrecognised instruction at address 0x40395d.\n", "3").expect("one");
        assert!(other.contains("(valgrind: Unrecognised instruction at address 0x40395d.)"), "{other}");
        assert!(told.contains("0x62 0xF1") && told.contains("-C target-cpu="), "{told}");
        let crash =
            diagnose("==1== \nvalgrind: the 'impossible' happened:\n   oops\n", "3.19.0").expect("one");
        assert!(crash.contains("has crashed") && crash.contains("'impossible' happened"), "{crash}");
        assert_eq!(
            diagnose("==6262== Process terminating with default action of signal 6 (SIGABRT)\n", "3"),
            None
        );
    }

    #[test]
    fn a_missing_valgrind_says_how_to_install_it() {
        let refused = |answer| version(answer, "--a-flag").expect_err("no valgrind").to_string();
        let missing = refused(Err(io::ErrorKind::NotFound.into()));
        assert!(missing.starts_with("`--a-flag` needs valgrind, which is not in $PATH"), "{missing}");
        assert!(missing.contains("apt-get install valgrind"), "{missing}");
        let forbidden = refused(Err(io::ErrorKind::PermissionDenied.into()));
        assert!(forbidden.contains("cannot be started"), "{forbidden}");
        let other = refused(Command::new("true").output());
        assert!(other.contains("printed ``"), "{other}");
    }

    #[test]
    fn what_was_not_counted_is_named() {
        let valgrind = Valgrind { version: "3".to_owned(), folder: temporary_folder().expect("a folder") };
        let file = |number: usize, part: &str, ir: u64| {
            let text = format!(
                "desc: Trigger: Client Request: {part}\nevents: Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw\ntotals: {ir}\n"
            );
            fs::write(valgrind.folder.join(format!("counts.7.{number}")), text).expect("written");
        };
        file(1, "first_call", 900);
        file(2, "warm_up", 800);
        assert!(valgrind.counts(7).expect_err("no iteration").contains("nothing for"));
        for (number, (part, ir)) in
            [("first_call", 900), ("iteration", 110), ("empty", 30), ("empty", 10)].into_iter().enumerate()
        {
            file(number + 1, part, ir);
        }
        let counts = valgrind.counts(7).expect("all are there");
        assert_eq!((counts.iteration.instructions, counts.first_call.instructions), (100, 890));
        assert_eq!(counts.subtracted_instructions, 10);
        assert!(valgrind.counts(7).is_err(), "the files are gone");
        let folder = valgrind.folder.clone();
        drop(valgrind);
        assert!(!folder.exists());
    }
}
