//! The difference that two runs of a case may have without a change.

use crate::comparison::drift::Drift;
use crate::comparison::history::History;
use crate::comparison::spread::Spread;
use bench_record::{CaseRecord, Status, Time};
use bench_stats as stats;

/// The share by which two runs of one binary may differ (95 %), in addition to each run's own interval, if there are
/// too few earlier runs. A stated floor, not an estimate: two runs cannot show whether one of them fell into a bad
/// minute of the machine. Measured on shared 2-core virtual machines, blocks of ten rounds over seven minutes ranged
/// over 6 % (matrix product) to 50 % (pointer chase), and one kernel's time kept to plateaus 25 % apart for seconds at
/// a time.
const BETWEEN_RUNS: f64 = 0.25;

/// Normal quantile of a 95 % interval.
const NORMAL_95: f64 = 1.96;

/// The normal quantile of 99 %, two-sided, for intervals between runs: a nightly comparison judges every case every
/// night, and one verdict in twenty would be wrong.
pub(super) const NORMAL_99: f64 = 2.576;

/// The reason when the runs' own intervals prevent a verdict.
const OWN_MEDIANS: &str =
    "the medians of the runs are not known well enough: a longer `--max-time` would help";
const TOO_FEW_RUNS: &str = "fewer than 5 earlier runs (1 in a suite of 30 cases) show how much it varies from run \
                            to run, so ±34 % is assumed";

/// A case with figures in both runs.
pub(super) struct Pair<'a> {
    pub(super) id: &'a str,
    /// Logarithm of the ratio of medians, including the drift.
    pub(super) log: f64,
    /// Half-widths of both runs' own intervals on the logarithmic scale, if both have one.
    own: Option<[f64; 2]>,
    spread: Option<Spread>,
}

impl<'a> Pair<'a> {
    /// Returns `None` if one of the runs has no figure, or their figures have no ratio.
    pub(super) fn of(old: &CaseRecord, new: &'a CaseRecord, history: &History) -> Option<Self> {
        let (then, now) = (time(old)?, time(new)?);
        let log = (now.median_s.0 / then.median_s.0).ln();
        log.is_finite().then(|| Pair {
            id: &new.id,
            log,
            own: half_width(then).zip(half_width(now)).map(|(old, new)| [old, new]),
            spread: history.spread(&new.id),
        })
    }

    /// Returns the standard deviation of the log ratio of two runs without a change, from what earlier runs did. A run
    /// whose own interval is wider counts with that interval.
    fn deviation(&self) -> Option<f64> {
        let (spread, own) = (self.spread?, self.own?);
        let variance = |own: f64| spread.deviation.max(own / NORMAL_95).powi(2);
        Some((variance(own[0]) + variance(own[1])).sqrt())
    }
}

/// The values that apply to all cases of a comparison.
pub(super) struct Scale {
    pub(super) drift: Drift,
    /// The factor by which these two runs vary more than the earlier ones.
    pub(super) restless: f64,
    pub(super) threshold: f64,
}

/// Returns how many times as far as in earlier runs the cases have moved, each by itself; at least 1, also if there are
/// too few cases. A run in which every case is off, each in its own way, is a bad run; code that changed for some of
/// them hardly moves a median of deviations.
pub(super) fn restlessness(pairs: &[Pair<'_>], drift: Drift) -> f64 {
    let moves: Vec<f64> = pairs
        .iter()
        .filter_map(|pair| pair.deviation().map(|deviation| (pair.log - drift.shift) / deviation))
        .collect();
    Drift::of(&moves).map_or(1.0, |moves| moves.spread.max(1.0))
}

pub(super) fn time(case: &CaseRecord) -> Option<&Time> {
    case.time.as_ref().filter(|_| case.status == Status::Ok)
}

/// Returns the half-width of the interval on the logarithmic scale; `None` if there is none.
fn half_width(time: &Time) -> Option<f64> {
    time.interval_s
        .map(|interval| (interval.high / interval.low).ln() / 2.0)
        .filter(|half| half.is_finite() && *half >= 0.0)
}

/// The amount by which two runs of a case may differ without a change, on the logarithmic scale.
pub(super) struct Width {
    pub(super) half: f64,
    pub(super) deviation: f64,
    /// The reason why it is so wide; without numbers, so that cases can share it.
    pub(super) reason: &'static str,
}

impl Width {
    pub(super) fn of(pair: &Pair<'_>, scale: &Scale) -> Option<Self> {
        let own = pair.own?;
        let known = pair.spread.zip(pair.deviation()).and_then(|(spread, deviation)| {
            let quantile = stats::student_quantile(NORMAL_99, spread.degrees)?;
            Some((spread, deviation, quantile * deviation))
        });
        let Some((spread, deviation, half)) = known else {
            // Independent errors: squares of half-widths add, on the logarithmic scale.
            let halves = [own[0], own[1], BETWEEN_RUNS.ln_1p(), NORMAL_95 * scale.drift.spread];
            let deviation = halves.iter().map(|half| half.powi(2)).sum::<f64>().sqrt() / NORMAL_95;
            let half = NORMAL_99 * deviation;
            let reason = if own[0].hypot(own[1]) > BETWEEN_RUNS.ln_1p() { OWN_MEDIANS } else { TOO_FEW_RUNS };
            return Some(Width { half, deviation, reason });
        };
        let reason = if own[0].max(own[1]) / NORMAL_95 > spread.deviation {
            OWN_MEDIANS
        } else if scale.restless > 1.5 {
            "all cases moved farther than between earlier runs"
        } else {
            "earlier runs differ by that much without a change"
        };
        Some(Width {
            half: half.max(spread.seen) * scale.restless,
            deviation: deviation * scale.restless,
            reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::history::{FEWEST_RUNS, FEWEST_RUNS_OF_SUITE};
    use bench_stats::SpreadOfCases;

    #[test]
    fn the_reason_names_the_floor_that_is_used() {
        let floor = (NORMAL_99 / NORMAL_95 * BETWEEN_RUNS.ln_1p()).exp_m1() * 100.0;
        let fewest = (FEWEST_RUNS, FEWEST_RUNS_OF_SUITE, SpreadOfCases::FEWEST_CASES);
        let named =
            format!("fewer than {} earlier runs ({} in a suite of {} cases)", fewest.0, fewest.1, fewest.2);
        assert!(TOO_FEW_RUNS.contains(&named), "{named}");
        assert!(TOO_FEW_RUNS.contains(&format!("±{floor:.0} %")), "{floor}");
    }
}
