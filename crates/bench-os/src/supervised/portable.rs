//! Uses TCP on loopback, and separate threads that read the channel, stdout and stderr.
//!
//! Processes that the child has started are not ended with it: the standard library knows no process groups. A thread
//! that reads from a pipe which such a process holds open ends with that process.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Offer, Ready, Source};
use crate::channel::Listener;

/// The largest number of chunks that wait to be taken. A child that prints without end waits for its runner, as with a
/// pipe.
const MOST_CHUNKS: usize = 64;

/// The interval between two checks of a child that may be about to end: nothing wakes its runner then.
const LOOK: Duration = Duration::from_millis(5);

/// The time without output after which a child that has ended counts as finished, even if another process holds its
/// streams open.
const SILENCE: Duration = Duration::from_millis(500);

/// A wake that ends no wait: the standard library listens to no signals.
#[derive(Clone, Debug, Default)]
pub struct Wake;

/// A child process and our ends of its streams.
#[derive(Debug)]
pub struct Supervised {
    child: Child,
    outgoing: Arc<Mutex<Outgoing>>,
    chunks: Receiver<Chunk>,
    channel: Incoming,
    stdout: Incoming,
    stderr: Incoming,
    /// Whether the child can no longer connect.
    over: Arc<AtomicBool>,
}

/// A piece that a reading thread has read; empty at the end of the stream.
type Chunk = (Source, Vec<u8>);

/// A write to the channel.
#[derive(Debug)]
enum Outgoing {
    /// Kept until the child has connected.
    Kept(Vec<u8>),
    /// Sent to the child.
    Sent(TcpStream),
    /// Dropped: no process reads it any more.
    Closed,
}

/// The content that has been read from a stream.
#[derive(Debug, Default)]
struct Incoming {
    bytes: VecDeque<u8>,
    has_ended: bool,
    /// Whether nothing more will be taken from it: its reader has closed it, or has read its end.
    is_closed: bool,
}

impl Incoming {
    fn is_ready(&self) -> bool {
        !self.is_closed && (self.has_ended || !self.bytes.is_empty())
    }
}

