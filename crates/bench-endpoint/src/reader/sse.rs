//! Server-sent events.

use super::check_length;
use crate::failure::Failure;

/// Reads server-sent events by the rules of the WHATWG HTML standard, section 9.2.6, "Interpreting an event stream":
/// lines end with LF, CR LF or CR; one BOM at the beginning is not part of the first line; lines of one event's data
/// are joined by LF; comments, `id` and `retry` are skipped; lines that are not followed by a blank line are not an
/// event.
///
/// ```
/// # use bench_endpoint::reader::Sse;
/// let mut sse = Sse::default();
/// let mut seen = Vec::new();
/// for piece in [&b"da"[..], b"ta: a\r", b"\ndata:b\n\n"] {
///     sse.bytes(piece, &mut |event| Ok(seen.push(event.data.to_owned()))).unwrap();
/// }
/// assert_eq!(seen, ["a\nb"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sse {
    line: Vec<u8>,
    /// Whether the last line ended with CR: an LF that follows belongs to it.
    after_cr: bool,
    /// Whether a line has ended yet.
    begun: bool,
    data: Vec<u8>,
    kind: Vec<u8>,
}

/// An event of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// The `event` field; empty if there is none, which means `message`.
    pub kind: &'a str,
    /// The data. Bytes that are not UTF-8 are replaced, as the standard requires.
    pub data: &'a str,
}

impl Sse {
    /// Takes a piece of the stream, and passes each event that it completes to `each`.
    ///
    /// # Errors
    /// The first error of `each`, and an event that is too long.
    pub fn bytes(
        &mut self,
        piece: &[u8],
        each: &mut dyn FnMut(SseEvent<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut rest = piece;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.extend_from_slice(&rest[..end]);
            let is_cr = rest[end] == b'\r';
            rest = &rest[end + 1..];
            if is_cr {
                match rest.strip_prefix(b"\n") {
                    Some(after) => rest = after,
                    None => self.after_cr = rest.is_empty(),
                }
            }
            self.end_line(each)?;
        }
        self.line.extend_from_slice(rest);
        check_length(self.line.len() + self.data.len())
    }

    fn end_line(&mut self, each: &mut dyn FnMut(SseEvent<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
        let line = std::mem::take(&mut self.line);
        let mut text = &line[..];
        if !self.begun {
            self.begun = true;
            text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        }
        if text.is_empty() {
            self.dispatch(each)?;
        } else {
            let (field, value) = match text.iter().position(|byte| *byte == b':') {
                Some(colon) => {
                    let value = &text[colon + 1..];
                    (&text[..colon], value.strip_prefix(b" ").unwrap_or(value))
                }
                None => (text, &b""[..]),
            };
            match field {
                b"data" => {
                    self.data.extend_from_slice(value);
                    self.data.push(b'\n');
                    check_length(self.data.len())?;
                }
                b"event" => {
                    self.kind.clear();
                    self.kind.extend_from_slice(value);
                }
                // A comment has an empty name; `id` and `retry` are for browsers that connect again.
                _ => {}
            }
        }
        // The memory of the line is reused for the next one.
        self.line = line;
        self.line.clear();
        Ok(())
    }

    fn dispatch(&mut self, each: &mut dyn FnMut(SseEvent<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
        let told = match self.data.split_last() {
            None => Ok(()),
            Some((_, data)) => {
                let (kind, data) = (String::from_utf8_lossy(&self.kind), String::from_utf8_lossy(data));
                each(SseEvent { kind: &kind, data: &data })
            }
        };
        self.data.clear();
        self.kind.clear();
        told
    }
}
