//! A histogram that is a few characters wide.

use crate::Window;

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Returns the distribution of `values` as a histogram of `cells` block characters, from the fastest on the left to the
/// slowest on the right; a space is a bin without a value. The fullest bin is `█`.
///
/// The range is that of nearly all values (percentiles 0.5 to 99.5, but no further beyond percentiles 5 and 95 than
/// half of their distance): values outside are not shown. Equal values are shown in the middle. Empty without a finite
/// value or without cells.
pub fn sparkline(values: &[f64], cells: usize) -> String {
    let Some(window) = Window::of(values).filter(|_| cells > 0) else { return String::new() };
    let width = window.high - window.low;
    let mut counts = vec![0usize; cells];
    for value in values.iter().filter(|value| window.holds(**value)) {
        // Values that are all equal are in the middle cell.
        let share = if width > 0.0 { (value - window.low) / width } else { 0.5 };
        counts[((share * cells as f64) as usize).min(cells - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or_default().max(1);
    counts
        .iter()
        .map(|count| match count {
            0 => ' ',
            _ => BLOCKS[(count * BLOCKS.len()).div_ceil(most) - 1],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shapes_can_be_told_apart() {
        let normal: Vec<f64> =
            (0..8).flat_map(|k| vec![f64::from(k); [1, 4, 10, 16, 16, 10, 4, 1][k as usize]]).collect();
        assert_eq!(sparkline(&normal, 8), "▁▂▅██▅▂▁");
        let two: Vec<f64> = [vec![1.0; 30], vec![2.0; 10]].concat();
        assert_eq!(sparkline(&two, 8), "█      ▃");
        assert_eq!(sparkline(&[5.0; 7], 5), "  █  ");
    }

    #[test]
    fn nothing_to_show_is_nothing() {
        assert_eq!(sparkline(&[], 8), "");
        assert_eq!(sparkline(&[1.0], 0), "");
        assert_eq!(sparkline(&[f64::NAN, f64::INFINITY], 8), "");
        assert_eq!(sparkline(&[f64::NAN, 1.0], 1), "█");
    }

    proptest! {
        #[test]
        fn it_has_its_width_and_a_fullest_cell(
            values in proptest::collection::vec(proptest::num::f64::ANY, 0..200),
            cells in 1usize..40,
        ) {
            let line = sparkline(&values, cells);
            prop_assert!(line.is_empty() || (line.chars().count() == cells && line.contains('█')));
        }
    }
}
