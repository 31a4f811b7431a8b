//! Turns measured values into figures.

use bench_record::Time;
use bench_stats::{self as stats, Interval};
use bench_syntax::quantity::Seconds;

/// Computes the time per iteration from values in seconds, as one round; `None` if there are no values, or one is not a
/// time.
pub(crate) fn time(values_s: &[f64], interval_s: Option<Interval>) -> Option<Time> {
    let mut time = of_samples(values_s)?;
    time.interval_s = interval_s;
    Some(time)
}

/// Computes the time per iteration from the samples of several processes, in seconds: each process is a round. `None`
/// if there is no sample, or one is not a time.
pub(crate) fn time_of_processes(processes_s: &[Vec<f64>]) -> Option<Time> {
    let samples: Vec<f64> = processes_s.iter().flatten().copied().collect();
    let medians: Vec<f64> =
        processes_s.iter().filter_map(|samples| stats::median(&stats::sorted(samples))).collect();
    let mut time = of_samples(&samples)?;
    time.median_s = Seconds(stats::median(&stats::sorted(&medians))?);
    time.interval_s = stats::median_interval(&medians)
        .filter(|interval| interval.low.is_finite() && interval.high.is_finite());
    time.spread_between_rounds = stats::relative_spread(&medians).filter(|spread| spread.is_finite());
    time.rounds = medians.len();
    Some(time)
}

/// Figures that another tool has computed from samples that its file does not contain, in seconds.
pub(crate) struct Summary {
    pub(crate) median_s: f64,
    pub(crate) mean_s: f64,
    pub(crate) standard_deviation_s: Option<f64>,
    /// The fastest sample and the slowest one, if they are known.
    pub(crate) range_s: Option<(f64, f64)>,
    pub(crate) samples: usize,
}

/// The difference that is allowed between figures of the same samples, as a share.
const ROUNDING: f64 = 1e-9;

/// Returns the time per iteration that another tool has summarized, as one round. `None` if a figure is not a time,
/// or if the median or mean lies outside the range of the samples.
pub(crate) fn time_of_summary(summary: &Summary) -> Option<Time> {
    let (min, max) = summary.range_s.unwrap_or((summary.median_s, summary.median_s));
    let deviation = summary.standard_deviation_s.unwrap_or_default();
    let are_times = [summary.mean_s, deviation, min, max].iter().all(|value| is_time(*value));
    // The sum behind a mean is rounded.
    let is_within = |value: f64| value >= min * (1.0 - ROUNDING) && value <= max * (1.0 + ROUNDING);
    let is_known = summary.range_s.is_some();
    let are_times = are_times && (!is_known || [summary.median_s, summary.mean_s].into_iter().all(is_within));
    let mut time = of_samples(&[summary.median_s]).filter(|_| are_times)?;
    time.mean_s = Seconds(summary.mean_s);
    time.standard_deviation_s = summary.standard_deviation_s.map(Seconds);
    (time.min_s, time.max_s) = (Seconds(min), Seconds(max));
    time.samples = summary.samples;
    Some(time)
}

fn is_time(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

fn of_samples(values_s: &[f64]) -> Option<Time> {
    let are_times = values_s.iter().all(|value| is_time(*value));
    let time = Time::of_samples(values_s).filter(|_| are_times)?;
    // Sums of huge values may be infinite.
    let figures = [Some(time.median_s), Some(time.mean_s), time.standard_deviation_s];
    figures.into_iter().flatten().all(|figure| is_time(figure.0)).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_time_has_no_figures() {
        for values in [&[][..], &[f64::NAN], &[1.0, f64::INFINITY], &[-1.0], &[1e308, 1e308], &[1.0, 1e200]] {
            assert_eq!(time(values, None), None, "{values:?}");
        }
        let three = time(&[3.0, 1.0, 2.0], None).expect("times");
        assert_eq!((three.median_s.0, three.min_s.0, three.max_s.0, three.samples), (2.0, 1.0, 3.0, 3));
    }

    #[test]
    fn each_process_counts_once() {
        let one =
            time_of_processes(&[vec![1.0, 1.0, 1.0, 1.0], vec![], vec![3.0], vec![2.0]]).expect("a time");
        assert_eq!((one.median_s.0, one.rounds, one.samples), (2.0, 3, 6));
        assert!(one.interval_s.is_some_and(|interval| interval.low <= 2.0 && interval.high >= 2.0));
        assert_eq!(time_of_processes(&[vec![]]), None);
        assert_eq!(time_of_processes(&[vec![1.0], vec![-1.0]]), None);
    }

    #[test]
    fn a_summary_must_be_of_times() {
        let good = || Summary {
            median_s: 2.0,
            mean_s: 3.0,
            standard_deviation_s: Some(1.0),
            range_s: Some((1.0, 9.0)),
            samples: 7,
        };
        let time = time_of_summary(&good()).expect("a time");
        assert_eq!((time.median_s.0, time.mean_s.0, time.max_s.0, time.samples), (2.0, 3.0, 9.0, 7));
        for bad in [
            Summary { mean_s: f64::NAN, ..good() },
            Summary { median_s: -2.0, ..good() },
            Summary { standard_deviation_s: Some(-1.0), ..good() },
            Summary { range_s: Some((9.0, 1.0)), ..good() },
            Summary { median_s: 9.5, ..good() },
            Summary { mean_s: 0.5, ..good() },
        ] {
            assert!(time_of_summary(&bad).is_none());
        }
    }
}
