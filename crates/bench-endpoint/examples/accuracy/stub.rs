//! A server of short whole answers, for measuring clients: one thread, with one read and one write for each answer.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::serve_until_dropped;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

const LISTENER: Token = Token(0);

/// One thread for all connections: with a thread for each, the system's switching between them would be most of what a
/// client waits for.
pub(crate) fn serve() {
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let mut poll = Poll::new().expect("events");
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE).expect("registered");
    std::thread::spawn(move || {
        let mut events = Events::with_capacity(1024);
        let mut connections: HashMap<Token, Connection> = HashMap::new();
        for next in 1.. {
            poll.poll(&mut events, None).expect("events");
            for event in &events {
                let Some(connection) = connections.get_mut(&event.token()) else {
                    accept(&listener, &poll, next * 1024, &mut connections);
                    continue;
                };
                // A client that goes away is forgotten.
                if connection.answer().is_err() {
                    connections.remove(&event.token());
                }
            }
        }
    });
    serve_until_dropped(&url);
}

/// Takes all connections that have come, with tokens from `first` on.
fn accept(listener: &TcpListener, poll: &Poll, first: usize, connections: &mut HashMap<Token, Connection>) {
    for token in first.. {
        let Ok((mut stream, _)) = listener.accept() else { return };
        stream.set_nodelay(true).expect("set");
        poll.registry().register(&mut stream, Token(token), Interest::READABLE).expect("registered");
        connections.insert(Token(token), Connection { stream, buffer: [0; 8 << 10], filled: 0 });
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
            // A read that had room for more has taken all: the next event says when there is more.
            if count < room {
                return Ok(());
            }
        }
    }
}

/// How long the request at the beginning is; `None` while its head is not there.
fn whole(bytes: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"\r\ncontent-length:";
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let named = bytes[..head].windows(NAME.len()).position(|window| window.eq_ignore_ascii_case(NAME));
    let Some(at) = named else { return Some(head) };
    let value = bytes[at + NAME.len()..head].split(|byte| *byte == b'\r').next()?;
    Some(head + std::str::from_utf8(value).ok()?.trim().parse::<usize>().ok()?)
}
