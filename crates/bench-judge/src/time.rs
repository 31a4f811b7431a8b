//! Time per iteration: combines the rounds of a case.

use bench_record::{Figure, Notice, RoundRecord, Time, Unit};
use bench_stats::{self as stats, Modes};
use bench_syntax::quantity::Seconds;

use crate::counted_rounds;

/// The share of severe outliers above which there is a warning; fewer are usual on any shared machine.
const MANY_OUTLIERS: f64 = 0.05;

/// Returns the figures of `rounds` together, without those that fell into bad minutes if enough others are left;
/// `None` if there is no sample.
pub fn over(rounds: &[RoundRecord]) -> Option<Time> {
    let measured = || counted(rounds);
    let medians = round_medians(rounds);
    let samples: Vec<f64> = measured().flat_map(RoundRecord::per_iteration).collect();
    let modes = || {
        let by_round: Vec<Vec<f64>> = measured().map(|round| round.per_iteration().collect()).collect();
        stats::modes_of_rounds(&by_round)
    };
    let mut time = Time::of_samples(&samples)?;
    time.median_s = Seconds(stats::median(&stats::sorted(&medians))?);
    time.interval_s = stats::median_interval(&medians);
    time.spread_between_rounds = stats::relative_spread(&medians);
    time.rounds = medians.len();
    time.iterations =
        measured().map(|round| round.iterations_per_sample * round.sample_ns.len() as u64).sum();
    time.modes = if is_coarse(rounds) { None } else { modes() };
    Some(time)
}

/// Returns the medians of the rounds that count, in seconds.
pub(crate) fn round_medians(rounds: &[RoundRecord]) -> Vec<f64> {
    counted(rounds).filter_map(RoundRecord::median_s).collect()
}

fn counted(rounds: &[RoundRecord]) -> impl Iterator<Item = &RoundRecord> {
    counted_rounds::counted(rounds).filter(|round| !round.sample_ns.is_empty())
}

/// Returns a warning if one figure cannot stand for all samples: two modes, or else many outliers.
pub(crate) fn irregularity(time: &Time) -> Option<Notice> {
    if let Some(Modes { low, high }) = time.modes {
        let told = |mode: stats::Mode| format!("{} ({:.0} %", Seconds(mode.centre), mode.share * 100.0);
        let text = format!("two modes: {} of samples) and {})", told(low), told(high));
        let apart = Figure::new(high.centre / low.centre, Unit::Factor, "apart");
        return Some(Notice::new("two_modes", "samples have two modes", text).with(apart));
    }
    let outliers = time.outliers.filter(|found| found.severe_share() > MANY_OUTLIERS)?;
    let count = outliers.low_severe + outliers.high_severe;
    let text = format!(
        "{:.0} % of samples are severe outliers ({count} of {}: {} slow, {} fast): they affect mean and p99, but \
         hardly the median and its interval",
        outliers.severe_share() * 100.0,
        outliers.of,
        outliers.high_severe,
        outliers.low_severe
    );
    let gist = "severe outliers affect mean and p99";
    let share = Figure::new(outliers.severe_share(), Unit::Share, "of samples");
    Some(Notice::new("severe_outliers", gist, text).with(share))
}

/// Returns the median over the rounds of a figure that not all of them have.
pub(crate) fn median_of(rounds: &[RoundRecord], figure: impl Fn(&RoundRecord) -> Option<f64>) -> Option<f64> {
    stats::median(&stats::sorted(&rounds.iter().filter_map(figure).collect::<Vec<_>>()))
}

/// Whether most rounds have samples of less than 100 steps of the clock.
pub(crate) fn is_coarse(rounds: &[RoundRecord]) -> bool {
    let coarse = |round: &&RoundRecord| {
        let sample =
            stats::median(&stats::sorted(&round.sample_ns.iter().map(|ns| *ns as f64).collect::<Vec<_>>()));
        sample.zip(round.clock_resolution_ns).is_some_and(|(sample, step)| sample < 100.0 * step as f64)
    };
    rounds.iter().filter(coarse).count() * 2 > rounds.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_from_before_is_read() {
        let round = || RoundRecord::sampled(1, (0..20).map(|k| 76_000 + k % 7 * 100).collect());
        let mut value = serde_json::to_value(over(&[round(), round()])).expect("JSON");
        let fields = value.as_object_mut().expect("an object");
        assert!(fields.remove("outliers").is_some() && fields.remove("modes").is_some());
        let time: Time = serde_json::from_value(value).expect("figures");
        assert_eq!((time.outliers, time.modes), (None, None));
    }
}
