//! A worker process and its messages.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::process::{Command as Process, ExitStatus};
use std::time::{Duration, Instant};

use crate::rounds::Interrupt;
use crate::rounds::output::Tail;
use bench_os as sys;
use bench_os::{Offer, Ready, Source, Supervised, Wake};
use bench_protocol::{CHANNEL_VARIABLE, ChannelAddress, Command, Frame, LONGEST_FRAME, json, write_message};
use bench_syntax::quantity::Bytes;

/// Takes a frame, or returns the fault in it.
pub(crate) type Take<'a> = dyn FnMut(Frame) -> Result<(), String> + 'a;

/// The interval at which a worker's memory is read. A process that touches memory as fast as it can takes a few
/// hundred megabytes in this time.
pub const LOOK_AT_MEMORY: Duration = Duration::from_millis(50);

/// A worker process, and the runner's ends of its streams.
pub struct Worker {
    process: Supervised,
    /// The buffer for one read. It is reused, because a batch takes only 0.1 ms, and clearing a new buffer for each
    /// answer would take a part of that.
    chunk: Box<[u8]>,
    received: Vec<u8>,
    /// The time of the last search for processes that it has started, and their ids; `None` before the first search.
    started: Option<(Instant, Vec<u32>)>,
}

/// Reads one stream of a worker.
struct Stream<'a>(&'a mut Supervised, Source);

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(self.1, buffer)
    }
}

/// Returns the address of the runner for a worker.
fn address(offer: Offer<'_>) -> String {
    match offer {
        Offer::Inherited { descriptor, runner } => ChannelAddress::Inherited { descriptor, runner },
        Offer::Loopback { port, token } => {
            ChannelAddress::Loopback { port, token: token.as_str().to_owned() }
        }
    }
    .to_string()
}

impl Worker {
    /// Starts a program as a worker.
    pub fn start(program: Process) -> io::Result<Self> {
        let process = Supervised::start(program, CHANNEL_VARIABLE, address)?;
        let chunk = vec![0; 64 << 10].into_boxed_slice();
        Ok(Worker { process, chunk, received: Vec::new(), started: None })
    }

    /// Sends a command to the worker.
    ///
    /// # Errors
    /// When the worker has closed its end.
    pub fn command(&mut self, command: &Command) -> io::Result<()> {
        let mut line = Vec::new();
        write_message(&mut line, command)?;
        self.process.send(&line, None)
    }

    /// Sends these bytes unchanged, whether they are a command or not; gives up after `patience`.
    ///
    /// # Errors
    /// If the worker does not read them.
    pub fn send(&mut self, bytes: &[u8], patience: Duration) -> io::Result<()> {
        self.process.send(bytes, Some(patience))
    }

    /// Closes the runner's end of the channel.
    pub fn close(&mut self) {
        self.process.close(Source::Channel);
    }

    /// Whether the channel is open at both ends, as far as is known.
    pub fn is_connected(&self) -> bool {
        self.process.is_open(Source::Channel)
    }

    /// Whether something has arrived over the channel that was not taken as part of a round.
    pub fn has_more_to_say(&mut self) -> bool {
        let now = |process: &mut Supervised| process.wait(&Wake::default(), Duration::ZERO);
        !self.received.is_empty() || now(&mut self.process).is_ok_and(|ready| ready.channel)
    }

