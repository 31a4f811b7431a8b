//! Servers that a client of model servers is checked against. They use plain sockets, and share no code with the client.
//!
//! A [`Truth`] sends what a script says, and records when. A [`Stub`] answers as fast as it can.
//!
//! One thread serves all connections. With a thread for each, a thousand streams would take the processors from a client on
//! the same machine, and what the client then gets wrong would be the fault of the server.
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

/// A request that has come.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its number over all connections, from 0.
    pub number: usize,
    /// The number of its connection, from 0.
    pub connection: usize,
    /// `POST /path HTTP/1.1` and the headers, as they came; empty over HTTP/2, whose headers are not read.
    pub head: String,
    /// Its body.
    pub body: Vec<u8>,
    /// When its last byte had been read, on this machine's monotonic clock.
    pub at: Instant,
}

impl Asked {
    /// Its path.
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
    /// When the write returned, on this machine's monotonic clock.
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
    /// Starts a server that does for each request what `script` returns. The script runs on the thread that serves: a
    /// script that waits delays all answers.
    ///
    /// # Errors
    /// If there is no free port, or if no thread can be started.
    pub fn open(script: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static) -> io::Result<Self> {
        Truth::speaking(false, script)
    }

    /// Same as [`open`](Self::open), with HTTP/2 from the first byte: what is sent are frames, such as those of
    /// [`tensors`]. Answers of one connection are sent side by side.
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
        // Connections are closed when the loop ends, whatever the reason: the client sees that.
        let run = move || drop(event_loop.run());
        let thread = Builder::new().name("truth".to_owned()).spawn(run)?;
        Ok(Truth { address, shared, waker, thread: Some(thread) })
    }

    /// Its address, `127.0.0.1:PORT`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests that have come.
    pub fn asked(&self) -> Vec<Asked> {
        locked(&self.shared.asked).clone()
    }

    /// Writes that have returned.
    pub fn sent(&self) -> Vec<Sent> {
        locked(&self.shared.sent).clone()
    }

    /// Connections that were accepted.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Truth {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        // If the thread cannot be woken, it has ended.
        let _ = self.waker.wake();
        // A panic of a script was printed when it happened, and the test sees connections that are closed.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// A list is whole after each push.
fn locked<T>(list: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}
