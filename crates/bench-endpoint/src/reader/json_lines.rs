//! Reads JSON with one value on each line.

use super::check_length;
use crate::failure::Failure;

/// Splits a stream into lines of text, which the caller parses. Empty lines are skipped, a last line needs no line
/// break, and CR before LF is not part of a line.
#[derive(Clone, Debug, Default)]
pub struct JsonLines {
    line: Vec<u8>,
}

impl JsonLines {
    /// Takes a piece of the stream, and passes each line that it completes to `each`.
    ///
    /// # Errors
    /// The first error of `each`, and a line that is too long.
    pub fn bytes(
        &mut self,
        piece: &[u8],
        each: &mut dyn FnMut(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut rest = piece;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.line.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            self.end_line(each)?;
        }
        self.line.extend_from_slice(rest);
        check_length(self.line.len())
    }

    /// Ends the stream: passes a last line without a line break to `each`.
    ///
    /// # Errors
    /// The error of `each`.
    pub fn end(&mut self, each: &mut dyn FnMut(&str) -> Result<(), Failure>) -> Result<(), Failure> {
        self.end_line(each)
    }

    fn end_line(&mut self, each: &mut dyn FnMut(&str) -> Result<(), Failure>) -> Result<(), Failure> {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line));
        if text.trim().is_empty() { Ok(()) } else { each(&text) }
    }
}
