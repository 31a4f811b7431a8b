//! A body in chunks (RFC 9112, section 7.1).

/// A malformed chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

/// The maximum number of bytes of extensions and trailers in one body, which are skipped.
const MOST_SKIPPED: u32 = 64 << 10;

/// Reads chunks, whose bytes may be split anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunks {
    at: At,
    skipped: u32,
}

/// The next expected part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// A digit of the size; the fields are the value so far and the number of digits.
    Size(u64, u8),
    /// An extension, or the end of the line with this size.
    Extension(u64),
    /// The line feed of that line.
    EndOfSize(u64),
    /// This many bytes of data.
    Data(u64),
    EndOfData,
    EndOfDataLine,
    /// The first byte of a line after the last chunk. An empty line is the end.
    Line,
    Trailer,
    /// The line feed of the last line.
    End,
    Done,
}

impl Default for Chunks {
    fn default() -> Self {
        Chunks { at: At::Size(0, 0), skipped: 0 }
    }
}

impl Chunks {
    /// Passes the data in `bytes` to `data`. Returns the bytes after the end of the body; `None` if the body has not
    /// ended.
    ///
    /// # Errors
    /// If the chunks are malformed, and the errors of `data`.
    pub(super) fn feed<'b, E: From<Malformed>>(
        &mut self,
        mut bytes: &'b [u8],
        mut data: impl FnMut(&'b [u8]) -> Result<(), E>,
    ) -> Result<Option<&'b [u8]>, E> {
        while self.at != At::Done {
            let Some((&byte, rest)) = bytes.split_first() else { return Ok(None) };
            if let At::Data(left) = self.at {
                let (piece, rest) =
                    bytes.split_at(bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
                let left = left - piece.len() as u64;
                self.at = if left == 0 { At::EndOfData } else { At::Data(left) };
                bytes = rest;
                data(piece)?;
                continue;
            }
            self.at = self.after(byte)?;
            bytes = rest;
        }
        Ok(Some(bytes))
    }

    /// Returns the next part after a byte that is not data.
    fn after(&mut self, byte: u8) -> Result<At, Malformed> {
        Ok(match (self.at, byte) {
            (At::Size(size, digits), _) if byte.is_ascii_hexdigit() => {
                if digits == 16 {
                    return Err(Malformed("the size of a chunk has more than 16 digits"));
                }
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                At::Size(size << 4 | u64::from(digit), digits + 1)
            }
            (At::Size(_, 0), _) => return Err(Malformed("a chunk begins without a size")),
            (At::Size(size, _) | At::Extension(size), b'\r') => At::EndOfSize(size),
            (At::Size(size, _), b';' | b' ' | b'\t') => At::Extension(size),
            (At::Size(..), _) => return Err(Malformed("the size of a chunk is not hexadecimal")),
            (At::Extension(_), b'\n') => return Err(Malformed("the size line of a chunk ends without CR")),
            (At::Extension(size), _) => self.skipped(At::Extension(size))?,
            (At::EndOfSize(0), b'\n') => At::Line,
            (At::EndOfSize(size), b'\n') => At::Data(size),
            (At::EndOfData, b'\r') => At::EndOfDataLine,
            (At::EndOfDataLine, b'\n') => At::Size(0, 0),
            (At::Line, b'\r') => At::End,
            (At::Trailer, b'\n') => At::Line,
            (At::Line | At::Trailer, _) => self.skipped(At::Trailer)?,
            (At::End, b'\n') => At::Done,
            _ => return Err(Malformed("a chunk does not end where its size says")),
        })
    }

    fn skipped(&mut self, at: At) -> Result<At, Malformed> {
        self.skipped += 1;
        if self.skipped > MOST_SKIPPED {
            Err(Malformed("extensions or trailers without end"))
        } else {
            Ok(at)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the data in the pieces of a body, and the bytes after its end; `None` if the body has not ended.
    fn read(pieces: &[&[u8]]) -> Result<(Vec<u8>, Option<Vec<u8>>), Malformed> {
        let (mut chunks, mut all, mut after) = (Chunks::default(), Vec::new(), None);
        for piece in pieces {
            let end = chunks.feed(piece, |data| {
                all.extend_from_slice(data);
                Ok::<_, Malformed>(())
            })?;
            after = after.or(end.map(<[u8]>::to_vec));
        }
        Ok((all, after))
    }

    const BODY: &[u8] =
        b"5\r\nhello\r\n1;a=\"b\"\r\n,\r\n00C \r\n wide world.\r\n0\r\nX-A: b\r\nY: z\r\n\r\nHTTP";

    #[test]
    fn chunks_extensions_and_trailers() {
        let whole = (b"hello, wide world.".to_vec(), Some(b"HTTP".to_vec()));
        assert_eq!(read(&[BODY]), Ok(whole));
        assert_eq!(read(&[b"3\r\nab"]), Ok((b"ab".to_vec(), None)));
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for wrong in [
            b"\r\n".as_slice(),
            b"x\r\n",
            b"5hello",
            b"2\r\nabc\r\n",
            b"2\nab\r\n",
            b"2;a\nab\r\n",
            b"11111111111111111\r\n",
            b"-1\r\n",
            b"0\r\n\rx",
        ] {
            assert!(read(&[wrong]).is_err(), "{}", String::from_utf8_lossy(wrong));
        }
        let endless = [b"1;".as_slice(), &vec![b'a'; 1 << 20]].concat();
        assert!(read(&[&endless]).is_err());
    }

    proptest! {
        #[test]
        fn bytes_may_be_cut_anywhere(first in 0..BODY.len() - 4, second in 0..BODY.len() - 4) {
            let (first, second) = (first.min(second), first.max(second));
            let (data, after) = read(&[&BODY[..first], &BODY[first..second], &BODY[second..]]).expect("chunks");
            prop_assert_eq!(data, b"hello, wide world.");
            prop_assert_eq!(after.as_deref(), Some(b"HTTP".as_slice()));
        }

        #[test]
        fn anything_is_read_or_refused(bytes: Vec<u8>) {
            let _ = read(&[&bytes]);
        }
    }
}
