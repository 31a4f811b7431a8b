//! An HTTP/2 connection (RFC 9113), as far as a gRPC server needs it: it serves many requests at once, does not read
//! their headers, and ignores flow-control windows when it sends.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::iter::Enumerate;
use std::time::Instant;
use std::vec::IntoIter;

use mio::net::TcpStream;

use super::acts::Act;
use super::connection::Next;
use super::{Asked, Sent, Shared, locked};

/// The first bytes that a client sends.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The length of the head of a frame: length (3 bytes), kind, flags, stream (4 bytes).
const HEAD: usize = 9;

/// Kinds of frames.
pub(super) mod kind {
    pub(in super::super) const DATA: u8 = 0;
    pub(in super::super) const HEADERS: u8 = 1;
    pub(in super::super) const RST_STREAM: u8 = 3;
    pub(in super::super) const SETTINGS: u8 = 4;
    pub(in super::super) const PING: u8 = 6;
    pub(in super::super) const GOAWAY: u8 = 7;
    pub(in super::super) const WINDOW_UPDATE: u8 = 8;
}

/// Flags of frames. `ACK`, for answers to settings and pings, is the same bit as `END_STREAM`.
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

/// Encodes a frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("a short frame").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), body].concat()
}

/// A received frame.
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    body: Vec<u8>,
}

/// A connection. Its methods do not block.
pub(super) struct Connection {
    stream: TcpStream,
    number: usize,
    /// Received bytes that are not read as frames yet.
    input: Vec<u8>,
    has_begun: bool,
    /// The queue of frames to write.
    output: VecDeque<Writing>,
    /// The bodies of incomplete requests, by stream.
    bodies: BTreeMap<u32, Vec<u8>>,
    answers: BTreeMap<u32, Answer>,
    /// The time at which the event loop was asked to continue this connection; `None` if it was not.
    wakes: Option<Instant>,
}

/// Bytes to write, `written` of which have been sent.
struct Writing {
    bytes: Vec<u8>,
    written: usize,
    /// The number of the request and that of the act; `None` for a frame that does not belong to an answer.
    of: Option<(usize, usize)>,
}

