//! A channel over TCP on 127.0.0.1, which every program of this machine can connect to: the first line is a token.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Connection;
use super::token::{TOKEN_LENGTH, Token};

/// How often the listener looks for connections and tokens.
const LOOK: Duration = Duration::from_millis(1);

/// The time within which a client must have sent the token after connecting.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest number of connections whose token has not arrived yet. Further ones wait in the system's queue.
const MOST_CANDIDATES: usize = 16;

/// The runner's side: waits for its worker, and for no other process.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    token: Token,
}

impl Listener {
    /// Listens on a port that the system chooses, with its own token.
    ///
    /// # Errors
    /// The errors of the system.
    pub fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        // The worker may never come.
        listener.set_nonblocking(true)?;
        Ok(Listener { listener, token: Token::new() })
    }

    /// Returns the port.
    ///
    /// # Errors
    /// The errors of the system.
    pub fn port(&self) -> io::Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    /// Returns the token that the worker must send first.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Waits for the one connection that begins with the token, as long as `is_wanted` returns `true`, and closes the
    /// listener. Every other connection is closed without an answer. `None` when it is no longer wanted.
    ///
    /// # Errors
    /// The errors of the system.
    pub fn accept(self, is_wanted: impl Fn() -> bool) -> io::Result<Option<TcpStream>> {
        let mut candidates: Vec<Candidate> = Vec::new();
        loop {
            // Asked before looking, so that a worker that has connected and ended is still accepted.
            let is_last = !is_wanted();
            while candidates.len() < MOST_CANDIDATES {
                match self.listener.accept() {
                    Ok((stream, _)) => candidates.extend(Candidate::new(stream)),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    // The client has gone before the connection was accepted, or a signal came.
                    Err(error)
                        if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
                    Err(error) => return Err(error),
                }
            }
            let mut waiting = Vec::with_capacity(candidates.len());
            for mut candidate in candidates {
                match candidate.look(&self.token) {
                    Look::Known => return candidate.into_stream().map(Some),
                    Look::Stranger => {}
                    Look::Waits => waiting.push(candidate),
                }
            }
            candidates = waiting;
            if is_last {
                return Ok(None);
            }
            thread::sleep(LOOK);
        }
    }
}

/// A client that has connected and not yet identified itself.
struct Candidate {
    stream: TcpStream,
    since: Instant,
    line: [u8; TOKEN_LENGTH + 1],
    read: usize,
}

enum Look {
    Known,
    Stranger,
    Waits,
}

impl Candidate {
    fn new(stream: TcpStream) -> Option<Self> {
        // A stream that cannot be set up is not a candidate.
        stream.set_nonblocking(true).ok()?;
        Some(Candidate { stream, since: Instant::now(), line: [0; TOKEN_LENGTH + 1], read: 0 })
    }

    /// Reads the first line and no byte beyond it: the rest is for the channel.
    fn look(&mut self, token: &Token) -> Look {
        while self.read < self.line.len() {
            match self.stream.read(&mut self.line[self.read..]) {
                Ok(0) => return Look::Stranger,
                Ok(count) => self.read += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return Look::Stranger,
            }
        }
        let line = &self.line[..self.read];
        match line.iter().position(|byte| *byte == b'\n') {
            Some(end) if token.is(&line[..end]) => Look::Known,
            Some(_) => Look::Stranger,
            None if self.read == self.line.len() || self.since.elapsed() > PATIENCE => Look::Stranger,
            None => Look::Waits,
        }
    }

    fn into_stream(self) -> io::Result<TcpStream> {
        self.stream.set_nonblocking(false)?;
        // Commands and frames are short, and each is waited for.
        self.stream.set_nodelay(true)?;
        Ok(self.stream)
    }
}

