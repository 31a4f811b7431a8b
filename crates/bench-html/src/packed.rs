//! Encodes many numbers as short text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bench_stats::Interval;

/// Numbers as single-precision floats, little-endian, in base64: 5.3 bytes each, and seven digits, which is three more
/// than anything shows.
pub(crate) fn floats(values: impl Iterator<Item = f64>) -> String {
    let bytes: Vec<u8> = values.flat_map(|value| (value as f32).to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

/// The least and the largest distance of an end of an interval from its figure, as a share of it, that a byte stands for.
const NEAREST: f64 = 1e-4;
const FURTHEST: f64 = 3.0;

/// How far the ends of intervals lie from their figures, two bytes a figure, in base64; empty if no interval is known. A
/// byte is 0 if the interval is not known, else the logarithm of the distance as a share of the figure, from 1 for 0.01 % to 255
/// for 300 %: each step is 4 %, less than anyone sees.
pub(crate) fn distances(figures: impl Iterator<Item = (f64, Option<Interval>)>) -> String {
    let byte = |distance: f64, value: f64| {
        let share = (distance / value).abs().clamp(NEAREST, FURTHEST);
        1 + (254.0 * (share / NEAREST).ln() / (FURTHEST / NEAREST).ln()).round() as u8
    };
    let bytes: Vec<u8> = figures
        .flat_map(|(value, interval)| match interval {
            Some(Interval { low, high }) if value != 0.0 => {
                [byte(value - low, value), byte(high - value, value)]
            }
            _ => [0, 0],
        })
        .collect();
    if bytes.iter().all(|byte| *byte == 0) { String::new() } else { STANDARD.encode(bytes) }
}

/// Numbers of which many neighbours are equal, as `[number, how often, number, how often, …]`; 0 if there is none. Empty
/// if there is none at all.
pub(crate) fn repeated(numbers: impl Iterator<Item = Option<u32>>) -> Vec<u32> {
    let mut all: Vec<u32> = Vec::new();
    for number in numbers.map(Option::unwrap_or_default) {
        match all.as_mut_slice() {
            [.., known, length] if *known == number => *length += 1,
            _ => all.extend([number, 1]),
        }
    }
    if all.iter().step_by(2).all(|number| *number == 0) { Vec::new() } else { all }
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
    fn distances_take_two_bytes_and_nothing_if_none_is_known() {
        let known = |low, high| Some(Interval { low, high });
        assert_eq!(distances([(1.0, None), (2.0, None)].into_iter()), "");
        // 0.01 % is 1, and 300 % and all beyond is 255.
        let all = [(1.0, known(0.9999, 4.0)), (1.0, None), (-2.0, known(-20.0, -2.0))];
        assert_eq!(distances(all.into_iter()), STANDARD.encode([1, 255, 0, 0, 255, 1]));
    }

    #[test]
    fn equal_neighbours_are_counted() {
        assert_eq!(repeated([Some(3), Some(3), None, Some(2)].into_iter()), [3, 2, 0, 1, 2, 1]);
        assert!(repeated([None, None].into_iter()).is_empty());
    }

    #[test]
    fn a_line_without_a_gap_is_one_stretch() {
        assert_eq!(stretches(&[0, 1, 2, 3]), [0, 4]);
        assert_eq!(stretches(&[2, 3, 7, 9, 10]), [2, 2, 7, 1, 9, 2]);
        assert!(stretches(&[]).is_empty());
    }
}
