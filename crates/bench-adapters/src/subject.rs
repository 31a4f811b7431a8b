//! The executable, and its processes.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bench_os::turns::Seat;

/// The interval between two checks of whether a process has ended.
const LOOK: Duration = Duration::from_millis(5);

/// An executable of another harness, with the arguments that the user has given for it.
#[derive(Debug)]
pub(crate) struct Subject {
    executable: PathBuf,
    arguments: Vec<OsString>,
    /// The seat from which its processes take turns with those of another executable; `None` if they do not.
    seat: Option<Seat>,
}

/// The output of a process, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    /// The time from its start to its end.
    pub(crate) wall: Duration,
    /// The largest memory that was observed, in bytes.
    pub(crate) peak_memory: Option<u64>,
}

impl Subject {
    pub(crate) fn new(executable: PathBuf, arguments: Vec<OsString>) -> Self {
        Subject { executable, arguments, seat: Seat::from_environment() }
    }

    pub(crate) fn executable(&self) -> &Path {
        &self.executable
    }

    /// Returns the command that starts it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command.args(&self.arguments).stdin(Stdio::null());
        bench_os::end_with_this_thread(&mut command);
        if let Some(seat) = &self.seat {
            seat.dress(&mut command);
        }
        command
    }

    /// Records that everything has been timed. From now on, the process that takes turns with this one has the
    /// processor alone, until it reaches the same point.
    pub(crate) fn is_timed(&self) {
        if let Some(seat) = &self.seat {
            seat.leave();
            seat.wait_for_the_other();
        }
    }

    /// Runs the command to its end, and keeps its stdout; its stderr is dropped. Without `patience` it has no time
    /// limit.
    pub(crate) fn run(&self, command: &mut Command, patience: Option<Duration>) -> Result<Ended, String> {
        let began = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| self.cannot_start(&error))?;
        let stdout = reader(child.stdout.take());
        let mut peak_memory = None;
        let status = loop {
            peak_memory = peak_memory.max(bench_os::high_water_mark_of(child.id()));
            if let Some(status) =
                child.try_wait().map_err(|error| format!("it cannot be waited for: {error}"))?
            {
                break status;
            }
            if patience.is_some_and(|patience| began.elapsed() > patience) {
                end(&mut child);
                return Err(format!("{} had not ended after {} s", self.shown(), began.elapsed().as_secs()));
            }
            thread::sleep(LOOK);
        };
        let wall = began.elapsed();
        let stdout = String::from_utf8_lossy(&stdout.join().unwrap_or_default()).into_owned();
        Ok(Ended { status, stdout, wall, peak_memory })
    }

    pub(crate) fn cannot_start(&self, error: &io::Error) -> String {
        format!("{} cannot be started: {error}", self.shown())
    }

    fn shown(&self) -> String {
        self.executable.display().to_string()
    }
}

/// Reads to the end in a separate thread, so that the process is never stopped by a full pipe.
fn reader(stream: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    /// The largest output that can be a report of a harness, in bytes.
    const MOST: u64 = 64 << 20;
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // If reading fails, the bytes that were read before are used.
            let _ = stream.by_ref().take(MOST).read_to_end(&mut bytes);
            let _ = io::copy(&mut stream, &mut io::sink());
        }
        bytes
    })
}

/// Ends a process at once.
pub(crate) fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

/// Lets a process end by itself, and returns its status; after `patience`, kills it and returns `None`.
pub(crate) fn let_end(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let began = Instant::now();
    while began.elapsed() < patience {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => thread::sleep(LOOK),
            Err(_) => break,
        }
    }
    end(child);
    None
}
