//! Connections to the program that contains the function.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bench_core::Error;
use bench_load::Request;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use super::answer::{Answered, Kind};
use super::input::Input;

/// The maximum length of an answer, in bytes. It contains figures and no pictures: a longer one is an error.
const LONGEST: u64 = 1 << 20;

/// The connections to a program that serves requests, one at a time on each connection.
pub(crate) struct Server {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Server {
    /// Connects to the program that listens at `path`, and passes it the inputs that were `made` for it.
    ///
    /// # Errors
    /// When the program does not listen.
    pub(crate) fn connect(path: &Path, made: Option<&Value>) -> io::Result<Self> {
        let mut first = Connection::open(path)?;
        if let Some(inputs) = made {
            first.send(&json!({ "inputs": inputs }))?;
        }
        Ok(Server { path: path.to_owned(), idle: Mutex::new(vec![first]) })
    }

    /// Has the program serve one request, and records the marks that it reports.
    ///
    /// # Errors
    /// When the function has raised an error, or the program has ended.
    pub(crate) fn serve(&self, input: &Input, request: &Request) -> Result<Answered, Error> {
        // The lock is released before the program is asked.
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let gone = |error: io::Error| Error::failure(format!("the program that serves has exited: {error}"));
        let mut connection = idle.map_or_else(|| Connection::open(&self.path), Ok).map_err(gone)?;
        let answered = connection.ask(input.number).map_err(gone)?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        let clock = Clock::now();
        for (kind, at, holds) in &answered.marks {
            match kind {
                Kind::Output => request.output_at(clock.at(*at), *holds),
                Kind::Answer => request.answer_at(clock.at(*at)),
                Kind::Step => request.step_at(clock.at(*at)),
            }
        }
        request.end_at(clock.at(answered.end));
        match answered.error {
            Some(error) => Err(Error::failure(error)),
            None => Ok(answered),
        }
    }
}

struct Connection {
    stream: BufReader<UnixStream>,
    line: String,
}

impl Connection {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Connection { stream: BufReader::new(UnixStream::connect(path)?), line: String::new() })
    }

    fn send(&mut self, message: &Value) -> io::Result<()> {
        self.stream.get_mut().write_all(format!("{message}\n").as_bytes())
    }

    fn ask(&mut self, input: usize) -> io::Result<Answered> {
        self.send(&json!({ "input": input }))?;
        self.line.clear();
        let read = (&mut self.stream).take(LONGEST).read_line(&mut self.line)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(serde_json::from_str(&self.line)?)
    }
}

/// The same moment on the clock of this process and on the clock that the program reads, `CLOCK_MONOTONIC`.
struct Clock {
    here: Instant,
    there_ns: u64,
}

impl Clock {
    fn now() -> Self {
        let time = clock_gettime(ClockId::Monotonic);
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        let there_ns = seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or_default();
        Clock { here: Instant::now(), there_ns }
    }

    fn at(&self, there_ns: u64) -> Instant {
        let apart = Duration::from_nanos(self.there_ns.abs_diff(there_ns));
        let at = if there_ns > self.there_ns {
            self.here.checked_add(apart)
        } else {
            self.here.checked_sub(apart)
        };
        at.unwrap_or(self.here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_of_the_other_clock_is_as_far_away_as_there() {
        let clock = Clock::now();
        let moment = |ns| clock.at(ns);
        assert_eq!(moment(clock.there_ns), clock.here);
        assert_eq!(clock.here - moment(clock.there_ns - 500), Duration::from_nanos(500));
        assert_eq!(moment(clock.there_ns + 500) - clock.here, Duration::from_nanos(500));
    }
}
