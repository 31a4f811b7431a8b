//! Counts raw samples as they arrive.

/// The format of raw samples, which a server describes in its documentation, and seldom in its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PcmFormat {
    /// Samples per second and channel.
    pub sample_rate: u32,
    /// The number of channels, whose samples alternate.
    pub channels: u16,
    /// Bits per sample of one channel: 16 for s16le.
    pub bits: u16,
}

impl PcmFormat {
    /// Returns the format of signed samples of 16 bits, little-endian, one channel.
    pub fn s16le(sample_rate: u32) -> Self {
        PcmFormat { sample_rate, channels: 1, bits: 16 }
    }

    /// Returns the number of bytes of one sample of all channels; at least 1.
    pub fn frame_bytes(&self) -> u64 {
        (u64::from(self.channels) * u64::from(self.bits.div_ceil(8))).max(1)
    }
}

/// Counts samples as they become complete: half a sample at the end of a piece belongs to the next one.
#[derive(Clone, Debug)]
pub struct Pcm {
    format: PcmFormat,
    bytes: u64,
    /// Whether a byte other than 0 has arrived.
    sounds: bool,
}

impl Pcm {
    /// Creates a reader of samples in this format.
    pub fn new(format: PcmFormat) -> Self {
        Pcm { format, bytes: 0, sounds: false }
    }

    /// Takes a piece, and returns how many samples per channel it completes.
    pub fn bytes(&mut self, piece: &[u8]) -> u64 {
        let before = self.samples();
        self.bytes += piece.len() as u64;
        self.sounds = self.sounds || piece.iter().any(|byte| *byte != 0);
        self.samples() - before
    }

    /// Returns the number of whole samples per channel so far.
    pub fn samples(&self) -> u64 {
        self.bytes / self.format.frame_bytes()
    }

    /// Returns the number of bytes of an incomplete sample.
    pub fn left_over(&self) -> u64 {
        self.bytes % self.format.frame_bytes()
    }

    /// Whether any sample so far is not silent.
    pub fn sounds(&self) -> bool {
        self.sounds
    }

    /// Returns the format of the samples.
    pub fn format(&self) -> PcmFormat {
        self.format
    }
}
