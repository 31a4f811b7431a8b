//! A server of short whole answers, for measuring how many requests a client can send: one read and one write for each
//! answer.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
/// The token of the first connection.
const FIRST: usize = 2;

/// A server on a free port of the loopback interface, which answers each request with `ok`. It ends when it is dropped.
pub struct Stub {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl Stub {
    /// Starts the server.
    ///
    /// # Errors
    /// If there is no free port, or if no thread can be started.
    pub fn start() -> io::Result<Self> {
        let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = listener.local_addr()?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        // Connections are closed when the thread ends, for whatever reason, which the client notices.
        let run = move || drop(serve(&listener, poll, &is_over));
        let thread = Builder::new().name("stub".to_owned()).spawn(run)?;
        Ok(Stub { address, over, waker, thread: Some(thread) })
    }

    /// Returns the address: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        // If the thread cannot be woken, it has ended.
        let _ = self.waker.wake();
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Serves all connections on one thread: with a thread for each, clients would mostly wait for the system to switch
/// between them.
fn serve(listener: &TcpListener, mut poll: Poll, over: &AtomicBool) -> io::Result<()> {
    let mut events = Events::with_capacity(1024);
    let mut connections: HashMap<Token, Connection> = HashMap::new();
    let mut next = FIRST;
    while !over.load(Ordering::Acquire) {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &events {
            match event.token() {
                WAKER => {}
                LISTENER => next = accept(listener, &poll, next, &mut connections)?,
                token => {
                    // A client that closes its connection is removed.
                    if connections.get_mut(&token).is_some_and(|connection| connection.answer().is_err()) {
                        connections.remove(&token);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Accepts all waiting connections, with tokens from `next` on, and returns the next free token.
fn accept(
    listener: &TcpListener,
    poll: &Poll,
    mut next: usize,
    connections: &mut HashMap<Token, Connection>,
) -> io::Result<usize> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(next),
            // The client has already closed the connection.
            Err(_) => continue,
        };
        stream.set_nodelay(true)?;
        poll.registry().register(&mut stream, Token(next), Interest::READABLE)?;
        connections.insert(Token(next), Connection { stream, buffer: [0; 8 << 10], filled: 0 });
        next += 1;
    }
}

struct Connection {
    stream: TcpStream,
    buffer: [u8; 8 << 10],
    filled: usize,
}

impl Connection {
    /// Answers the requests that have arrived, none of which is longer than the buffer.
    fn answer(&mut self) -> io::Result<()> {
        loop {
            let count = match self.stream.read(&mut self.buffer[self.filled..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let room = self.buffer.len() - self.filled;
            self.filled += count;
            while let Some(length) =
                whole(&self.buffer[..self.filled]).filter(|length| self.filled >= *length)
            {
                self.buffer.copy_within(length..self.filled, 0);
                self.filled -= length;
                self.stream.write_all(ANSWER)?;
            }
            // A read that had room for more has read everything: an event follows when there is more.
            if count < room {
                return Ok(());
            }
        }
    }
}

/// Returns the length of the request at the beginning; `None` until its head is complete.
fn whole(bytes: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"\r\ncontent-length:";
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let named = bytes[..head].windows(NAME.len()).position(|window| window.eq_ignore_ascii_case(NAME));
    let Some(at) = named else { return Some(head) };
    let value = bytes[at + NAME.len()..head].split(|byte| *byte == b'\r').next()?;
    Some(head + std::str::from_utf8(value).ok()?.trim().parse::<usize>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_in_pieces_are_answered_one_by_one() {
        let stub = Stub::start().expect("started");
        let mut stream = std::net::TcpStream::connect(stub.address).expect("connected");
        let two = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET / HTTP/1.1\r\n\r\n";
        for piece in [&two[..20], &two[20..38], &two[38..]] {
            stream.write_all(piece).expect("written");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let mut answers = vec![0; 2 * ANSWER.len()];
        stream.read_exact(&mut answers).expect("answers");
        assert_eq!(answers, [ANSWER, ANSWER].concat());
        // Dropping the server closes its connections.
        drop(stub);
        assert!(!matches!(stream.read(&mut [0; 1]), Ok(1..)));
    }
}
