//! Distributions: values whose percentiles are needed, in bounded memory.

use bench_stats as stats;
use bench_stats::Interval;
use hdrhistogram::Histogram;

/// The number of values that are kept exactly; if there are more, all go into a histogram of three significant digits.
pub(crate) const EXACT: usize = 100_000;

/// The number of histogram steps in one unit: a step is a nanosecond if the unit is a second.
const STEPS: f64 = 1e9;

/// A distribution of values that are not negative.
#[derive(Debug)]
pub(crate) struct Distribution {
    kept: Kept,
    count: u64,
    sum: f64,
    most: f64,
}

#[derive(Debug)]
enum Kept {
    Exactly(Vec<f64>),
    Roughly(Box<Histogram<u64>>),
}

impl Default for Distribution {
    fn default() -> Self {
        Distribution { kept: Kept::Exactly(Vec::new()), count: 0, sum: 0.0, most: f64::NEG_INFINITY }
    }
}

impl Distribution {
    /// Adds a value. Negative values and values that are not numbers are ignored.
    pub(crate) fn add(&mut self, value: f64) {
        if !(value.is_finite() && value >= 0.0) {
            return;
        }
        self.count += 1;
        self.sum += value;
        self.most = self.most.max(value);
        if let Kept::Exactly(values) = &mut self.kept {
            if values.len() < EXACT {
                values.push(value);
                return;
            }
            if let Some(mut histogram) = histogram() {
                values.iter().for_each(|value| record(&mut histogram, *value));
                self.kept = Kept::Roughly(Box::new(histogram));
            }
        }
        if let Kept::Roughly(histogram) = &mut self.kept {
            record(histogram, value);
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Returns the bytes of memory that grow with the number of values.
    pub(crate) fn held_bytes(&self) -> u64 {
        match &self.kept {
            Kept::Exactly(values) => size_of_val(values.as_slice()) as u64,
            Kept::Roughly(_) => 0,
        }
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    pub(crate) fn most(&self) -> Option<f64> {
        (self.count > 0).then_some(self.most)
    }

    /// Returns the figures that depend on all values together.
    pub(crate) fn sorted(&self) -> Sorted<'_> {
        match &self.kept {
            Kept::Exactly(values) => Sorted::Exactly(stats::sorted(values)),
            Kept::Roughly(histogram) => Sorted::Roughly { histogram, most: self.most },
        }
    }
}

/// Creates a histogram that grows as needed; `new` only fails for more than five digits.
fn histogram() -> Option<Histogram<u64>> {
    Histogram::new(3).ok()
}

fn record(histogram: &mut Histogram<u64>, value: f64) {
    // This cannot fail: the histogram grows as needed, and the value is limited to its range.
    let _ = histogram.record(((value * STEPS) as u64).clamp(1, u64::MAX / 4));
}

/// The values in ascending order.
pub(crate) enum Sorted<'a> {
    Exactly(Vec<f64>),
    Roughly { histogram: &'a Histogram<u64>, most: f64 },
}

impl Sorted<'_> {
    fn count(&self) -> u64 {
        match self {
            Sorted::Exactly(values) => values.len() as u64,
            Sorted::Roughly { histogram, .. } => histogram.len(),
        }
    }

    /// Returns the percentile `p`, given as a share, by nearest rank; `None` without values.
    pub(crate) fn percentile(&self, p: f64) -> Option<f64> {
        match self {
            Sorted::Exactly(values) => stats::nearest_rank(values, p),
            Sorted::Roughly { histogram, most } => {
                Some((histogram.value_at_quantile(p) as f64 / STEPS).min(*most))
            }
        }
    }

    /// Returns the 95 % interval of the percentile `p` of the underlying distribution, by order statistics; `None` if
    /// there are too few values.
    pub(crate) fn interval(&self, p: f64) -> Option<Interval> {
        let (low, high) = stats::quantile_ranks(self.count(), p)?;
        let at = |rank: u64| self.percentile(rank as f64 / self.count() as f64);
        Some(Interval { low: at(low)?, high: at(high)? })
    }

    /// Returns bins that together contain all values, in ascending order, each as a value and a count; a bin is at most
    /// 0.1 % wide.
    pub(crate) fn bins(&self) -> Vec<(f64, u64)> {
        match self {
            Sorted::Exactly(values) => {
                let mut bins: Vec<(f64, u64)> = Vec::new();
                for value in values {
                    match bins.last_mut() {
                        // The same bin, to the three digits of the histogram.
                        Some((up_to, count)) if *value <= *up_to * 1.001 => {
                            *count += 1;
                        }
                        _ => bins.push((*value, 1)),
                    }
                }
                bins
            }
            Sorted::Roughly { histogram, .. } => histogram
                .iter_recorded()
                .map(|step| (step.value_iterated_to() as f64 / STEPS, step.count_at_value()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_exact_and_then_good_to_three_digits() {
        let mut distribution = Distribution::default();
        for value in 1..=EXACT {
            distribution.add(value as f64 / 1000.0);
        }
        assert_eq!(distribution.sorted().percentile(0.99), Some(99.0));
        for value in EXACT + 1..=3 * EXACT {
            distribution.add(value as f64 / 1000.0);
        }
        assert_eq!(distribution.count(), 300_000);
        for (p, wanted) in [(0.5, 150.0), (0.99, 297.0), (0.999, 299.7), (1.0, 300.0)] {
            let found = distribution.sorted().percentile(p).expect("values");
            assert!((found / wanted - 1.0).abs() < 0.001, "{p}: {found}");
        }
        assert!((distribution.mean().expect("values") - 150.0005).abs() < 1e-9);
        let bins = distribution.sorted().bins();
        assert_eq!(bins.iter().map(|bin| bin.1).sum::<u64>(), 300_000);
        assert!(bins.is_sorted_by(|a, b| a.0 < b.0) && bins.len() < 20_000);
    }

    #[test]
    fn what_is_no_value_is_left_out() {
        let mut distribution = Distribution::default();
        [f64::NAN, f64::INFINITY, -1.0, 0.0].into_iter().for_each(|value| distribution.add(value));
        assert_eq!((distribution.count(), distribution.mean()), (1, Some(0.0)));
        assert_eq!(Distribution::default().sorted().percentile(0.5), None);
        assert_eq!(Distribution::default().mean(), None);
    }

    #[test]
    fn an_interval_holds_its_percentile() {
        let mut distribution = Distribution::default();
        (1..=1000).for_each(|value| distribution.add(f64::from(value)));
        let interval = distribution.sorted().interval(0.5).expect("an interval");
        // Binomial(1000, 1/2): 500 ± 1.96 · 15.8.
        assert!((interval.low - 469.0).abs() <= 2.0 && (interval.high - 532.0).abs() <= 2.0, "{interval:?}");
        assert_eq!(Distribution::default().sorted().interval(0.5), None);
    }
}
