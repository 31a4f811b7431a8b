//! Reads a WAV file while it arrives.

use super::pcm::{Pcm, PcmFormat};
use crate::failure::{Class, Failure};

/// The maximum length of a head, in bytes: besides the format it contains only tags.
const LONGEST_HEAD: usize = 1 << 20;

/// The content of a file's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WavHead {
    /// The format of the samples.
    pub format: PcmFormat,
    /// The number of bytes of samples; `None` if the server did not know it when it wrote the head: 0, or close to the
    /// largest number.
    pub declared: Option<u64>,
}

/// Reads a WAV file (RIFF, Microsoft and IBM 1991) whose samples arrive in pieces. Bytes of the head are not audio.
#[derive(Clone, Debug, Default)]
pub struct WavStream {
    head: Vec<u8>,
    body: Option<(WavHead, Pcm)>,
}

impl WavStream {
    /// Takes a piece, and returns how many samples per channel it completes.
    ///
    /// # Errors
    /// If the stream is not a WAV file with uncompressed samples.
    pub fn bytes(&mut self, piece: &[u8]) -> Result<u64, Failure> {
        if let Some((head, pcm)) = &mut self.body {
            return Ok(take(head, pcm, piece));
        }
        self.head.extend_from_slice(piece);
        let Some((head, at)) = parse(&self.head)? else {
            if self.head.len() > LONGEST_HEAD {
                return Err(malformed("no samples within the first MiB"));
            }
            return Ok(0);
        };
        let bytes = std::mem::take(&mut self.head);
        let (head, pcm) = self.body.insert((head, Pcm::new(head.format)));
        Ok(take(head, pcm, &bytes[at..]))
    }

    /// Returns the content of the head, and the samples so far; `None` before the head is complete.
    pub fn body(&self) -> Option<(&WavHead, &Pcm)> {
        self.body.as_ref().map(|(head, pcm)| (head, pcm))
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// If the stream ended within the head, or before the last of the samples that the head declares.
    pub fn end(&self) -> Result<(), Failure> {
        let Some((head, pcm)) = &self.body else {
            let class = if self.head.is_empty() { Class::Empty } else { Class::Cut };
            return Err(Failure::new(class, "the WAV file ends before its samples"));
        };
        let found = pcm.samples() * head.format.frame_bytes() + pcm.left_over();
        match head.declared {
            Some(declared) if found < declared => Err(Failure::new(
                Class::Cut,
                format!("the WAV file declares {declared} bytes of samples, and {found} came"),
            )),
            _ => Ok(()),
        }
    }
}

/// Counts the samples of a piece. Bytes after the declared samples are tags, and do not count.
fn take(head: &WavHead, pcm: &mut Pcm, piece: &[u8]) -> u64 {
    let before = pcm.samples() * head.format.frame_bytes() + pcm.left_over();
    let left = head.declared.map_or(u64::MAX, |declared| declared.saturating_sub(before));
    let end = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
    pcm.bytes(&piece[..end])
}

fn malformed(what: &str) -> Failure {
    Failure::new(Class::Malformed, format!("the answer is not a WAV file: {what}"))
}

/// Returns the head, and the position at which the samples begin; `None` if the head is incomplete.
fn parse(bytes: &[u8]) -> Result<Option<(WavHead, usize)>, Failure> {
    if !b"RIFF".starts_with(&bytes[..bytes.len().min(4)]) {
        let found = String::from_utf8_lossy(&bytes[..bytes.len().min(4)]).into_owned();
        return Err(malformed(&format!("expected \"RIFF\", found {found:?}")));
    }
    if bytes.len() < 12 {
        return Ok(None);
    }
    if &bytes[8..12] != b"WAVE" {
        return Err(malformed("expected \"WAVE\" after the size"));
    }
    let mut at = 12;
    let mut format = None;
    while let Some(chunk) = bytes.get(at..at + 8) {
        let size = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
        let body = at + 8;
        match &chunk[..4] {
            b"fmt " => {
                let Some(fields) = bytes.get(body..body + 16) else { return Ok(None) };
                format = Some(format_of(fields)?);
            }
            b"data" => {
                let format = format.ok_or_else(|| malformed("samples before their format"))?;
                let unknown = size == 0 || size >= 0x7FFF_F000;
                return Ok(Some((WavHead { format, declared: (!unknown).then_some(u64::from(size)) }, body)));
            }
            _ => {}
        }
        // Chunks begin at even places.
        at = body.saturating_add(size as usize).saturating_add((size & 1) as usize);
    }
    Ok(None)
}

fn format_of(fields: &[u8]) -> Result<PcmFormat, Failure> {
    let word = |at: usize| u16::from_le_bytes([fields[at], fields[at + 1]]);
    let sample_rate = u32::from_le_bytes([fields[4], fields[5], fields[6], fields[7]]);
    let (encoding, channels, bits) = (word(0), word(2), word(14));
    // Integers, floating-point numbers, and the extensible format for both.
    if !matches!(encoding, 1 | 3 | 0xFFFE) {
        return Err(malformed(&format!("samples are compressed (format {encoding})")));
    }
    if sample_rate == 0 || channels == 0 || bits == 0 {
        return Err(malformed(&format!("{channels} channels of {bits} bits at {sample_rate} Hz")));
    }
    Ok(PcmFormat { sample_rate, channels, bits })
}
