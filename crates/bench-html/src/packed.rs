//! Encodes many numbers as short text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Numbers as single-precision floats, little-endian, in base64: 5.3 bytes each, and seven digits, which is three more
/// than anything shows.
pub(crate) fn floats(values: impl Iterator<Item = f64>) -> String {
    let bytes: Vec<u8> = values.flat_map(|value| (value as f32).to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

/// Ascending numbers as stretches without a gap: `[first, length, first, length, …]`.
pub(crate) fn stretches(ascending: &[u32]) -> Vec<u32> {
    let mut all: Vec<u32> = Vec::new();
    for number in ascending {
        match all.as_mut_slice() {
            [.., first, length] if *first + *length == *number => *length += 1,
            _ => all.extend([*number, 1]),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_read_as_they_were_written() {
        // What `btoa` makes of the bytes of a `Float32Array` of these.
        assert_eq!(floats([1.0, -2.5].into_iter()), "AACAPwAAIMA=");
        assert_eq!(floats(std::iter::empty()), "");
    }

    #[test]
    fn a_line_without_a_gap_is_one_stretch() {
        assert_eq!(stretches(&[0, 1, 2, 3]), [0, 4]);
        assert_eq!(stretches(&[2, 3, 7, 9, 10]), [2, 2, 7, 1, 9, 2]);
        assert!(stretches(&[]).is_empty());
    }
}
