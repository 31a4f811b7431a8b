//! Encodes many numbers as short text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bench_stats::Interval;

/// Encodes numbers as single-precision floats, little-endian, in base64: 5.3 bytes each, with seven digits, three more
/// than the page shows.
pub(crate) fn floats(values: impl Iterator<Item = f64>) -> String {
    let bytes: Vec<u8> = values.flat_map(|value| (value as f32).to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

/// The smallest and the largest distance between an end of an interval and its figure, as a share of the figure, that a
/// byte can encode.
const NEAREST: f64 = 1e-4;
const FURTHEST: f64 = 3.0;

/// Encodes the distances of the ends of intervals from their figures, with two bytes per figure, in base64; empty if no
/// interval is known. A byte is 0 if the interval is not known, otherwise the logarithm of the distance as a share of
/// the figure, from 1 for 0.01 % to 255 for 300 %. Each step is 4 %, which cannot be seen.
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

/// Encodes numbers, many neighbours of which are equal, as `[number, count, number, count, …]`. `None` becomes 0. Empty
/// if all are `None`.
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

/// Encodes ascending numbers as stretches without a gap: `[first, length, first, length, …]`.
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
        // The result of `btoa` for the bytes of a `Float32Array` of these numbers.
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
