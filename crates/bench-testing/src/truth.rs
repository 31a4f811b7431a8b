//! A server that sends what a test wants and remembers when: plain sockets, no library of the client that is tested.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// What the server does, one after another, when a request has come.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends these bytes in one write.
    Send(Vec<u8>),
    /// Waits until so long after the request had come. Waits do not add up what the system oversleeps.
    WaitUntil(Duration),
    /// Closes the connection: what was sent arrives.
    Close,
    /// Resets the connection: what was sent may be lost.
    Reset,
    /// Keeps the connection open, and sends nothing more until the client closes it.
    Hold,
}

/// A request that has come.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its number over all connections, from 0.
    pub number: usize,
    /// The number of its connection, from 0.
    pub connection: usize,
    /// `POST /path HTTP/1.1` and the headers, as they came.
    pub head: String,
    /// Its body.
    pub body: Vec<u8>,
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

struct Shared {
    script: Box<Script>,
    asked: Mutex<Vec<Asked>>,
    sent: Mutex<Vec<Sent>>,
    requests: AtomicUsize,
    connections: AtomicUsize,
    over: AtomicBool,
}

/// A server on a free port of the loopback interface. It ends when it is dropped.
pub struct Truth {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// The head of a 200 answer whose body comes in chunks.
pub fn chunked(content_type: &str) -> Act {
    Act::Send(
        format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n")
            .into_bytes(),
    )
}

/// A chunk of such a body.
pub fn chunk(bytes: impl AsRef<[u8]>) -> Act {
    let bytes = bytes.as_ref();
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    Act::Send(chunk)
}

/// The end of such a body.
pub fn last_chunk() -> Act {
    Act::Send(b"0\r\n\r\n".to_vec())
}

/// A whole answer in one write. `status` is code and reason; `headers` are lines without their ends.
pub fn whole(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Act {
    let body = body.as_ref();
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let mut bytes =
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Act::Send(bytes)
}

/// A whole answer of JSON.
pub fn json(body: &str) -> Act {
    whole("200 OK", &["Content-Type: application/json"], body)
}

/// A stream of a chat: its head and a role at once, a token after `first` and after each `gap` from then on, and the
/// number of tokens at the end. Tokens are the acts from number 3 on, every other one.
pub fn chat(tokens: usize, first: Duration, gap: Duration) -> Vec<Act> {
    let event = |json: &str| chunk(format!("data: {json}\n\n"));
    let mut acts = vec![
        chunked("text/event-stream"),
        event(r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#),
    ];
    for number in 0..tokens {
        acts.push(Act::WaitUntil(first + gap * u32::try_from(number).unwrap_or(u32::MAX)));
        acts.push(event(r#"{"choices":[{"delta":{"content":"tok "}}]}"#));
    }
    acts.push(event(r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#));
    acts.push(event(&format!(
        r#"{{"choices":[],"usage":{{"prompt_tokens":5,"completion_tokens":{tokens}}}}}"#
    )));
    acts.push(event("[DONE]"));
    acts.push(last_chunk());
    acts
}

/// An interface that [`dialect`] speaks.
#[derive(Clone, Copy, Debug)]
pub enum Dialect {
    /// OpenAI `/v1/responses`.
    Responses,
    /// Anthropic `/v1/messages`.
    Messages,
    /// Ollama `/api/generate`.
    OllamaGenerate,
    /// Ollama `/api/chat`.
    OllamaChat,
    /// TGI `/generate_stream`.
    Tgi,
    /// Triton `/v2/models/MODEL/generate_stream`.
    Triton,
    /// OpenAI `/v1/audio/transcriptions`.
    Transcription,
}

/// A stream of this interface: its head (act 0) and what comes before any text (act 1) at once, then for each of `tokens`
/// tokens of four characters a wait for `gap` more (acts 2, 4, …) and the token (acts 3, 5, …), and the end.
pub fn dialect(spoken: Dialect, tokens: usize, gap: Duration) -> Vec<Act> {
    let event = |kind: &str, data: &str| format!("event: {kind}\ndata: {data}\n\n");
    let data = |data: &str| format!("data: {data}\n\n");
    let (content_type, begin, token, end) = match spoken {
        Dialect::Responses => (
            "text/event-stream",
            event("response.created", r#"{"type":"response.created","response":{"status":"in_progress"}}"#),
            event("response.output_text.delta", r#"{"type":"response.output_text.delta","delta":"tok "}"#),
            event(
                "response.completed",
                &format!(
                    r#"{{"type":"response.completed","response":{{"usage":{{"input_tokens":5,"output_tokens":{tokens}}}}}}}"#
                ),
            ),
        ),
        Dialect::Messages => (
            "text/event-stream",
            event(
                "message_start",
                r#"{"type":"message_start","message":{"usage":{"input_tokens":5,"output_tokens":1}}}"#,
            ),
            event(
                "content_block_delta",
                r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"tok "}}"#,
            ),
            event(
                "message_delta",
                &format!(r#"{{"type":"message_delta","delta":{{}},"usage":{{"output_tokens":{tokens}}}}}"#),
            ) + &event("message_stop", r#"{"type":"message_stop"}"#),
        ),
        Dialect::OllamaGenerate => (
            "application/x-ndjson",
            "{\"response\":\"\",\"done\":false}\n".to_owned(),
            "{\"response\":\"tok \",\"done\":false}\n".to_owned(),
            format!("{{\"response\":\"\",\"done\":true,\"prompt_eval_count\":5,\"eval_count\":{tokens}}}\n"),
        ),
        Dialect::OllamaChat => (
            "application/x-ndjson",
            "{\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n".to_owned(),
            "{\"message\":{\"role\":\"assistant\",\"content\":\"tok \"},\"done\":false}\n".to_owned(),
            format!(
                "{{\"message\":{{\"content\":\"\"}},\"done\":true,\"prompt_eval_count\":5,\"eval_count\":{tokens}}}\n"
            ),
        ),
        Dialect::Tgi => (
            "text/event-stream",
            ":\n\n".to_owned(),
            data(r#"{"token":{"id":5,"text":"tok ","special":false},"generated_text":null,"details":null}"#),
            data(&format!(
                r#"{{"token":{{"id":2,"text":"</s>","special":true}},"generated_text":"…","details":{{"generated_tokens":{tokens}}}}}"#
            )),
        ),
        Dialect::Triton => (
            "text/event-stream",
            data(r#"{"model_name":"m","text_output":""}"#),
            data(r#"{"model_name":"m","text_output":"tok "}"#),
            data(r#"{"model_name":"m","text_output":""}"#),
        ),
        Dialect::Transcription => (
            "text/event-stream",
            ": listening\n\n".to_owned(),
            data(r#"{"type":"transcript.text.delta","delta":"tok "}"#),
            data(&format!(
                r#"{{"type":"transcript.text.done","text":"…","usage":{{"output_tokens":{tokens}}}}}"#
            )),
        ),
    };
    let mut acts = vec![chunked(content_type), chunk(begin)];
    for number in 1..=tokens {
        acts.push(Act::WaitUntil(gap * u32::try_from(number).unwrap_or(u32::MAX)));
        acts.push(chunk(&token));
    }
    acts.extend([chunk(end), last_chunk()]);
    acts
}

impl Truth {
    /// A server that does for each request what `script` says.
    pub fn start(script: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            script: Box::new(script),
            asked: Mutex::default(),
            sent: Mutex::default(),
            requests: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let own = Arc::clone(&shared);
        let accept = move || {
            for stream in listener.incoming() {
                if own.over.load(Ordering::Acquire) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let shared = Arc::clone(&own);
                let connection = own.connections.fetch_add(1, Ordering::Relaxed);
                let serve = move || {
                    // What the client closes is at an end.
                    let _ = shared.serve(stream, connection);
                };
                Builder::new().stack_size(128 << 10).spawn(serve).expect("a thread");
            }
        };
        Builder::new().name("truth".to_owned()).spawn(accept).expect("a thread");
        Truth { address, shared }
    }

    /// Its address: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests that have come.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes that have returned.
    pub fn sent(&self) -> Vec<Sent> {
        self.shared.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Connections that were accepted.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Truth {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        // Wakes the thread that accepts; it may have ended already.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream, connection: usize) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut received = Vec::new();
        while let Some((head, body)) = request(&mut stream, &mut received)? {
            let came = Instant::now();
            let number = self.requests.fetch_add(1, Ordering::Relaxed);
            let asked = Asked { number, connection, head, body };
            let acts = (self.script)(&asked);
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
            for (act, what) in acts.into_iter().enumerate() {
                match what {
                    Act::Send(bytes) => {
                        stream.write_all(&bytes)?;
                        let sent = Sent { request: number, act, at: Instant::now() };
                        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
                    }
                    Act::WaitUntil(after) => {
                        std::thread::sleep((came + after).saturating_duration_since(Instant::now()));
                    }
                    Act::Close => return Ok(()),
                    Act::Reset => {
                        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
                        return Ok(());
                    }
                    Act::Hold => {
                        io::copy(&mut stream, &mut io::sink())?;
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }
}

/// The next request of a connection; `None` if the client has closed it.
fn request(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut more = |received: &mut Vec<u8>| -> io::Result<bool> {
        let mut piece = [0; 16 << 10];
        let count = stream.read(&mut piece)?;
        received.extend_from_slice(&piece[..count]);
        Ok(count > 0)
    };
    let head = loop {
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = received.split_off(end + 4);
            break String::from_utf8_lossy(&std::mem::replace(received, rest)).into_owned();
        }
        if !more(received)? {
            return Ok(None);
        }
    };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    while received.len() < length {
        if !more(received)? {
            return Ok(None);
        }
    }
    let rest = received.split_off(length);
    Ok(Some((head, std::mem::replace(received, rest))))
}
