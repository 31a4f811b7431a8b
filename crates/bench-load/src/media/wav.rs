//! WAV files, whole or as a server streams them.
//!
//! A server that streams does not know the length when it writes the header. The `hound` crate takes the length only
//! from there, and so counts no sample, or hours of them; this reader counts the samples that have arrived.

use std::fmt;

/// The smallest length that means "unknown", if fewer bytes have arrived: writers that do not know the length write
/// `0x7ffff000` (SoX, eSpeak) or `0xffffffff` (FFmpeg).
const UNKNOWN_FROM: u32 = 0x7fff_f000;

/// Format tags of `mmreg.h`.
const TAG_PCM: u16 = 0x0001;
const TAG_FLOAT: u16 = 0x0003;
const TAG_EXTENSIBLE: u16 = 0xfffe;

/// The bytes after the format tag in the sub-format of an extensible header (`KSDATAFORMAT_SUBTYPE_…`).
const SUBTYPE_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

/// The description of the audio in the header of a WAV file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wav {
    /// The encoding of a sample.
    pub encoding: Encoding,
    /// Channels; at least 1.
    pub channels: u16,
    /// Samples per second and channel, as in the file, which may contain 0.
    pub sample_rate: u32,
    /// Bits that a sample of one channel takes up.
    pub bit_depth: u16,
    /// The number of samples per channel that are present, whatever the header says.
    pub samples: u64,
    /// The number of bytes of audio that are present, without headers.
    pub bytes: u64,
    /// An irregularity that does not prevent reading; `None` if there is none.
    pub oddity: Option<Oddity>,
}

/// The encoding of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Integers.
    Pcm,
    /// IEEE floating point.
    Float,
}

/// An irregularity of a WAV file that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// The header promises more bytes of audio than the file contains.
    Truncated {
        /// Bytes of audio that the header promises.
        promised: u64,
        /// Bytes of audio that are there.
        found: u64,
    },
    /// The audio ends within a sample, or between the channels of one.
    PartialSample {
        /// Bytes that are left over.
        left_over: u64,
    },
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Oddity::Truncated { promised, found } => {
                write!(f, "the WAV is truncated: {found} of {promised} bytes of audio")
            }
            Oddity::PartialSample { left_over } => {
                write!(f, "the WAV ends within a sample: {left_over} bytes left over")
            }
        }
    }
}

/// The reasons why bytes cannot be read as WAV audio.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WavError {
    /// Bytes that are not WAV, or have no header; contains the first of them.
    #[error("not a WAV file: expected it to begin with `RIFF` and `WAVE`, but it begins with `{}`", .0.escape_ascii())]
    OtherKind(Vec<u8>),
    /// No `fmt ` chunk comes before the audio, or it is cut off.
    #[error("a WAV file without a whole `fmt ` chunk before its audio")]
    NoFormat,
    /// There is no `data` chunk.
    #[error("a WAV file without a `data` chunk")]
    NoData,
    /// Neither PCM nor floating point.
    #[error("a WAV file of format {0:#06x}; PCM (0x0001) and floating point (0x0003) can be read")]
    Encoding(u16),
    /// A bit depth that the encoding does not have, or sizes that contradict each other.
    #[error(
        "a WAV file of {channels} channels, {bit_depth} bits and {block_align} bytes for a sample of all \
         channels, which contradict each other"
    )]
    Layout {
        /// Channels.
        channels: u16,
        /// Bits of a sample of one channel.
        bit_depth: u16,
        /// Bytes of a sample of all channels.
        block_align: u16,
    },
}

