//! The bytes of one answer, as they arrive from the socket.

use std::time::Instant;

use super::chunks::Malformed;
use super::head::{self, Framing, ParsedHead};
use crate::client::reading::{Exchanged, Reading};
use crate::failure::{Class, Failure};

/// Finds head and body in the bytes of an answer. It keeps only an incomplete head.
#[derive(Debug)]
pub(super) enum Decoder {
    Head(Vec<u8>),
    Body {
        framing: Framing,
        /// Whether the connection can serve another request afterwards.
        is_kept: bool,
    },
}

/// A complete answer.
pub(super) struct Whole {
    /// The result. After a failed status, too, the connection can stay open.
    pub(super) exchanged: Result<Exchanged, Failure>,
    /// Whether the connection can serve another request.
    pub(super) is_kept: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder::Head(Vec::new())
    }
}

impl Decoder {
    /// Takes bytes that arrived at `at`. Returns the answer; `None` until it is complete.
    ///
    /// # Errors
    /// If the answer is malformed.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        at: Instant,
        reading: &mut Reading<'_>,
    ) -> Result<Option<Whole>, Failure> {
        if let Decoder::Head(earlier) = self {
            let earlier = std::mem::take(earlier);
            if earlier.is_empty() {
                return self.feed_head(bytes, at, reading);
            }
            let mut all = earlier;
            all.extend_from_slice(bytes);
            // Until a line ends, there is nothing new to parse.
            if !bytes.contains(&b'\n') && all.len() < head::LONGEST {
                *self = Decoder::Head(all);
                return Ok(None);
            }
            return self.feed_head(&all, at, reading);
        }
        self.feed_body(bytes, at, reading)
    }

    fn feed_head(
        &mut self,
        bytes: &[u8],
        at: Instant,
        reading: &mut Reading<'_>,
    ) -> Result<Option<Whole>, Failure> {
        let take = |head: &ParsedHead<'_, '_>| {
            let taken = reading.head(head.status, &|name| head.header(name), at);
            taken.map(|()| Decoder::Body { framing: head.framing, is_kept: head.is_kept })
        };
        let Some((length, body)) = head::answer(bytes, take)? else {
            *self = Decoder::Head(bytes.to_vec());
            return Ok(None);
        };
        *self = body?;
        self.feed_body(&bytes[length..], at, reading)
    }

    fn feed_body(
        &mut self,
        bytes: &[u8],
        at: Instant,
        reading: &mut Reading<'_>,
    ) -> Result<Option<Whole>, Failure> {
        let Decoder::Body { framing, is_kept } = self else { return Ok(None) };
        let after = match framing {
            Framing::Length(left) => {
                let (piece, after) =
                    bytes.split_at(bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX)));
                *left -= piece.len() as u64;
                if !piece.is_empty() {
                    reading.piece(piece, at)?;
                }
                (*left == 0).then_some(after)
            }
            Framing::Chunked(chunks) => {
                chunks.feed(bytes, |piece| reading.piece(piece, at).map_err(Wrong::Answer))?
            }
            Framing::UntilClose => {
                if !bytes.is_empty() {
                    reading.piece(bytes, at)?;
                }
                None
            }
        };
        let Some(after) = after else { return Ok(None) };
        // Unrequested bytes must not become the answer to the next request.
        let is_kept = *is_kept && after.is_empty();
        Ok(Some(Whole { exchanged: reading.end(at), is_kept }))
    }

    /// Ends the answer after the server has closed the connection; the last byte arrived at `at`.
    ///
    /// # Errors
    /// If the answer is incomplete or malformed.
    pub(super) fn close(&self, at: Instant, reading: &mut Reading<'_>) -> Result<Exchanged, Failure> {
        match self {
            Decoder::Head(_) => {
                Err(Failure::new(Class::Reset, "the connection was closed before an answer came"))
            }
            Decoder::Body { framing: Framing::UntilClose, .. } => reading.end(at),
            Decoder::Body { .. } => Err(reading.cut(None)),
        }
    }
}

/// A fault in a body: in its chunks, or in their content.
enum Wrong {
    Chunks(Malformed),
    Answer(Failure),
}

impl From<Malformed> for Wrong {
    fn from(malformed: Malformed) -> Self {
        Wrong::Chunks(malformed)
    }
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Chunks(Malformed(why)) => {
                Failure::new(Class::Protocol, format!("the answer was cut: {why}"))
            }
            Wrong::Answer(failure) => failure,
        }
    }
}
