//! Reads the output of a worker: the end is kept, the rest dropped.

use std::io::{self, Read, Write};

/// The number of bytes of a worker's output that are kept.
const KEPT: usize = 8 << 10;

/// The end of everything that was written.
#[derive(Debug, Default)]
pub struct Tail {
    bytes: Vec<u8>,
    dropped: bool,
    /// Whether it is also shown as it arrives.
    echo: bool,
}

impl Tail {
    /// Creates an empty output.
    pub fn new(echo: bool) -> Self {
        Tail { echo, ..Tail::default() }
    }

    /// Takes the available bytes, at most 64 KiB; `false` when the stream has ended.
    pub fn take(&mut self, stream: &mut impl Read) -> io::Result<bool> {
        let mut chunk = [0; 64 << 10];
        let count = match stream.read(&mut chunk) {
            Ok(count) => count,
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {
                return Ok(true);
            }
            Err(error) => return Err(error),
        };
        self.push(&chunk[..count]);
        Ok(count > 0)
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.echo {
            // A closed stderr must not end the run.
            let _ = io::stderr().write_all(bytes);
        }
        self.bytes.extend_from_slice(bytes);
        // Trimmed rarely, so that 100 MB take hardly longer than reading them.
        if self.bytes.len() > 16 * KEPT {
            self.trim();
        }
    }

    fn trim(&mut self) {
        if self.bytes.len() > KEPT {
            self.bytes.drain(..self.bytes.len() - KEPT);
            self.dropped = true;
        }
    }

    /// Returns the end of the output, as text.
    pub fn into_text(mut self) -> String {
        self.trim();
        let text = String::from_utf8_lossy(&self.bytes);
        if self.dropped { format!("…{text}") } else { text.into_owned() }
    }

    /// Returns the last line that is not empty, made printable; `None` if there is none.
    pub fn last_line(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
        Some(bench_syntax::text::printable(line.trim()))
    }

    /// Whether the end of the output contains `text`.
    pub fn contains(&self, text: &str) -> bool {
        self.bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept() {
        let mut tail = Tail::default();
        let text = "0123456789".repeat(100_000);
        let mut stream = text.as_bytes();
        while tail.take(&mut stream).expect("read") {}
        assert!(tail.bytes.len() <= 32 * KEPT);
        let kept = tail.into_text();
        assert!(kept.starts_with('…') && text.ends_with(kept.trim_start_matches('…')));
        assert_eq!(kept.trim_start_matches('…').len(), KEPT);
    }
}
