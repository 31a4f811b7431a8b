//! Reads files of other programs line by line.

use std::io::{self, BufRead, Read};

/// The maximum length of a line, in bytes: a file without line breaks would fill the memory.
pub(super) const LONGEST_LINE: usize = 64 << 20;

/// Reads a file line by line, with the numbers of lines. A byte order mark and CR before LF are not part of a line.
pub(super) struct Lines<R> {
    from: R,
    number: u64,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(from: R) -> Self {
        Lines { from, number: 0, line: Vec::new() }
    }

    /// Returns the next line that is not blank, and its number from 1; `None` at the end.
    ///
    /// # Errors
    /// If a line cannot be read, is not UTF-8, or is too long; the error has its number.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &str)>, String> {
        loop {
            self.line.clear();
            self.number += 1;
            let number = self.number;
            let wrong = |error: io::Error| format!("line {number}: cannot be read: {error}");
            let mut limited = (&mut self.from).take(LONGEST_LINE as u64 + 1);
            if limited.read_until(b'\n', &mut self.line).map_err(wrong)? == 0 {
                return Ok(None);
            }
            if self.line.len() > LONGEST_LINE {
                return Err(format!("line {number}: it is longer than {} MiB", LONGEST_LINE >> 20));
            }
            if number == 1 {
                if self.line.starts_with(b"\xFF\xFE") || self.line.starts_with(b"\xFE\xFF") {
                    return Err("the file is UTF-16: save it as UTF-8".to_owned());
                }
                if self.line.starts_with(b"\xEF\xBB\xBF") {
                    self.line.drain(..3);
                }
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        let number = self.number;
        let mut line = &self.line[..];
        line = line.strip_suffix(b"\n").unwrap_or(line);
        line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = std::str::from_utf8(line).map_err(|_| format!("line {number}: it is not UTF-8"))?;
        Ok(Some((number, line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<(u64, String)>, String> {
        // A buffer of one byte splits the file everywhere.
        let mut lines = Lines::new(io::BufReader::with_capacity(1, bytes));
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next()? {
            all.push((number, line.to_owned()));
        }
        Ok(all)
    }

    #[test]
    fn marks_and_line_ends_of_editors_are_no_part_of_a_line() {
        let expected = vec![(1, "a".to_owned()), (4, "ä\rb".to_owned())];
        assert_eq!(read("\u{FEFF}a\r\n \r\n\nä\rb".as_bytes()), Ok(expected));
        assert_eq!(read(b""), Ok(vec![]));
    }

    #[test]
    fn what_is_wrong_has_the_number_of_its_line() {
        assert_eq!(read(b"a\n\xff\n"), Err("line 2: it is not UTF-8".to_owned()));
        assert!(read(b"\xFF\xFEa\0").expect_err("UTF-16").contains("save it as UTF-8"));
    }
}