/// The worker's side: connects, and sends the token. A separate thread reads, and calls `when_closed` when the runner
/// has closed its end or has exited: the only way to notice that while a benchmark runs.
///
/// # Errors
/// The errors of the system, for example if nothing listens.
pub fn connect(
    port: u16,
    token: &str,
    when_closed: impl FnOnce() + Send + 'static,
) -> io::Result<Connection> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    stream.write_all(format!("{token}\n").as_bytes())?;
    let mut commands = stream.try_clone()?;
    let spare = stream.try_clone()?;
    let (sender, received) = channel();
    thread::Builder::new().name("runner".to_owned()).spawn(move || {
        let mut chunk = [0; 64 << 10];
        loop {
            match commands.read(&mut chunk) {
                Ok(0) => break,
                // The receiver usually lives as long as the process; without it, the bytes are dropped.
                Ok(count) => drop(sender.send(chunk[..count].to_vec())),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        drop(sender);
        when_closed();
    })?;
    Ok(Connection {
        reader: Box::new(Received { chunks: received, chunk: Vec::new(), read: 0 }),
        writer: Box::new(stream),
        spare: Some(Box::new(spare)),
    })
}

/// The data that the reading thread has received.
struct Received {
    chunks: Receiver<Vec<u8>>,
    chunk: Vec<u8>,
    read: usize,
}

impl Read for Received {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.chunk.len() {
            // An error means that the runner has closed its end.
            let Ok(chunk) = self.chunks.recv() else { return Ok(0) };
            (self.chunk, self.read) = (chunk, 0);
        }
        let count = (&self.chunk[self.read..]).read(buffer)?;
        self.read += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread::JoinHandle;

    /// A time limit that no test here exceeds, on any machine.
    const LIMIT: Duration = Duration::from_secs(60);

    /// A listener that waits in a separate thread.
    struct Waiting {
        port: u16,
        token: String,
        wanted: Arc<AtomicBool>,
        accepted: JoinHandle<io::Result<Option<TcpStream>>>,
    }

    fn wait() -> Waiting {
        let listener = Listener::open().expect("a listener");
        let (port, token) = (listener.port().expect("a port"), listener.token().as_str().to_owned());
        let wanted = Arc::new(AtomicBool::new(true));
        let is_wanted = Arc::clone(&wanted);
        let accepted = thread::spawn(move || listener.accept(|| is_wanted.load(Ordering::Relaxed)));
        Waiting { port, token, wanted, accepted }
    }

    impl Waiting {
        fn connect(&self) -> TcpStream {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("connected");
            stream.set_read_timeout(Some(LIMIT)).expect("a timeout");
            stream
        }

        fn accepted(self) -> TcpStream {
            self.accepted.join().expect("joined").expect("no error").expect("a connection")
        }
    }

    /// Whether the other side has closed the connection without an answer.
    fn is_refused(mut stream: TcpStream) -> bool {
        match stream.read(&mut [0; 1]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }

    #[test]
    fn the_worker_is_heard_and_hears() {
        let waiting = wait();
        let (closed, is_closed) = channel();
        let mut connection =
            connect(waiting.port, &waiting.token, move || closed.send(()).expect("sent")).expect("connected");
        connection.writer.write_all(b"ready\n").expect("written");
        let mut accepted = waiting.accepted();
        let mut line = String::new();
        BufReader::new(&accepted).read_line(&mut line).expect("read");
        assert_eq!(line, "ready\n", "what follows the token is not lost");
        accepted.write_all(b"measure\n").expect("written");
        let mut reader = BufReader::new(connection.reader);
        line.clear();
        reader.read_line(&mut line).expect("read");
        assert_eq!(line, "measure\n");
        drop(accepted);
        is_closed.recv_timeout(LIMIT).expect("told that the runner has exited");
        assert_eq!(reader.read_line(&mut line).expect("read"), 0);
    }

    #[test]
    fn a_wrong_token_is_refused_and_the_worker_still_accepted() {
        let waiting = wait();
        let (token, other) = (waiting.token.clone(), Token::new());
        for wrong in [other.as_str(), &token[1..], &token[..TOKEN_LENGTH - 1], &format!("{token}0"), ""] {
            let mut stranger = waiting.connect();
            stranger.write_all(format!("{wrong}\n").as_bytes()).expect("written");
            assert!(is_refused(stranger), "{wrong:?}");
        }
        let mut worker = waiting.connect();
        worker.write_all(format!("{token}\n").as_bytes()).expect("written");
        assert_eq!(waiting.accepted().peer_addr().expect("peer"), worker.local_addr().expect("address"));
    }

    #[test]
    fn one_that_sends_no_token_is_in_nobodys_way() {
        let waiting = wait();
        let silent = waiting.connect();
        let mut slow = waiting.connect();
        slow.write_all(&waiting.token.as_bytes()[..10]).expect("written");
        let mut worker = waiting.connect();
        worker.write_all(format!("{}\n", waiting.token).as_bytes()).expect("written");
        assert_eq!(waiting.accepted().peer_addr().expect("peer"), worker.local_addr().expect("address"));
        assert!(is_refused(silent) && is_refused(slow));
    }

    #[test]
    fn a_token_may_come_in_pieces() {
        let waiting = wait();
        let mut worker = waiting.connect();
        for byte in waiting.token.bytes().chain([b'\n']) {
            worker.write_all(&[byte]).expect("written");
        }
        waiting.accepted();
    }

    #[test]
    fn a_second_connection_finds_nobody() {
        let waiting = wait();
        let (port, token) = (waiting.port, waiting.token.clone());
        let _worker = connect(port, &token, || {}).expect("connected");
        let _accepted = waiting.accepted();
        let second = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
        assert_eq!(second.expect_err("the listener is closed").kind(), ErrorKind::ConnectionRefused);
        assert!(connect(port, &token, || {}).is_err());
    }

    #[test]
    fn a_worker_that_never_connects_is_given_up() {
        let waiting = wait();
        waiting.wanted.store(false, Ordering::Relaxed);
        assert!(waiting.accepted.join().expect("joined").expect("no error").is_none());
    }

    #[test]
    fn a_worker_that_has_ended_meanwhile_is_heard() {
        let listener = Listener::open().expect("a listener");
        let mut worker =
            TcpStream::connect((Ipv4Addr::LOCALHOST, listener.port().expect("a port"))).expect("connected");
        worker.write_all(format!("{}\nlast", listener.token().as_str()).as_bytes()).expect("written");
        drop(worker);
        let mut text = String::new();
        let mut accepted = listener.accept(|| false).expect("no error").expect("a connection");
        accepted.read_to_string(&mut text).expect("read");
        assert_eq!(text, "last");
    }
}
