//! One connection: the requests that arrive on it, and the server's acts for each.

use std::io::{self, ErrorKind, Read, Write};
use std::iter::Enumerate;
use std::time::{Duration, Instant};
use std::vec::IntoIter;

use mio::net::TcpStream;

use super::acts::Act;
use super::received::Received;
use super::{Asked, Sent, Shared, locked};

/// The event that a connection waits for.
pub(super) enum Next {
    /// The socket becomes readable or writable.
    Event,
    /// This time.
    Due(Instant),
    /// None: the connection is to be closed.
    Close,
}

/// A connection. Its methods do not block.
pub(super) struct Connection {
    stream: TcpStream,
    number: usize,
    received: Received,
    answer: Option<Answer>,
}

/// The remaining acts for a request.
struct Answer {
    request: usize,
    came: Instant,
    acts: Enumerate<IntoIter<Act>>,
    doing: Option<Doing>,
}

/// An act that cannot be completed in one call.
enum Doing {
    /// Sends the bytes of act number `act`, of which `written` are sent.
    Send {
        act: usize,
        bytes: Vec<u8>,
        written: usize,
    },
    WaitUntil(Instant),
    Hold,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, number: usize) -> Self {
        Connection { stream, number, received: Received::default(), answer: None }
    }

    /// Reads and writes as much as possible without blocking.
    ///
    /// # Errors
    /// If the client has closed or reset the connection.
    pub(super) fn go_on(&mut self, shared: &Shared) -> io::Result<Next> {
        loop {
            if let Some(answer) = &mut self.answer
                && let Some(next) = answer.go_on(&mut self.stream, shared)?
            {
                return Ok(next);
            }
            self.answer = match self.received.request() {
                Some((head, body)) => Some(Answer::begin(shared, self.number, head, body)),
                None => None,
            };
            if self.answer.is_none() {
                match self.received.read(&mut self.stream) {
                    Ok(0) => return Ok(Next::Close),
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Next::Event),
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

impl Answer {
    fn begin(shared: &Shared, connection: usize, head: String, body: Vec<u8>) -> Self {
        let came = Instant::now();
        let request = locked(&shared.asked).len();
        let asked = Asked { number: request, connection, head, body, at: came };
        let acts = (shared.script)(&asked).into_iter().enumerate();
        locked(&shared.asked).push(asked);
        Answer { request, came, acts, doing: None }
    }

    /// Does as many acts as possible without blocking; returns `None` after the last one.
    fn go_on(&mut self, stream: &mut TcpStream, shared: &Shared) -> io::Result<Option<Next>> {
        loop {
            match &mut self.doing {
                None => {}
                Some(Doing::Send { act, bytes, written }) => {
                    while *written < bytes.len() {
                        match stream.write(&bytes[*written..]) {
                            Ok(count) => *written += count,
                            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                                return Ok(Some(Next::Event));
                            }
                            Err(error) => return Err(error),
                        }
                    }
                    let sent = Sent { request: self.request, act: *act, at: Instant::now() };
                    locked(&shared.sent).push(sent);
                }
                // An event before the time is handled after the acts: its bytes are still to be read.
                Some(Doing::WaitUntil(at)) if Instant::now() < *at => return Ok(Some(Next::Event)),
                Some(Doing::WaitUntil(_)) => {}
                Some(Doing::Hold) => return hold(stream),
            }
            let Some((number, act)) = self.acts.next() else { return Ok(None) };
            self.doing = match act {
                Act::Send(bytes) => Some(Doing::Send { act: number, bytes, written: 0 }),
                Act::WaitUntil(after) => {
                    let at = self.came + after;
                    self.doing = Some(Doing::WaitUntil(at));
                    if Instant::now() < at {
                        return Ok(Some(Next::Due(at)));
                    }
                    None
                }
                Act::Close => return Ok(Some(Next::Close)),
                Act::Reset => {
                    rustix::net::sockopt::set_socket_linger(&*stream, Some(Duration::ZERO))?;
                    return Ok(Some(Next::Close));
                }
                Act::Hold => Some(Doing::Hold),
            };
        }
    }
}

/// Discards received bytes until the client closes the connection.
fn hold(stream: &mut TcpStream) -> io::Result<Option<Next>> {
    let mut dropped = [0; 4 << 10];
    loop {
        match stream.read(&mut dropped) {
            Ok(0) => return Ok(Some(Next::Close)),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Some(Next::Event)),
            Err(error) => return Err(error),
        }
    }
}