impl Supervised {
    /// Starts `command`, with the offer, as `value` writes it, in the environment variable `variable`.
    ///
    /// # Errors
    /// The errors of the system.
    pub fn start(
        mut command: Command,
        variable: &str,
        value: impl FnOnce(Offer<'_>) -> String,
    ) -> io::Result<Self> {
        let listener = Listener::open()?;
        let offer = Offer::Loopback { port: listener.port()?, token: listener.token() };
        let mut child = command
            .env(variable, value(offer))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (sender, chunks) = sync_channel(MOST_CHUNKS);
        let outgoing = Arc::new(Mutex::new(Outgoing::Kept(Vec::new())));
        let over = Arc::new(AtomicBool::new(false));
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let supervised = Supervised {
            child,
            outgoing: Arc::clone(&outgoing),
            chunks,
            channel: Incoming::default(),
            stdout: Incoming::default(),
            stderr: Incoming::default(),
            over: Arc::clone(&over),
        };
        // From here on `supervised` ends the child if a thread cannot be started.
        let started = spawn(Source::Stdout, stdout, &sender)
            .and_then(|()| spawn(Source::Stderr, stderr, &sender))
            .and_then(|()| {
                let thread = thread::Builder::new().name("channel".to_owned());
                thread.spawn(move || attend(listener, &outgoing, &over, &sender)).map(drop)
            });
        match started {
            Ok(()) => Ok(supervised),
            Err(error) => {
                let mut supervised = supervised;
                supervised.end();
                Err(error)
            }
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to its channel, or keeps the bytes until the child has connected; gives up after `patience`, if that is
    /// given.
    ///
    /// # Errors
    /// `NotConnected` if the channel is closed, `BrokenPipe` if the child has exited; the errors of the system.
    pub fn send(&mut self, bytes: &[u8], patience: Option<Duration>) -> io::Result<()> {
        if self.channel.is_closed {
            return Err(ErrorKind::NotConnected.into());
        }
        match &mut *lock(&self.outgoing) {
            Outgoing::Kept(kept) => kept.extend_from_slice(bytes),
            Outgoing::Sent(stream) => {
                stream.set_write_timeout(patience)?;
                stream.write_all(bytes).map_err(|error| match error.kind() {
                    ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => ErrorKind::BrokenPipe.into(),
                    _ => error,
                })?;
            }
            Outgoing::Closed => return Err(ErrorKind::BrokenPipe.into()),
        }
        Ok(())
    }

    /// Whether a stream may still have something to read, as far as is known.
    pub fn is_open(&self, source: Source) -> bool {
        match source {
            Source::Channel => !self.channel.is_closed,
            Source::Stdout => !self.stdout.is_closed,
            Source::Stderr => !self.stderr.is_closed,
        }
    }

    /// Returns how it ended; `None` while it runs.
    ///
    /// # Errors
    /// The errors of the system.
    pub fn exited(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        if status.is_some() {
            self.over.store(true, Ordering::Relaxed);
        }
        Ok(status)
    }

    /// Waits until there is something to read or `patience` is over. The end of the child is noticed by the end of its
    /// streams, or when the caller asks again.
    ///
    /// # Errors
    /// None.
    pub fn wait(&mut self, _wake: &Wake, patience: Duration) -> io::Result<Ready> {
        let may_be_ending = [&self.channel, &self.stdout, &self.stderr].iter().any(|stream| stream.has_ended);
        Ok(self.gather(if may_be_ending { patience.min(LOOK) } else { patience }))
    }

    /// Waits a moment for more output of a child that has ended. Returns which streams have something to read.
    ///
    /// # Errors
    /// None.
    pub fn rest(&mut self) -> io::Result<Ready> {
        Ok(self.gather(SILENCE))
    }

    /// Takes the bytes that the reading threads have read; waits for some if there are none yet.
    fn gather(&mut self, patience: Duration) -> Ready {
        if !self.ready().any() {
            match self.chunks.recv_timeout(patience) {
                Ok(chunk) => self.take(chunk),
                Err(RecvTimeoutError::Timeout) => {}
                // All streams have ended, and there is nothing more to wait for but the child.
                Err(RecvTimeoutError::Disconnected) => thread::sleep(patience.min(LOOK)),
            }
        }
        for _ in 0..MOST_CHUNKS {
            let Ok(chunk) = self.chunks.try_recv() else { break };
            self.take(chunk);
        }
        self.ready()
    }

    fn take(&mut self, (source, bytes): Chunk) {
        let stream = self.stream(source);
        if bytes.is_empty() {
            stream.has_ended = true;
        } else if !stream.is_closed {
            stream.bytes.extend(bytes);
        }
    }

    fn ready(&self) -> Ready {
        Ready {
            channel: self.channel.is_ready(),
            stdout: self.stdout.is_ready(),
            stderr: self.stderr.is_ready(),
        }
    }

    fn stream(&mut self, source: Source) -> &mut Incoming {
        match source {
            Source::Channel => &mut self.channel,
            Source::Stdout => &mut self.stdout,
            Source::Stderr => &mut self.stderr,
        }
    }

    /// Reads the available bytes. Returns their number: 0 when the stream has ended, which then is never ready again.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing yet.
    pub fn read(&mut self, source: Source, chunk: &mut [u8]) -> io::Result<usize> {
        let stream = self.stream(source);
        let count = stream.bytes.read(chunk)?;
        if count == 0 && !stream.is_closed && !stream.has_ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        stream.is_closed |= count == 0;
        Ok(count)
    }

    /// Stops reading a stream.
    pub fn close(&mut self, source: Source) {
        let stream = self.stream(source);
        stream.is_closed = true;
        stream.bytes.clear();
        if source == Source::Channel {
            self.hang_up();
        }
    }

    /// Closes our end of the channel, whether the child has connected or not.
    fn hang_up(&self) {
        self.over.store(true, Ordering::Relaxed);
        if let Outgoing::Sent(stream) = std::mem::replace(&mut *lock(&self.outgoing), Outgoing::Closed) {
            // The reading thread has a copy of the connection, and the child waits for its end. It may have gone.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Does nothing: the standard library sends no signals.
    pub fn pause(&self) {}

    /// Does nothing: nothing is [paused](Self::pause).
    pub fn resume(&self) {}

    /// Kills the child, and reaps it.
    pub fn end(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // That it has exited already is not an error.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.hang_up();
    }
}

/// Locks a mutex even after a panic: its content is consistent at every moment.
fn lock(outgoing: &Mutex<Outgoing>) -> MutexGuard<'_, Outgoing> {
    outgoing.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a stream in a separate thread.
fn spawn(
    source: Source,
    stream: Option<impl Read + Send + 'static>,
    sender: &SyncSender<Chunk>,
) -> io::Result<()> {
    let sender = sender.clone();
    let thread = thread::Builder::new().name(format!("{source:?}"));
    thread.spawn(move || stream.map(|stream| hand_on(source, stream, &sender))).map(drop)
}

/// Waits for the child to connect, sends what was kept, and reads the channel.
fn attend(listener: Listener, outgoing: &Mutex<Outgoing>, over: &AtomicBool, sender: &SyncSender<Chunk>) {
    let accepted = listener.accept(|| !over.load(Ordering::Relaxed));
    let connected = accepted.ok().flatten().and_then(|stream| {
        let reader = stream.try_clone().ok()?;
        let mut outgoing = lock(outgoing);
        match std::mem::replace(&mut *outgoing, Outgoing::Closed) {
            Outgoing::Kept(kept) => {
                let mut stream = stream;
                // A child that has ended no longer reads this, but its messages can be read.
                let _ = stream.write_all(&kept);
                *outgoing = Outgoing::Sent(stream);
                Some(reader)
            }
            Outgoing::Sent(_) | Outgoing::Closed => None,
        }
    });
    match connected {
        Some(reader) => hand_on(Source::Channel, reader, sender),
        None => {
            *lock(outgoing) = Outgoing::Closed;
            // It fails only if the receiver is gone, which then needs no end.
            let _ = sender.send((Source::Channel, Vec::new()));
        }
    }
}

/// Sends each chunk of a stream to the receiver, and an empty one at its end.
fn hand_on(source: Source, mut stream: impl Read, sender: &SyncSender<Chunk>) {
    let mut chunk = vec![0; 64 << 10];
    loop {
        let count = match stream.read(&mut chunk) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // A connection that was reset has ended.
            Err(_) => 0,
        };
        // The empty chunk is the end. Without a receiver, no more is read.
        if sender.send((source, chunk[..count].to_vec())).is_err() || count == 0 {
            return;
        }
    }
}
