//! Measured values as figures.

use bench_record::{Percentile, Time};
use bench_stats as stats;
use bench_stats::Interval;
use bench_syntax::quantity::Seconds;

/// Time per iteration from values in seconds, as one round; `None` where there is none, or one is no time.
pub(crate) fn time(values_s: &[f64], interval_s: Option<Interval>) -> Option<Time> {
    if values_s.iter().any(|value| !value.is_finite() || *value < 0.0) {
        return None;
    }
    let ascending = stats::sorted(values_s);
    let percentile = |p| Percentile::of(&ascending, p);
    Some(Time {
        median_s: Seconds(stats::median(&ascending)?),
        interval_s,
        mean_s: Seconds(stats::mean(values_s)?),
        standard_deviation_s: stats::standard_deviation(values_s).map(Seconds),
        min_s: Seconds(*ascending.first()?),
        max_s: Seconds(*ascending.last()?),
        p95: percentile(0.95)?,
        p99: percentile(0.99)?,
        spread_between_rounds: None,
        samples: values_s.len(),
        rounds: 1,
        iterations: values_s.len() as u64,
        outliers: stats::outliers(values_s),
        modes: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_time_has_no_figures() {
        for values in [&[][..], &[f64::NAN], &[1.0, f64::INFINITY], &[-1.0]] {
            assert_eq!(time(values, None), None, "{values:?}");
        }
        let three = time(&[3.0, 1.0, 2.0], None).expect("times");
        assert_eq!((three.median_s.0, three.min_s.0, three.max_s.0, three.samples), (2.0, 1.0, 3.0, 3));
    }
}
