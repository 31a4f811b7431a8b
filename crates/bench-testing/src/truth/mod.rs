//! A server that sends what a test wants and remembers when: plain sockets, no library of the client that is tested.
//!
//! One thread serves all connections. With a thread for each, a thousand streams would take the processors from a client on
//! the same machine, and what the client then gets wrong would be the fault of the server.

mod acts;
mod connection;
mod dialect;
mod event_loop;
mod grpc;
mod http2;
mod received;

#[cfg(test)]
mod tests;

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
    pub fn start(script: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Truth::speaking(false, script)
    }

    /// Same as [`start`](Self::start), with HTTP/2 from the first byte: what is sent are frames, such as those of
    /// [`tensors`]. Answers of one connection are sent side by side.
    pub fn start_http2(script: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Truth::speaking(true, script)
    }

    fn speaking(is_http2: bool, script: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            script: Box::new(script),
            is_http2,
            asked: Mutex::default(),
            sent: Mutex::default(),
            connections: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let (event_loop, address) = EventLoop::new(Arc::clone(&shared)).expect("a free port");
        let waker = event_loop.waker().expect("a waker");
        let run = move || event_loop.run().expect("events of sockets");
        let thread = Builder::new().name("truth".to_owned()).spawn(run).expect("a thread");
        Truth { address, shared, waker, thread: Some(thread) }
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