impl Wav {
    /// Reads the headers and counts the audio behind them.
    ///
    /// A `data` length that means "unknown" stands for the rest of the bytes: one of at least `0x7ffff000`, or 0 if the
    /// RIFF length, too, is unknown or ends before the audio. Any other length beyond the end is cut, and reported as
    /// an [`Oddity`].
    ///
    /// # Errors
    /// If the bytes are not WAV, or are WAV audio that is neither PCM (8, 16, 24, 32 bits) nor floating point (32, 64
    /// bits).
    ///
    /// ```
    /// # use bench_load::media::Wav;
    /// let mut bytes = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    /// bytes.extend(24_000u32.to_le_bytes()); // samples a second
    /// bytes.extend(48_000u32.to_le_bytes()); // bytes a second
    /// bytes.extend([2, 0, 16, 0]); // bytes and bits a sample
    /// bytes.extend(b"data\xff\xff\xff\xff");
    /// bytes.extend([0; 24_000]);
    /// let wav = Wav::read(&bytes)?;
    /// assert_eq!((wav.samples, wav.sample_rate), (12_000, 24_000));
    /// # Ok::<(), bench_load::media::WavError>(())
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Wav, WavError> {
        let (Some(b"RIFF"), Some(b"WAVE")) = (bytes.get(..4), bytes.get(8..12)) else {
            return Err(WavError::OtherKind(bytes.iter().take(12).copied().collect()));
        };
        let riff_length = u32_at(bytes, 4).unwrap_or(0);
        let mut format = None;
        let mut at = 12;
        while let (Some(id), Some(length)) = (bytes.get(at..at + 4), u32_at(bytes, at + 4)) {
            let body = bytes.get(at + 8..).unwrap_or_default();
            match id {
                b"fmt " => format = Some(Format::read(body.get(..length as usize).unwrap_or(body))?),
                b"data" => {
                    let format = format.ok_or(WavError::NoFormat)?;
                    let ends_before_audio = u64::from(riff_length) + 8 <= at as u64 + 8;
                    let unknown = match length {
                        0 => ends_before_audio || riff_length >= UNKNOWN_FROM,
                        _ => length >= UNKNOWN_FROM && body.len() < length as usize,
                    };
                    let promised = if unknown { body.len() as u64 } else { u64::from(length) };
                    return Ok(format.audio(promised, body.len() as u64));
                }
                _ => {}
            }
            // Chunks of odd length are followed by a byte of padding.
            at = at.saturating_add(8).saturating_add(length as usize).saturating_add(length as usize % 2);
        }
        Err(if format.is_some() { WavError::NoData } else { WavError::NoFormat })
    }
}

/// The `fmt ` chunk.
struct Format {
    encoding: Encoding,
    channels: u16,
    sample_rate: u32,
    bit_depth: u16,
    block_align: u16,
}

impl Format {
    fn read(chunk: &[u8]) -> Result<Format, WavError> {
        let half = |at| u16_at(chunk, at).ok_or(WavError::NoFormat);
        let tag = match half(0)? {
            TAG_EXTENSIBLE if chunk.get(26..40) == Some(&SUBTYPE_TAIL) => half(24)?,
            tag => tag,
        };
        let (channels, block_align, bit_depth) = (half(2)?, half(12)?, half(14)?);
        let sample_rate = u32_at(chunk, 4).ok_or(WavError::NoFormat)?;
        let (encoding, depths): (_, &[u16]) = match tag {
            TAG_PCM => (Encoding::Pcm, &[8, 16, 24, 32]),
            TAG_FLOAT => (Encoding::Float, &[32, 64]),
            other => return Err(WavError::Encoding(other)),
        };
        let fits = u32::from(channels) * u32::from(bit_depth / 8) == u32::from(block_align);
        if channels == 0 || !depths.contains(&bit_depth) || !fits {
            return Err(WavError::Layout { channels, bit_depth, block_align });
        }
        Ok(Format { encoding, channels, sample_rate, bit_depth, block_align })
    }