    /// Closes the channel and lets the worker exit; kills it if it has not exited after `patience`.
    pub fn retire(&mut self, patience: Duration) {
        const LOOK: Duration = Duration::from_millis(2);
        self.close();
        let until = Instant::now() + patience;
        while matches!(self.exited(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(LOOK);
        }
        self.end();
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns the exit status; `None` if the worker is still running.
    pub fn exited(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process.exited()
    }

    /// Returns the resident memory of the worker and its descendants, now. Descendants are searched for from time to
    /// time.
    pub fn resident(&mut self) -> Option<Bytes> {
        let own = sys::resident_memory(self.process.id())?;
        let is_old = |(looked, _): &(Instant, _)| looked.elapsed() >= LOOK_AT_MEMORY;
        if self.started.as_ref().is_none_or(is_old) {
            self.started = Some((Instant::now(), self.tree().into_iter().skip(1).collect()));
        }
        let started = self.started.iter().flat_map(|(_, started)| started);
        Some(Bytes(own + started.filter_map(|id| sys::resident_memory(*id)).sum::<u64>()))
    }

    /// Returns the current number of threads of the worker, or of the process with the most threads among those it has
    /// started.
    pub fn threads(&self) -> Option<usize> {
        self.tree().into_iter().filter_map(sys::threads).max()
    }

    /// Returns the processor time so far of each thread of the worker, and of the processes that it has started, in
    /// nanoseconds, by thread id. Empty if that is not known.
    pub fn thread_times(&self) -> BTreeMap<u32, u64> {
        self.tree().into_iter().filter_map(sys::thread_times).flatten().collect()
    }

    /// Moves the worker, and the processes that it has started, to these processors. If that is not allowed, the
    /// scheduler continues to choose.
    pub fn move_to(&self, processors: &sys::Processors) {
        for process in self.tree() {
            sys::move_process(process, processors);
        }
    }

    /// Stops the worker, and the processes that it has started, until it is [resumed](Self::resume).
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Resumes the worker, and the processes that it has started.
    pub fn resume(&self) {
        self.process.resume();
    }

    fn tree(&self) -> Vec<u32> {
        sys::process_tree(self.process.id())
    }

    /// Waits until there is something to read, the worker has ended, or `patience` is over.
    pub fn wait(&mut self, interrupt: &Interrupt, patience: Duration) -> io::Result<Ready> {
        self.process.wait(interrupt.wake(), patience)
    }

    /// Reads the available bytes of the channel, and passes on every whole frame.
    ///
    /// # Errors
    /// The fault in its messages.
    pub fn receive(&mut self, take: &mut Take<'_>) -> Result<(), String> {
        let searched = self.received.len();
        match self.process.read(Source::Channel, &mut self.chunk) {
            // 0: the other end is closed; the exit status shows why.
            Ok(count) => self.received.extend_from_slice(&self.chunk[..count]),
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
            Err(error) => return Err(format!("the channel broke: {error}")),
        }
        let end = self.received[searched..].iter().rposition(|byte| *byte == b'\n');
        let longest = match self.received[searched..].iter().position(|byte| *byte == b'\n') {
            // Only the first frame can have begun in an earlier chunk, and a chunk is shorter than the longest frame.
            Some(first) => searched + first,
            None => self.received.len(),
        };
        if longest > LONGEST_FRAME {
            self.received = Vec::new();
            return Err(format!(
                "expected frames of at most {} MiB, found a longer one",
                LONGEST_FRAME >> 20
            ));
        }
        let Some(end) = end else { return Ok(()) };
        let rest = self.received.split_off(searched + end + 1);
        let whole = std::mem::replace(&mut self.received, rest);
        for line in whole.strip_suffix(b"\n").unwrap_or(&whole).split(|byte| *byte == b'\n') {
            let frame: Frame = json::from_bytes(line)
                .map_err(|error| format!("expected a frame, found `{}` ({error})", excerpt(line)))?;
            take(frame)?;
        }
        Ok(())
    }

    /// Reads the worker's output, as far as it is available.
    pub fn read_output(&mut self, ready: Ready, tail: &mut Tail) {
        for (source, ready) in [(Source::Stdout, ready.stdout), (Source::Stderr, ready.stderr)] {
            // A stream that cannot be read has no more output.
            if ready && !tail.take(&mut Stream(&mut self.process, source)).unwrap_or(false) {
                self.process.close(source);
            }
        }
    }

    /// Kills the rest of the worker, and the processes it has started if the system can identify them, and reaps it.
    pub fn end(&mut self) {
        self.process.end();
    }

    /// Takes the rest of the output after the worker has ended. All processes that could write have been killed, but
    /// one that has left the group may continue to write: reading must end anyway.
    ///
    /// # Errors
    /// Same as [`Worker::receive`]; its output is read in any case.
    pub fn drain(&mut self, take: &mut Take<'_>, tail: &mut Tail) -> Result<(), String> {
        const ROUNDS: usize = 4096;
        let mut outcome = Ok(());
        for _ in 0..ROUNDS {
            let Ok(ready) = self.process.rest() else { break };
            if !ready.any() {
                break;
            }
            if ready.channel
                && let Err(wrong) = self.receive(take)
            {
                outcome = Err(wrong);
                self.process.close(Source::Channel);
            }
            self.read_output(ready, tail);
        }
        outcome
    }
}

/// The beginning of a line, for a message.
fn excerpt(line: &[u8]) -> String {
    const SHOWN: usize = 120;
    // Four bytes hold any character.
    let line = String::from_utf8_lossy(&line[..line.len().min(4 * SHOWN + 4)]);
    let shown: String = line.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if shown.len() < line.len() { format!("{shown}…") } else { shown }
}
