//! The reactions of the server to a request, and functions that build answers from them.

use std::time::Duration;

/// The end of the head of a request or an answer.
pub(super) const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A step of the server's reaction to a request. The steps run one after another.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends these bytes in one write.
    Send(Vec<u8>),
    /// Waits until this time after the request arrived, so that delays of the system do not add up from wait to wait.
    WaitUntil(Duration),
    /// Closes the connection; all sent bytes arrive.
    Close,
    /// Resets the connection; sent bytes may be lost.
    Reset,
    /// Keeps the connection open, and sends nothing more until the client closes it.
    Hold,
}

/// Sends the head of a 200 answer whose body comes in chunks.
pub fn chunked(content_type: &str) -> Act {
    Act::Send(
        format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n")
            .into_bytes(),
    )
}

/// Sends a chunk of the body of an answer that [`chunked`] began.
pub fn chunk(bytes: impl AsRef<[u8]>) -> Act {
    let bytes = bytes.as_ref();
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    Act::Send(chunk)
}

/// Sends the end of the body of an answer that [`chunked`] began.
pub fn last_chunk() -> Act {
    Act::Send(b"0\r\n\r\n".to_vec())
}

/// Sends a whole answer in one write. `status` is code and reason; `headers` are lines without their ends.
pub fn whole(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Act {
    let body = body.as_ref();
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let mut bytes =
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Act::Send(bytes)
}

/// Sends a whole answer of JSON in one write.
pub fn json(body: &str) -> Act {
    whole("200 OK", &["Content-Type: application/json"], body)
}

/// Returns the acts of a streamed chat: its head and a role at once, a token after `first` and after each further
/// `gap`, and the number of tokens at the end. The tokens are acts 3, 5, 7, …, counted from 0.
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
