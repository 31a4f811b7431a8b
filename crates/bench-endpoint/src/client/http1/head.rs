//! Heads of requests and answers (RFC 9112, sections 2 to 6).

use std::io::Write;

use http::{HeaderMap, Method, StatusCode};

use super::chunks::Chunks;
use crate::failure::{Class, Failure};

/// The maximum length of a head, in bytes. Most servers and clients have such a limit.
pub(super) const LONGEST: usize = 256 << 10;

/// The maximum number of headers of an answer.
const MOST: usize = 128;

/// How the end of a body is recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// The body has this many bytes.
    Length(u64),
    Chunked(Chunks),
    /// The server closes the connection.
    UntilClose,
}

/// The head of an answer, which borrows its bytes.
pub(super) struct ParsedHead<'h, 'b> {
    pub(super) status: StatusCode,
    headers: &'h [httparse::Header<'b>],
    pub(super) framing: Framing,
    /// Whether the connection can serve another request afterwards.
    pub(super) is_kept: bool,
}

impl<'b> ParsedHead<'_, 'b> {
    /// Returns the value of a header; `None` if there is none that is text.
    pub(super) fn header(&self, name: &str) -> Option<&'b str> {
        values(self.headers, name).next()
    }
}

/// Returns the bytes of the head of a request, with the headers `own`, and those of `common` that are not in `own`.
pub(super) fn request(
    (method, base, path): (&Method, &str, &str),
    (common, own): (&HeaderMap, &HeaderMap),
    body_len: usize,
) -> Result<Vec<u8>, Failure> {
    let is_path = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
    if !base.bytes().chain(path.bytes()).all(is_path) {
        return Err(Failure::new(Class::Protocol, format!("`{base}{path}` is not a path")));
    }
    let slash = if base.is_empty() && !path.starts_with('/') { "/" } else { "" };
    let mut head = Vec::with_capacity(512);
    // Writing to a vector does not fail.
    let _ = write!(head, "{method} {slash}{base}{path} HTTP/1.1\r\n");
    let common = common.iter().filter(|(name, _)| !own.contains_key(*name));
    for (name, value) in common.chain(own) {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    if body_len > 0 || *method != Method::GET {
        let _ = write!(head, "content-length: {body_len}\r\n");
    }
    head.extend_from_slice(b"\r\n");
    Ok(head)
}

/// Passes the head at the beginning of `bytes` to `taken`. Returns the length of the head and the result of `taken`;
/// `None` while the head is incomplete. Interim heads (status 100 to 199) are skipped.
///
/// # Errors
/// If the bytes are not the head of an answer.
pub(super) fn answer<T>(
    bytes: &[u8],
    taken: impl FnOnce(&ParsedHead<'_, '_>) -> T,
) -> Result<Option<(usize, T)>, Failure> {
    let mut skipped = 0;
    loop {
        let mut headers = [httparse::EMPTY_HEADER; MOST];
        let mut parsed = httparse::Response::new(&mut headers);
        let length = match parsed.parse(&bytes[skipped..]) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if bytes.len() < LONGEST => return Ok(None),
            Ok(httparse::Status::Partial) => {
                return Err(not_http(&format!("its head is longer than {LONGEST} bytes")));
            }
            Err(error) => return Err(not_http(&error)),
        };
        let status =
            StatusCode::from_u16(parsed.code.unwrap_or_default()).map_err(|error| not_http(&error))?;
        skipped += length;
        if status.is_informational() {
            if status == StatusCode::SWITCHING_PROTOCOLS {
                return Err(not_http(&"it switches to another protocol"));
            }
            continue;
        }
        let framing = framing(status, parsed.headers)?;
        let is_new = parsed.version == Some(1);
        let is_kept = match (has_word(parsed.headers, "close"), has_word(parsed.headers, "keep-alive")) {
            (true, _) => false,
            (false, keeps) => is_new || keeps,
        };
        let is_kept = is_kept && framing != Framing::UntilClose;
        let head = ParsedHead { status, headers: parsed.headers, framing, is_kept };
        return Ok(Some((skipped, taken(&head))));
    }
}

