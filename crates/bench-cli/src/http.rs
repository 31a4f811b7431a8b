//! The part of HTTP that a page for this machine needs: `GET`, one request per connection, and limits on everything
//! that a client sends.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// The limits for a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections at the same time; further ones are closed at once. A browser opens six.
    pub(crate) connections: usize,
    /// The maximum length of the request line and all headers, in bytes.
    pub(crate) head: usize,
    /// The time limit from the connection to the end of the headers.
    pub(crate) request: Duration,
    /// The time limit for reading the answer.
    pub(crate) answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 32,
            head: 16 << 10,
            request: Duration::from_secs(10),
            answer: Duration::from_secs(60),
        }
    }
}

/// The request of a client.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) host: Option<String>,
    reply: SyncSender<Answer>,
}

impl Request {
    /// Sends the answer; errors are ignored, because a browser that has closed the connection needs no answer.
    pub(crate) fn answer(self, answer: Answer) {
        let _ = self.reply.send(answer);
    }
}

/// An answer: its status, its content type, and its text.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
}

impl Answer {
    /// Creates an answer with one line of text.
    pub(crate) fn line(status: &'static str, text: impl Into<String>) -> Self {
        Answer { status, kind: "text/plain", body: text.into() }
    }

    fn write(&self, stream: &mut impl Write) -> io::Result<()> {
        let Answer { status, kind, body } = self;
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n\
             Cross-Origin-Resource-Policy: same-origin\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(body.as_bytes())
    }
}

/// Listens on a port, for this machine only; answers with the address and the requests.
///
/// # Errors
/// When the port is taken.
pub(crate) fn listen(port: u16, limits: Limits) -> io::Result<(SocketAddr, Receiver<Request>)> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let address = listener.local_addr()?;
    let (sender, requests) = sync_channel(limits.connections);
    thread::spawn(move || {
        let open = Arc::new(());
        for stream in listener.incoming() {
            let Ok(stream) = stream else {
                // For example, no file descriptors are left: trying again at once would keep a processor busy.
                thread::sleep(Duration::from_millis(10));
                continue;
            };
            // One of the references is the listener's own.
            if Arc::strong_count(&open) > limits.connections {
                continue;
            }
            let (sender, open) = (sender.clone(), Arc::clone(&open));
            thread::spawn(move || {
                // An error of one connection does not affect the others.
                let _ = serve(stream, &sender, limits);
                drop(open);
            });
        }
    });
    Ok((address, requests))
}

/// Reads one request, and writes its answer.
fn serve(stream: TcpStream, sender: &SyncSender<Request>, limits: Limits) -> io::Result<()> {
    let mut timed = Timed { stream, until: Instant::now() + limits.request };
    let head = read_head(&mut timed, limits.head)?;
    let (reply, answers) = sync_channel(1);
    let answer = match head.as_deref().map(parse) {
        None => Answer::line("431 Request Header Fields Too Large", "the request is too long"),
        Some(Err(answer)) => answer,
        Some(Ok((path, host))) => {
            let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
            sender.send(Request { path, host, reply }).map_err(|_| gone())?;
            answers.recv().map_err(|_| gone())?
        }
    };
    timed.until = Instant::now() + limits.answer;
    answer.write(&mut timed)
}

/// Reads up to the empty line after the headers; `None` if there is more than `most`.
fn read_head(stream: &mut impl Read, most: usize) -> io::Result<Option<Vec<u8>>> {
    let (mut head, mut chunk) = (Vec::new(), [0; 1024]);
    loop {
        if let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            head.truncate(end);
            return Ok(Some(head));
        }
        if head.len() > most {
            return Ok(None);
        }
        match stream.read(&mut chunk)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => head.extend_from_slice(&chunk[..count]),
        }
    }
}

/// Returns the path and the host of a request, or the error answer if it is not a valid request.
fn parse(head: &[u8]) -> Result<(String, Option<String>), Answer> {
    let bad = |what: &str| Answer::line("400 Bad Request", what);
    let text = std::str::from_utf8(head).map_err(|_| bad("the request is not UTF-8"))?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(path), Some(version), None) =
        (first.next(), first.next(), first.next(), first.next())
    else {
        return Err(bad("the request has no request line"));
    };
    if !version.starts_with("HTTP/1.") || !path.starts_with('/') {
        return Err(bad("the request is not one of HTTP/1"));
    }
    if method != "GET" {
        return Err(Answer::line("405 Method Not Allowed", "only GET is answered here"));
    }
    let mut host = None;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { return Err(bad("a header has no colon")) };
        if name.eq_ignore_ascii_case("host") && host.replace(value.trim().to_owned()).is_some() {
            return Err(bad("the request names two hosts"));
        }
    }
    let path = path.split('?').next().unwrap_or_default();
    Ok((path.to_owned(), host))
}

/// A stream with a deadline for all reading and writing together, however slowly bytes arrive.
struct Timed {
    stream: TcpStream,
    until: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Timed {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(chunk)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts a server that answers every request with its path.
    fn server(limits: Limits) -> SocketAddr {
        let (address, requests) = listen(0, limits).expect("a port");
        thread::spawn(move || {
            for request in requests {
                let answer = Answer::line("200 OK", request.path.clone());
                request.answer(answer);
            }
        });
        address
    }

    /// Returns the answer; empty if the connection was closed without one.
    fn ask(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).expect("connected");
        // The answer may come before all has been sent.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).expect("UTF-8")
    }

    #[test]
    fn a_request_is_answered_and_what_is_none_is_refused() {
        let address = server(Limits::default());
        let whole = ask(address, b"GET /data?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(whole.starts_with("HTTP/1.1 200 OK\r\n") && whole.ends_with("\r\n\r\n/data"), "{whole}");
        for (request, status) in [
            ("POST / HTTP/1.1\r\nHost: a\r\n\r\n", "405"),
            ("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", "400"),
            ("GET / HTTP/1.1\r\nHost\r\n\r\n", "400"),
            ("GET /a b HTTP/1.1\r\n\r\n", "400"),
            ("GET http://a/ HTTP/1.1\r\n\r\n", "400"),
            ("\r\n\r\n", "400"),
        ] {
            let answer = ask(address, request.as_bytes());
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer}");
        }
    }

    #[test]
    fn headers_without_an_end_are_cut_off() {
        let address = server(Limits::default());
        let long = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(1 << 20));
        // The rest was not read, so the system may discard the answer with the connection.
        let answer = ask(address, long.as_bytes());
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }

    #[test]
    fn whoever_stalls_is_left_and_does_not_keep_others_out() {
        let limits = Limits { connections: 2, request: Duration::from_millis(200), ..Limits::default() };
        let address = server(limits);
        let stalled: Vec<TcpStream> =
            (0..20).map(|_| TcpStream::connect(address).expect("connected")).collect();
        for mut stream in stalled {
            let mut answer = Vec::new();
            // The server closes the connection, not this client.
            let _ = stream.read_to_end(&mut answer);
            assert!(answer.is_empty());
        }
        let answer = (0..600).find_map(|_| {
            let answer = ask(address, b"GET /still HTTP/1.1\r\n\r\n");
            if answer.is_empty() {
                thread::sleep(Duration::from_millis(100));
            }
            Some(answer).filter(|answer| !answer.is_empty())
        });
        assert!(answer.expect("answered at last").ends_with("/still"));
    }
}
