//! Encodes sound as a WAV file.

/// The number of bytes of the header that [`encode`] writes.
pub const HEADER_BYTES: usize = 44;

/// Encodes a WAV file of one channel of 16-bit samples; `samples` go from −1 to 1, and values beyond are cut off. At
/// most some 2³¹ samples: lengths in this format have 32 bits.
pub fn encode(samples: &[f32], sample_rate_hz: u32) -> Vec<u8> {
    const BYTES: u32 = 2;
    let data = (samples.len() as u32).saturating_mul(BYTES);
    let mut file = Vec::with_capacity(HEADER_BYTES + data as usize);
    file.extend(b"RIFF");
    file.extend((data.saturating_add(HEADER_BYTES as u32 - 8)).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    // PCM, one channel.
    file.extend([1u16, 1].iter().flat_map(|number| number.to_le_bytes()));
    file.extend([sample_rate_hz, sample_rate_hz * BYTES].iter().flat_map(|number| number.to_le_bytes()));
    file.extend([BYTES as u16, 16].iter().flat_map(|number| number.to_le_bytes()));
    file.extend(b"data");
    file.extend(data.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| {
        let scaled = (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16;
        scaled.to_le_bytes()
    }));
    file
}

#[cfg(test)]
mod tests {
    use bench_load::media::Wav;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let file = encode(&[0.0, 0.5, -1.0, 7.0], 24_000);
        assert_eq!(file.len(), HEADER_BYTES + 8);
        let wav = Wav::read(&file).expect("a WAV file");
        assert_eq!((wav.samples, wav.sample_rate), (4, 24_000));
        let samples: Vec<i16> = file[HEADER_BYTES..]
            .chunks(2)
            .map(|bytes| i16::from_le_bytes(bytes.try_into().expect("two bytes")))
            .collect();
        assert_eq!(samples, [0, 16_384, -32_767, 32_767]);
    }
}
