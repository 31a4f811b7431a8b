//! The older runs of a segment, and where a later one falls among them.

use std::sync::OnceLock;

use bench_stats::normal_quantile;

/// Scores among up to so many runs are computed once, 4 MB at most.
const TABLE: usize = 1024;

/// The scores of all places among n runs, and their variance.
struct Scores {
    by_place: Vec<f64>,
    variance: f64,
}

impl Scores {
    fn among(n: usize) -> Option<&'static Self> {
        static TABLES: [OnceLock<Scores>; TABLE + 1] = [const { OnceLock::new() }; TABLE + 1];
        Some(TABLES.get(n)?.get_or_init(|| Scores::new(n)))
    }

    fn new(n: usize) -> Self {
        let by_place: Vec<f64> = (0..=n).map(|place| score(place as f64, n)).collect();
        // All n + 1 places are equally likely, and their scores sum to zero.
        let variance = by_place.iter().map(|score| score * score).sum::<f64>() / (n as f64 + 1.0);
        Scores { by_place, variance }
    }
}

/// `Φ⁻¹((place + ½) / (n + 1))`
fn score(place: f64, n: usize) -> f64 {
    normal_quantile((place + 0.5) / (n as f64 + 1.0))
}

/// Runs in ascending order.
#[derive(Clone, Debug, Default)]
pub(super) struct Baseline {
    ascending: Vec<f64>,
}

impl Baseline {
    pub(super) fn of(values: &[f64]) -> Self {
        Baseline { ascending: bench_stats::sorted(values) }
    }

    pub(super) fn len(&self) -> usize {
        self.ascending.len()
    }

    pub(super) fn insert(&mut self, value: f64) {
        let place = self.ascending.partition_point(|other| *other < value);
        self.ascending.insert(place, value);
    }

    /// Median of the runs; NaN where there are none.
    pub(super) fn median(&self) -> f64 {
        bench_stats::median(&self.ascending).unwrap_or(f64::NAN)
    }

    /// 1.4826 · MAD of the runs; NaN where there are none.
    pub(super) fn robust_deviation(&self) -> f64 {
        bench_stats::robust_deviation(&self.ascending).unwrap_or(f64::NAN)
    }

    /// The normal score of `value`'s place among the n runs: `Φ⁻¹((below + ties/2 + ½) / (n + 1))` (van der
    /// Waerden, "Order tests for the two-sample problem and their power", 1952). For a run like the others, every
    /// place is as likely, whatever their distribution.
    pub(super) fn score(&self, value: f64) -> f64 {
        let below = self.ascending.partition_point(|other| *other < value);
        let ties = self.ascending[below..].partition_point(|other| *other <= value);
        match Scores::among(self.len()) {
            Some(scores) if ties == 0 => scores.by_place[below],
            _ => score(below as f64 + ties as f64 / 2.0, self.len()),
        }
    }

    /// Variance of the score of a run like the others; beyond the tables, that of the largest holds to three
    /// digits.
    pub(super) fn score_variance(&self) -> f64 {
        Scores::among(self.len().min(TABLE)).map_or(1.0, |scores| scores.variance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_the_normal_quantile_of_the_place() {
        let baseline = Baseline::of(&[3.0, 1.0, 2.0]);
        assert!(baseline.score(1.5).abs() < 0.32 && baseline.score(1.5) < 0.0);
        assert!((baseline.score(9.0) - normal_quantile(3.5 / 4.0)).abs() < 1e-12);
        assert!((baseline.score(2.0)).abs() < 1e-12, "a tie counts half");
        assert_eq!(baseline.score(f64::MIN), -baseline.score(f64::MAX));
    }

    #[test]
    fn runs_are_kept_in_order() {
        let mut baseline = Baseline::default();
        for value in [3.0, 1.0, 2.0, 2.0] {
            baseline.insert(value);
        }
        assert_eq!(baseline.ascending, [1.0, 2.0, 2.0, 3.0]);
        assert_eq!(baseline.median(), 2.0);
    }

    #[test]
    fn the_variance_nears_one() {
        let variance = |n: usize| Baseline::of(&vec![0.0; n]).score_variance();
        assert!((variance(15) - 0.924).abs() < 0.001, "{}", variance(15));
        assert!((0.99..1.0).contains(&variance(TABLE)), "{}", variance(TABLE));
        assert_eq!(variance(TABLE), variance(TABLE + 9));
    }
}
