//! Measured values as figures.

use bench_record::Time;
use bench_stats::Interval;

/// Time per iteration from values in seconds, as one round; `None` where there is none, or one is no time.
pub(crate) fn time(values_s: &[f64], interval_s: Option<Interval>) -> Option<Time> {
    if values_s.iter().any(|value| !value.is_finite() || *value < 0.0) {
        return None;
    }
    let mut time = Time::of_samples(values_s)?;
    time.interval_s = interval_s;
    Some(time)
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