/// The remaining acts for a request.
struct Answer {
    request: usize,
    came: Instant,
    acts: Enumerate<IntoIter<Act>>,
    until: Option<Instant>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, number: usize) -> Self {
        Connection {
            stream,
            number,
            input: Vec::new(),
            has_begun: false,
            output: VecDeque::new(),
            bodies: BTreeMap::new(),
            answers: BTreeMap::new(),
            wakes: None,
        }
    }

    /// Reads and writes as much as possible without blocking.
    ///
    /// # Errors
    /// If the client has closed or reset the connection, or does not use HTTP/2.
    pub(super) fn go_on(&mut self, shared: &Shared) -> io::Result<Next> {
        loop {
            if !self.write(shared)? {
                return Ok(Next::Event);
            }
            if !self.answer() {
                return Ok(Next::Close);
            }
            if !self.output.is_empty() {
                continue;
            }
            let mut read = [0; 16 << 10];
            match self.stream.read(&mut read) {
                Ok(0) => return Ok(Next::Close),
                Ok(count) => self.input.extend_from_slice(&read[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(self.next()),
                Err(error) => return Err(error),
            }
            while let Some(frame) = self.frame()? {
                self.take(shared, &frame)?;
            }
        }
    }

    /// Returns the event that the connection waits for.
    fn next(&mut self) -> Next {
        let now = Instant::now();
        let due = self.answers.values().filter_map(|answer| answer.until).min();
        match due {
            // The time is requested only once: otherwise, each event would add another wake-up.
            Some(at) if self.wakes.is_none_or(|wakes| wakes <= now || wakes > at) => {
                self.wakes = Some(at);
                Next::Due(at)
            }
            _ => Next::Event,
        }
    }

    /// Writes the queued frames; returns `false` if the socket accepts no more bytes.
    fn write(&mut self, shared: &Shared) -> io::Result<bool> {
        while let Some(next) = self.output.front_mut() {
            while next.written < next.bytes.len() {
                match self.stream.write(&next.bytes[next.written..]) {
                    Ok(count) => next.written += count,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                    Err(error) => return Err(error),
                }
            }
            if let Some((request, act)) = next.of {
                locked(&shared.sent).push(Sent { request, act, at: Instant::now() });
            }
            self.output.pop_front();
        }
        Ok(true)
    }

    /// Queues the next write of each answer that is due; returns `false` if an answer closes the connection.
    fn answer(&mut self) -> bool {
        let (mut ended, now) = (Vec::new(), Instant::now());
        for (stream, answer) in &mut self.answers {
            if answer.until.is_some_and(|at| now < at) {
                continue;
            }
            answer.until = None;
            loop {
                match answer.acts.next() {
                    // A held answer sends nothing more.
                    None | Some((_, Act::Hold)) => ended.push(*stream),
                    Some((act, Act::Send(mut bytes))) => {
                        put_stream(&mut bytes, *stream);
                        let of = Some((answer.request, act));
                        self.output.push_back(Writing { bytes, written: 0, of });
                    }
                    Some((_, Act::WaitUntil(after))) => {
                        let at = answer.came + after;
                        if at <= now {
                            continue;
                        }
                        answer.until = Some(at);
                    }
                    Some((_, Act::Close | Act::Reset)) => return false,
                }
                break;
            }
        }
        ended.iter().for_each(|stream| drop(self.answers.remove(stream)));
        true
    }

    /// Takes the next frame from the received bytes; `None` until it is complete.
    fn frame(&mut self) -> io::Result<Option<Frame>> {
        if !self.has_begun {
            if self.input.len() < PREFACE.len() {
                return Ok(None);
            }
            if !self.input.starts_with(PREFACE) {
                return Err(ErrorKind::InvalidData.into());
            }
            self.input.drain(..PREFACE.len());
            self.has_begun = true;
            self.control(frame(kind::SETTINGS, 0, 0, &[]));
        }
        let Some(head) = self.input.first_chunk::<HEAD>() else { return Ok(None) };
        let [a, b, c, kind, flags, stream @ ..] = *head;
        let end = HEAD + u32::from_be_bytes([0, a, b, c]) as usize;
        if self.input.len() < end {
            return Ok(None);
        }
        let body = self.input[HEAD..end].to_vec();
        self.input.drain(..end);
        Ok(Some(Frame { kind, flags, stream: u32::from_be_bytes(stream), body }))
    }

    fn take(&mut self, shared: &Shared, came: &Frame) -> io::Result<()> {
        let Frame { kind, flags, stream, ref body } = *came;
        match kind {
            kind::SETTINGS if flags & ACK == 0 => self.control(frame(kind::SETTINGS, ACK, 0, &[])),
            kind::PING if flags & ACK == 0 => self.control(frame(kind::PING, ACK, 0, body)),
            kind::HEADERS => drop(self.bodies.insert(stream, Vec::new())),
            kind::DATA => {
                if let Some(whole) = self.bodies.get_mut(&stream) {
                    whole.extend_from_slice(body);
                }
                let length = u32::try_from(body.len()).unwrap_or_default();
                if length > 0 {
                    self.control(frame(kind::WINDOW_UPDATE, 0, 0, &length.to_be_bytes()));
                }
            }
            kind::RST_STREAM => drop((self.bodies.remove(&stream), self.answers.remove(&stream))),
            kind::GOAWAY => return Err(ErrorKind::ConnectionAborted.into()),
            _ => {}
        }
        let is_whole = matches!(kind, kind::HEADERS | kind::DATA) && flags & END_STREAM != 0;
        if let Some(body) = is_whole.then(|| self.bodies.remove(&stream)).flatten() {
            self.answers.insert(stream, Answer::begin(shared, self.number, body));
        }
        Ok(())
    }

    /// Queues a frame that does not belong to an answer.
    fn control(&mut self, bytes: Vec<u8>) {
        self.output.push_back(Writing { bytes, written: 0, of: None });
    }
}

impl Answer {
    fn begin(shared: &Shared, connection: usize, body: Vec<u8>) -> Self {
        let came = Instant::now();
        let request = locked(&shared.asked).len();
        let asked = Asked { number: request, connection, head: String::new(), body, at: came };
        let acts = (shared.script)(&asked).into_iter().enumerate();
        locked(&shared.asked).push(asked);
        Answer { request, came, acts, until: None }
    }
}

/// Writes the number of a stream into the frames.
fn put_stream(frames: &mut [u8], stream: u32) {
    let mut from = 0;
    while let Some([a, b, c]) = frames.get(from..).and_then(<[u8]>::first_chunk::<3>).copied() {
        frames[from + 5..from + HEAD].copy_from_slice(&stream.to_be_bytes());
        from += HEAD + u32::from_be_bytes([0, a, b, c]) as usize;
    }
}