    /// Counts the audio, of which the header promises `promised` bytes; `available` bytes have arrived, perhaps with
    /// other chunks after it.
    fn audio(self, promised: u64, available: u64) -> Wav {
        let bytes = promised.min(available);
        let block = u64::from(self.block_align);
        let oddity = if bytes < promised {
            Some(Oddity::Truncated { promised, found: bytes })
        } else {
            let left_over = bytes % block;
            (left_over > 0).then_some(Oddity::PartialSample { left_over })
        };
        Wav {
            encoding: self.encoding,
            channels: self.channels,
            sample_rate: self.sample_rate,
            bit_depth: self.bit_depth,
            samples: bytes / block,
            bytes,
            oddity,
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The parts of a WAV file, each of which a test can make wrong.
    pub(crate) struct Written {
        pub(crate) tag: u16,
        pub(crate) channels: u16,
        pub(crate) sample_rate: u32,
        pub(crate) bit_depth: u16,
        pub(crate) audio: Vec<u8>,
        pub(crate) riff_length: Option<u32>,
        pub(crate) data_length: Option<u32>,
        pub(crate) before: Vec<u8>,
        pub(crate) after: Vec<u8>,
        pub(crate) extension: Vec<u8>,
    }

    impl Default for Written {
        /// Half a second, mono, 24 kHz, 16 bits.
        fn default() -> Self {
            Written {
                tag: TAG_PCM,
                channels: 1,
                sample_rate: 24_000,
                bit_depth: 16,
                audio: vec![0; 24_000],
                riff_length: None,
                data_length: None,
                before: Vec::new(),
                after: Vec::new(),
                extension: Vec::new(),
            }
        }
    }

    impl Written {
        pub(crate) fn bytes(&self) -> Vec<u8> {
            let block_align = self.channels * (self.bit_depth / 8);
            let mut body = b"WAVE".to_vec();
            body.extend(chunk(b"fmt ", &{
                let mut fmt = Vec::new();
                fmt.extend(self.tag.to_le_bytes());
                fmt.extend(self.channels.to_le_bytes());
                fmt.extend(self.sample_rate.to_le_bytes());
                fmt.extend((self.sample_rate * u32::from(block_align)).to_le_bytes());
                fmt.extend(block_align.to_le_bytes());
                fmt.extend(self.bit_depth.to_le_bytes());
                fmt.extend(&self.extension);
                fmt
            }));
            body.extend(&self.before);
            body.extend(b"data");
            body.extend(self.data_length.unwrap_or(self.audio.len() as u32).to_le_bytes());
            body.extend(&self.audio);
            body.extend(&self.after);
            let mut file = b"RIFF".to_vec();
            file.extend(self.riff_length.unwrap_or(body.len() as u32).to_le_bytes());
            file.extend(body);
            file
        }

        fn read(&self) -> Wav {
            Wav::read(&self.bytes()).expect("a WAV file")
        }
    }

    fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut chunk = id.to_vec();
        chunk.extend((body.len() as u32).to_le_bytes());
        chunk.extend(body);
        chunk.extend(vec![0; body.len() % 2]);
        chunk
    }

    #[test]
    fn every_width_is_counted() {
        for (tag, bit_depth, encoding) in [
            (TAG_PCM, 8, Encoding::Pcm),
            (TAG_PCM, 16, Encoding::Pcm),
            (TAG_PCM, 24, Encoding::Pcm),
            (TAG_PCM, 32, Encoding::Pcm),
            (TAG_FLOAT, 32, Encoding::Float),
            (TAG_FLOAT, 64, Encoding::Float),
        ] {
            for channels in [1, 2, 6] {
                let audio = vec![0; 10 * usize::from(channels) * usize::from(bit_depth / 8)];
                let bytes = audio.len() as u64;
                let wav = Written { tag, channels, bit_depth, audio, ..Written::default() }.read();
                let wanted = Wav {
                    encoding,
                    channels,
                    sample_rate: 24_000,
                    bit_depth,
                    samples: 10,
                    bytes,
                    oddity: None,
                };
                assert_eq!(wav, wanted);
            }
        }
    }

    #[test]
    fn an_extensible_header_is_read_by_its_sub_format() {
        let extension = |tag: u16, tail: [u8; 14]| {
            let mut extension = vec![22, 0, 24, 0, 0, 0, 0, 0];
            extension.extend(tag.to_le_bytes());
            extension.extend(tail);
            extension
        };
        let mut file = Written { tag: TAG_EXTENSIBLE, bit_depth: 32, ..Written::default() };
        file.extension = extension(TAG_FLOAT, SUBTYPE_TAIL);
        assert_eq!((file.read().encoding, file.read().samples), (Encoding::Float, 6_000));
        file.extension = extension(TAG_PCM, SUBTYPE_TAIL);
        assert_eq!(file.read().encoding, Encoding::Pcm);
        file.extension = extension(TAG_PCM, [1; 14]);
        assert_eq!(Wav::read(&file.bytes()), Err(WavError::Encoding(TAG_EXTENSIBLE)));
    }

    #[test]
    fn a_streamed_file_is_as_long_as_what_has_arrived() {
        for (riff_length, data_length) in
            [(u32::MAX, u32::MAX), (0, 0), (36, 0), (u32::MAX, 0), (0x7fff_f024, 0x7fff_f000)]
        {
            let wav = Written {
                riff_length: Some(riff_length),
                data_length: Some(data_length),
                ..Written::default()
            }
            .read();
            assert_eq!((wav.samples, wav.oddity), (12_000, None), "{riff_length:#x} {data_length:#x}");
        }
    }

    #[test]
    fn an_empty_file_with_a_chunk_behind_is_empty() {
        let wav = Written { audio: Vec::new(), after: chunk(b"LIST", b"INFO"), ..Written::default() }.read();
        assert_eq!((wav.samples, wav.bytes), (0, 0));
    }

    #[test]
    fn other_chunks_are_passed_over_with_their_padding() {
        let before = [chunk(b"LIST", b"odd"), chunk(b"fact", b"even")].concat();
        let wav = Written { before, after: chunk(b"LIST", b"INFO"), ..Written::default() }.read();
        assert_eq!((wav.samples, wav.oddity), (12_000, None));
    }

    #[test]
    fn a_truncated_file_has_what_is_there() {
        let mut bytes = Written::default().bytes();
        bytes.truncate(44 + 1_001);
        let wav = Wav::read(&bytes).expect("a WAV file");
        assert_eq!((wav.samples, wav.bytes), (500, 1_001));
        assert_eq!(wav.oddity, Some(Oddity::Truncated { promised: 24_000, found: 1_001 }));
    }

    #[test]
    fn a_sample_cut_in_two_does_not_count() {
        let wav = Written { channels: 2, audio: vec![0; 10], ..Written::default() }.read();
        assert_eq!((wav.samples, wav.oddity), (2, Some(Oddity::PartialSample { left_over: 2 })));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let error = |bytes: &[u8]| Wav::read(bytes).expect_err("no WAV file");
        assert_eq!(error(b"ID3\x04"), WavError::OtherKind(b"ID3\x04".to_vec()));
        assert_eq!(error(b"ID3\x04").to_string().matches("ID3\\x04").count(), 1);
        assert_eq!(error(b""), WavError::OtherKind(Vec::new()));
        assert_eq!(error(b"RIFF\0\0\0\0WAVE"), WavError::NoFormat);
        assert_eq!(error(b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0"), WavError::NoFormat);
        assert_eq!(error(b"RIFF\0\0\0\0WAVEdata\0\0\0\0"), WavError::NoFormat);
        assert_eq!(error(&Written::default().bytes()[..36]), WavError::NoData);
        assert_eq!(error(&Written { tag: 6, ..Written::default() }.bytes()), WavError::Encoding(6));
        for (channels, bit_depth) in [(0, 16), (1, 12), (1, 0), (1, 64)] {
            let file = Written { channels, bit_depth, ..Written::default() };
            assert!(matches!(error(&file.bytes()), WavError::Layout { .. }), "{channels} {bit_depth}");
        }
        let mut bytes = Written::default().bytes();
        bytes[32] = 3;
        assert_eq!(error(&bytes), WavError::Layout { channels: 1, bit_depth: 16, block_align: 3 });
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Wav::read(&bytes);
        }

        #[test]
        fn no_damage_makes_it_panic(
            damage in prop::collection::vec((0..48usize, any::<u8>()), 1..6),
            length in 0..60usize,
        ) {
            let mut bytes = Written { audio: vec![0; 16], ..Written::default() }.bytes();
            for (at, byte) in damage {
                bytes[at] = byte;
            }
            bytes.truncate(length);
            if let Ok(wav) = Wav::read(&bytes) {
                prop_assert!(wav.bytes <= bytes.len() as u64);
                prop_assert!(wav.samples <= wav.bytes);
            }
        }
    }
}
