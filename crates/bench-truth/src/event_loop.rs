//! The thread that serves all connections.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};

use super::Shared;
use super::connection::{Connection, Next};
use super::http2;

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
/// The token of connection 0.
const FIRST: usize = 2;

/// The resolution of waits for events; the last part of a wait is slept.
const TICK: Duration = Duration::from_millis(1);

/// All connections, and the times for which some of them wait.
pub(super) struct EventLoop {
    poll: Poll,
    listener: TcpListener,
    shared: Arc<Shared>,
    connections: HashMap<usize, Speaking>,
    due: BinaryHeap<Reverse<(Instant, usize)>>,
}

/// A connection, by its version of HTTP.
enum Speaking {
    Http1(Connection),
    Http2(Box<http2::Connection>),
}

impl EventLoop {
    /// Listens on a free port.
    pub(super) fn new(shared: Arc<Shared>) -> io::Result<(Self, SocketAddr)> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let address = listener.local_addr()?;
        let (connections, due) = (HashMap::new(), BinaryHeap::new());
        Ok((EventLoop { poll, listener, shared, connections, due }, address))
    }

    /// Creates a waker, which wakes the event loop so that it notices its end.
    pub(super) fn waker(&self) -> io::Result<Waker> {
        Waker::new(self.poll.registry(), WAKER)
    }

    /// Serves until the server is dropped.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        while !self.shared.over.load(Ordering::Acquire) {
            self.wait(&mut events)?;
            for event in &events {
                match event.token() {
                    LISTENER => self.accept()?,
                    WAKER => {}
                    Token(token) => self.go_on(token - FIRST),
                }
            }
            let now = Instant::now();
            while let Some(number) = self.due_by(now) {
                self.go_on(number);
            }
        }
        Ok(())
    }

    /// Waits for events, or until a connection is due.
    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        let left = self.due.peek().map(|Reverse((at, _))| at.saturating_duration_since(Instant::now()));
        let ticks = left.map(|left| {
            if left < TICK {
                std::thread::sleep(left);
            }
            Duration::from_millis(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
        });
        match self.poll.poll(events, ticks) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    /// Takes the next connection that was due by `now`; `None` if there is none.
    fn due_by(&mut self, now: Instant) -> Option<usize> {
        let due = self.due.peek_mut().filter(|due| due.0.0 <= now)?;
        let Reverse((_, number)) = PeekMut::pop(due);
        Some(number)
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let (mut stream, _) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // The client has already closed the connection.
                Err(_) => continue,
            };
            let number = self.shared.connections.fetch_add(1, Ordering::Relaxed);
            let both = Interest::READABLE | Interest::WRITABLE;
            self.poll.registry().register(&mut stream, Token(FIRST + number), both)?;
            stream.set_nodelay(true)?;
            let connection = if self.shared.is_http2 {
                Speaking::Http2(Box::new(http2::Connection::new(stream, number)))
            } else {
                Speaking::Http1(Connection::new(stream, number))
            };
            self.connections.insert(number, connection);
            self.go_on(number);
        }
    }

    /// Continues connection `number`. A connection that has ended is dropped, which closes it.
    fn go_on(&mut self, number: usize) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        let next = match connection {
            Speaking::Http1(connection) => connection.go_on(&self.shared),
            Speaking::Http2(connection) => connection.go_on(&self.shared),
        };
        match next {
            Ok(Next::Event) => {}
            Ok(Next::Due(at)) => self.due.push(Reverse((at, number))),
            Ok(Next::Close) | Err(_) => drop(self.connections.remove(&number)),
        }
    }
}
