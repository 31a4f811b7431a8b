//! The connection to another worker.

use std::fmt;
use std::io;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use bench_syntax::quantity::nanoseconds;

use super::error::FleetError;
use super::frame::{self, Frame, Kind};

/// The time without a message after which a worker counts as lost: each sends a beat every second.
const SILENCE: Duration = Duration::from_secs(15);

/// The time after which a worker that receives nothing counts as lost.
const DEAF: Duration = Duration::from_secs(60);

/// Another worker.
pub(super) struct Peer {
    /// Its number, from 1.
    pub(super) number: u32,
    /// Its address.
    pub(super) host: String,
    stream: Arc<Mutex<TcpStream>>,
    inbox: Mutex<Receiver<Received>>,
    state: Arc<State>,
}

/// A message, and when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) kind: Kind,
    pub(super) body: Vec<u8>,
    pub(super) at: Instant,
}

/// The function that asks whether the user wants the end, and the action when the user has ended another worker.
type Asked = Box<dyn Fn() -> bool + Send + Sync>;
type Told = Box<dyn Fn() + Send + Sync>;

/// The state that all connections of a worker share.
pub(super) struct State {
    /// The beginning of this worker's own clock.
    pub(super) epoch: Instant,
    stopped: AtomicBool,
    closed: AtomicBool,
    /// The worker that was lost first, and how.
    broken: Mutex<Option<Broken>>,
    listeners: Mutex<Option<(Asked, Told)>>,
}

/// How a worker was lost.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    worker: u32,
    host: String,
    why: String,
    /// Whether the worker itself reported that it cannot go on.
    said: bool,
}

impl Broken {
    pub(super) fn error(self) -> FleetError {
        let Broken { worker, host, why, said } = self;
        if said { FleetError::Failed { worker, host, why } } else { FleetError::Gone { worker, host, why } }
    }
}

impl State {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(State {
            epoch: Instant::now(),
            stopped: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            broken: Mutex::default(),
            listeners: Mutex::default(),
        })
    }

    pub(super) fn listen(&self, asked: Asked, told: Told) {
        *lock(&self.listeners) = Some((asked, told));
    }

    /// Whether the user wants the load to end, here or elsewhere.
    pub(super) fn is_asked_to_stop(&self) -> bool {
        if lock(&self.listeners).as_ref().is_some_and(|(asked, _)| asked()) {
            self.stopped.store(true, Ordering::Relaxed);
        }
        self.stopped.load(Ordering::Relaxed)
    }

    /// Whether the load is to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || lock(&self.broken).is_some()
    }

    pub(super) fn broken(&self) -> Option<Broken> {
        lock(&self.broken).clone()
    }

    /// Ignores from now on whether workers are lost.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    fn stop(&self) {
        if !self.stopped.swap(true, Ordering::Relaxed)
            && let Some((_, told)) = lock(&self.listeners).as_ref()
        {
            told();
        }
    }

    fn lose(&self, broken: Broken) {
        if !self.closed.load(Ordering::Relaxed) {
            lock(&self.broken).get_or_insert(broken);
        }
    }
}

impl Peer {
    /// Creates the worker at the other end of `stream`, and listens to it from now on.
    ///
    /// # Errors
    /// If the connection cannot be set up, or no thread can be started.
    pub(super) fn new(number: u32, stream: TcpStream, state: &Arc<State>) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SILENCE))?;
        stream.set_write_timeout(Some(DEAF))?;
        let host = stream.peer_addr()?.ip().to_canonical().to_string();
        let reads = stream.try_clone()?;
        let stream = Arc::new(Mutex::new(stream));
        let (into, inbox) = channel();
        let listener =
            Listener { number, host: host.clone(), stream: Arc::clone(&stream), state: Arc::clone(state) };
        Builder::new().name(format!("worker {number}")).spawn(move || listener.listen(reads, &into))?;
        Ok(Peer { number, host, stream, inbox: Mutex::new(inbox), state: Arc::clone(state) })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// If the worker is gone.
    pub(super) fn send(&self, kind: Kind, body: &[u8]) -> Result<(), FleetError> {
        frame::write(&mut *lock(&self.stream), kind, body).map_err(|error| self.gone(&why(&error)))
    }

    /// Waits for a message of this kind.
    ///
    /// # Errors
    /// If the worker is gone or cannot go on, or sends another message.
    pub(super) fn receive(&self, kind: Kind) -> Result<Received, FleetError> {
        let received = lock(&self.inbox).recv().map_err(|_| self.gone("it has closed the connection"))?;
        if received.kind == kind { Ok(received) } else { Err(FleetError::Garbled) }
    }

    /// Returns the stream, for a thread that writes to it.
    pub(super) fn stream(&self) -> Arc<Mutex<TcpStream>> {
        Arc::clone(&self.stream)
    }

    /// The address at which the worker reaches this one.
    pub(super) fn own_host(&self) -> String {
        let own = lock(&self.stream).local_addr();
        own.map(|address| address.ip().to_canonical().to_string()).unwrap_or_default()
    }

    /// Returns the reason why nothing more arrives: the first loss is the cause of all others.
    fn gone(&self, why: &str) -> FleetError {
        let this = Broken { worker: self.number, host: self.host.clone(), why: why.to_owned(), said: false };
        self.state.broken().unwrap_or(this).error()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The thread that listens holds the connection too: this ends it.
        let _ = lock(&self.stream).shutdown(std::net::Shutdown::Both);
    }
}

/// The thread that listens to a worker.
struct Listener {
    number: u32,
    host: String,
    stream: Arc<Mutex<TcpStream>>,
    state: Arc<State>,
}

impl Listener {
    fn listen(&self, mut stream: TcpStream, into: &Sender<Received>) {
        let lost = loop {
            let Frame { kind, body } = match frame::read(&mut stream) {
                Ok(frame) => frame,
                Err(error) => break (why(&error), false),
            };
            let at = Instant::now();
            match kind {
                Kind::Beat => {}
                Kind::Ping => {
                    let now_ns = nanoseconds(self.state.epoch.elapsed()).to_le_bytes();
                    if let Err(error) = frame::write(&mut *lock(&self.stream), Kind::Pong, &now_ns) {
                        break (why(&error), false);
                    }
                }
                Kind::Stop => self.state.stop(),
                Kind::Failed => break (String::from_utf8_lossy(&body).into_owned(), true),
                // The receiver is gone, so this thread can end.
                _ if into.send(Received { kind, body, at }).is_err() => return,
                _ => {}
            }
        };
        // Recorded before the inbox closes, since the thread that waits for a message then asks for the reason.
        let (why, said) = lost;
        self.state.lose(Broken { worker: self.number, host: self.host.clone(), why, said });
    }
}

/// The reason why a connection can no longer be used.
fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "it has closed the connection".to_owned()
        }
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            format!("it has sent nothing for {} s", SILENCE.as_secs())
        }
        _ => error.to_string(),
    }
}

/// Locks a mutex even after a panic, because its content is consistent after each statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "worker {} ({})", self.number, self.host)
    }
}