fn framing(status: StatusCode, headers: &[httparse::Header<'_>]) -> Result<Framing, Failure> {
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Ok(Framing::Length(0));
    }
    if let Some(last) = values(headers, "transfer-encoding").last() {
        let last = last.rsplit(',').next().unwrap_or_default().trim();
        let is_chunked = last.eq_ignore_ascii_case("chunked");
        return Ok(if is_chunked { Framing::Chunked(Chunks::default()) } else { Framing::UntilClose });
    }
    let mut lengths = values(headers, "content-length").flat_map(|value| value.split(',')).map(str::trim);
    let Some(first) = lengths.next() else { return Ok(Framing::UntilClose) };
    let is_number = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
    match first.parse().ok().filter(|_| is_number && lengths.all(|other| other == first)) {
        Some(length) => Ok(Framing::Length(length)),
        None => Err(not_http(&"its Content-Length is not a single number")),
    }
}

/// Returns the values of a header that are text, in order.
fn values<'b>(headers: &[httparse::Header<'b>], name: &str) -> impl Iterator<Item = &'b str> {
    let named = headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
    named.filter_map(|header| std::str::from_utf8(header.value).ok())
}

/// Whether `Connection` lists this word.
fn has_word(headers: &[httparse::Header<'_>], word: &str) -> bool {
    values(headers, "connection")
        .flat_map(|value| value.split(','))
        .any(|one| one.trim().eq_ignore_ascii_case(word))
}

fn not_http(why: &dyn std::fmt::Display) -> Failure {
    Failure::new(Class::Protocol, format!("the answer is not HTTP/1: {why}"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    type Parsed = Result<Option<(usize, (u16, Framing, bool))>, Class>;

    fn parsed(head: &str) -> Parsed {
        let taken = |head: &ParsedHead<'_, '_>| (head.status.as_u16(), head.framing, head.is_kept);
        answer(head.as_bytes(), taken).map_err(|failure| failure.class)
    }

    #[test]
    fn heads_say_where_the_body_ends() {
        let chunked = Framing::Chunked(Chunks::default());
        for (head, expected) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", (200, Framing::Length(5), true)),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\nconnection: Close\r\n\r\n",
                (200, Framing::Length(5), false),
            ),
            (
                "HTTP/1.1 200\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 3\r\n\r\n",
                (200, chunked, true),
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", (200, Framing::UntilClose, false)),
            ("HTTP/1.1 200 OK\r\n\r\n", (200, Framing::UntilClose, false)),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", (200, Framing::Length(1), false)),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: a, keep-alive\r\n\r\n",
                (200, Framing::Length(1), true),
            ),
            ("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", (204, Framing::Length(0), true)),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
                (500, Framing::Length(0), true),
            ),
        ] {
            assert_eq!(parsed(head), Ok(Some((head.len(), expected))), "{head}");
            // No head is complete before its last byte.
            assert!((0..head.len()).all(|end| parsed(&head[..end]) == Ok(None)), "{head}");
        }
    }

    #[test]
    fn what_is_no_head_is_refused() {
        let long = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(LONGEST));
        for wrong in [
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/2 200 OK\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            &long,
        ] {
            assert_eq!(parsed(wrong), Err(Class::Protocol), "{}", &wrong[..wrong.len().min(60)]);
        }
    }

    #[test]
    fn a_request_replaces_headers_that_all_have() {
        let text = HeaderValue::from_static;
        let common =
            HeaderMap::from_iter([(http::header::HOST, text("h")), (http::header::ACCEPT, text("*/*"))]);
        let own = HeaderMap::from_iter([(http::header::ACCEPT, text("a/b"))]);
        let head = |method, base, path, body| {
            request((&method, base, path), (&common, &own), body)
                .map(|head| String::from_utf8(head).expect("text"))
        };
        let expected = "POST /v1/a?b HTTP/1.1\r\nhost: h\r\naccept: a/b\r\ncontent-length: 7\r\n\r\n";
        assert_eq!(head(Method::POST, "/v1", "/a?b", 7).as_deref(), Ok(expected));
        assert_eq!(
            head(Method::GET, "", "", 0).as_deref(),
            Ok("GET / HTTP/1.1\r\nhost: h\r\naccept: a/b\r\n\r\n")
        );
        assert!(head(Method::POST, "", "/", 0).is_ok_and(|head| head.contains("content-length: 0")));
        for wrong in ["/a b", "/a\r\nX: y", "/#a", "/\u{fc}"] {
            assert_eq!(
                head(Method::GET, "", wrong, 0).map_err(|failure| failure.class),
                Err(Class::Protocol)
            );
        }
    }
}
