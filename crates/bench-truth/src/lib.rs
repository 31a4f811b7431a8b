//! Servers for checks of a client of model servers. They use plain sockets, and share no code with the client.
//!
//! A [`Truth`] follows a script, and records when it sent each write. A [`Stub`] answers as fast as it can.
//!
//! One thread serves all connections. With a thread for each, a thousand streams would take processor time from a
//! client on the same machine, and the errors of the client would be the fault of the server.
//!
//! ```
//! use std::io::{Read, Write};
//! use bench_truth::{Act, Truth, json};
//!
//! let server = Truth::open(|asked| vec![json(&format!("{{\"path\": \"{}\"}}", asked.path())), Act::Close])?;
//! let mut client = std::net::TcpStream::connect(server.address())?;
//! client.write_all(b"GET /models HTTP/1.1\r\n\r\n")?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer)?;
//! assert!(answer.ends_with("{\"path\": \"/models\"}"));
//! assert_eq!(server.asked().len(), 1);
//! # std::io::Result::Ok(())
//! ```
#![forbid(unsafe_code)]
#![allow(clippy::expect_used, reason = "a test ends with what it expected; its answers are short")]

mod acts;
mod connection;
mod dialect;
mod event_loop;
mod grpc;
mod http2;
mod received;
mod stub;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use mio::Waker;

pub use self::acts::{Act, chat, chunk, chunked, json, last_chunk, whole};
pub use self::dialect::{Dialect, dialect};
use self::event_loop::EventLoop;
pub use self::grpc::{grpc_end, grpc_head, grpc_message, tensors};
pub use self::stub::Stub;

/// A received request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The number of the request over all connections, from 0.
    pub number: usize,
    /// The number of its connection, from 0.
    pub connection: usize,
    /// `POST /path HTTP/1.1` and the headers, as received; empty over HTTP/2, whose headers are not read.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
    /// The time when its last byte had been read, on the monotonic clock of this machine.
    pub at: Instant,
}

impl Asked {
    /// Returns the path; empty over HTTP/2.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }
}

/// A write that has returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The number of the request that it answers.
    pub request: usize,
    /// The number of the act, from 0.
    pub act: usize,
    /// The time when the write returned, on the monotonic clock of this machine.
    pub at: Instant,
}

type Script = dyn Fn(&Asked) -> Vec<Act> + Send + Sync;

/// The data that the serving thread and the test share.
struct Shared {
    script: Box<Script>,
    is_http2: bool,
    asked: Mutex<Vec<Asked>>,
    sent: Mutex<Vec<Sent>>,
    connections: AtomicUsize,
    over: AtomicBool,
}

/// A server on a free port of the loopback interface. It ends when it is dropped.
pub struct Truth {
    address: SocketAddr,
    shared: Arc<Shared>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl Truth {
    /// Starts a server that performs the acts that `script` returns for each request. The script runs on the thread
    /// that serves: a script that waits delays all answers.
    ///
    /// # Errors
    /// If there is no free port, or if no thread can be started.
    pub fn open(script: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static) -> io::Result<Self> {
        Truth::speaking(false, script)
    }

    /// Same as [`open`](Self::open), with HTTP/2 from the first byte. The script returns frames, such as those of
    /// [`tensors`]. Answers on one connection are sent concurrently.
    ///
    /// # Errors
    /// Same as [`open`](Self::open).
    pub fn open_http2(script: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static) -> io::Result<Self> {
        Truth::speaking(true, script)
    }

    /// Same as [`open`](Self::open), for tests.
    ///
    /// # Panics
    /// If the server cannot be started.
    pub fn start(script: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Truth::open(script).expect("a server")
    }

    /// Same as [`open_http2`](Self::open_http2), for tests.
    ///
    /// # Panics
    /// If the server cannot be started.
    pub fn start_http2(script: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Truth::open_http2(script).expect("a server")
    }

    fn speaking(
        is_http2: bool,
        script: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            script: Box::new(script),
            is_http2,
            asked: Mutex::default(),
            sent: Mutex::default(),
            connections: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let (event_loop, address) = EventLoop::new(Arc::clone(&shared))?;
        let waker = event_loop.waker()?;
        // Connections are closed when the loop ends, for whatever reason, which the client notices.
        let run = move || drop(event_loop.run());
        let thread = Builder::new().name("truth".to_owned()).spawn(run)?;
        Ok(Truth { address, shared, waker, thread: Some(thread) })
    }

    /// Returns the address: `127.0.0.1:PORT`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address as a URL: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns all requests received so far.
    pub fn asked(&self) -> Vec<Asked> {
        locked(&self.shared.asked).clone()
    }

    /// Returns all writes that have returned so far.
    pub fn sent(&self) -> Vec<Sent> {
        locked(&self.shared.sent).clone()
    }

    /// Returns the number of connections accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Truth {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        // If the thread cannot be woken, it has ended.
        let _ = self.waker.wake();
        // A panic of a script was printed when it happened, and the test finds its connections closed.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Locks a list, which is consistent after each push, even if a thread has panicked.
fn locked<T>(list: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}
