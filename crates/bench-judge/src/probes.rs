//! Combines the readings of the probes over all rounds.

use bench_protocol::{OverRounds, ProbeReport, Reading};
use bench_record::{CaseRecord, Metric, ProbeState, RoundRecord};
use bench_stats as stats;
use bench_syntax::quantity::Seconds;

/// Combines the readings of the rounds of a case, in the order in which probes reported them: the median over the
/// rounds with its interval, or the largest. If there is just one round, its own interval is used.
pub(crate) fn over(rounds: &[RoundRecord]) -> Vec<Metric> {
    let all = || rounds.iter().flat_map(|round| &round.probes).flat_map(|report| &report.readings);
    let mut kinds: Vec<&Reading> = Vec::new();
    for reading in all() {
        if !kinds.iter().any(|known| known.metric == reading.metric) {
            kinds.push(reading);
        }
    }
    let together = |kind: &Reading| {
        let readings: Vec<&Reading> = all().filter(|reading| reading.metric == kind.metric).collect();
        let values = stats::sorted(&readings.iter().map(|reading| reading.value).collect::<Vec<_>>());
        let (value, interval) = match kind.over_rounds {
            OverRounds::Max => (*values.last()?, None),
            OverRounds::Median => (stats::median(&values)?, stats::median_interval(&values)),
        };
        let own = if readings.len() == 1 { kind.interval } else { None };
        let metric = Metric::new(&kind.metric, &kind.unit, value, kind.better);
        Some(metric.with_interval(interval.or(own)))
    };
    kinds.into_iter().filter_map(together).collect()
}

/// Returns the probes of all rounds of `cases`, by name.
pub fn states(cases: &[CaseRecord]) -> Vec<ProbeState> {
    let all = || cases.iter().flat_map(|case| &case.rounds).flat_map(|round| &round.probes);
    let mut names: Vec<&str> = all().map(|report| report.probe.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let state = |name: &str| {
        let reports: Vec<&ProbeReport> = all().filter(|report| report.probe == name).collect();
        let costs: Vec<f64> = reports.iter().map(|report| report.cost_ns as f64 / 1e9).collect();
        let missing = reports.iter().all(|report| report.unavailable.is_some());
        let unavailable = reports.first().filter(|_| missing).and_then(|report| report.unavailable.clone());
        let cost_s = stats::median(&stats::sorted(&costs)).unwrap_or_default();
        ProbeState::new(name, unavailable, Seconds(cost_s))
    };
    names.into_iter().map(state).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Summarize;
    use bench_protocol::ProbeReport;
    use bench_stats::Interval;
    use bench_syntax::Category;

    fn reported(report: ProbeReport) -> RoundRecord {
        let mut round = RoundRecord::default();
        round.probes = vec![report];
        round
    }

    fn round(readings: Vec<Reading>) -> RoundRecord {
        reported(ProbeReport { readings, ..ProbeReport::of("p") })
    }

    #[test]
    fn rounds_become_one_figure_in_the_way_of_its_kind() {
        let rounds: Vec<RoundRecord> = [3.0, 1.0, 2.0, 7.0, 5.0, 4.0, 6.0]
            .map(|value| {
                round(vec![Reading::new("cost", "s", value), Reading::new("peak", "bytes", value).max()])
            })
            .into();
        let figures = over(&rounds);
        assert_eq!(
            figures.iter().map(|metric| (metric.name.as_str(), metric.value)).collect::<Vec<_>>(),
            [("cost", 4.0), ("peak", 7.0)]
        );
        let interval = figures[0].interval.expect("seven rounds");
        assert!(interval.low < 4.0 && 4.0 < interval.high && figures[1].interval.is_none());
    }

    #[test]
    fn a_single_round_has_the_interval_of_its_own() {
        let own = Some(Interval { low: 1.0, high: 3.0 });
        let reading = Reading::new("growth", "bytes/iteration", 2.0).with_interval(own);
        assert_eq!(over(&[round(vec![reading.clone()])])[0].interval, own);
        assert_ne!(over(&[round(vec![reading.clone()]), round(vec![reading])])[0].interval, own);
        assert!(over(&[round(vec![])]).is_empty());
    }

    #[test]
    fn a_reading_from_before_is_read() {
        let reading: Reading =
            serde_json::from_str(r#"{"metric": "cpu_time", "unit": "s", "value": 2.0}"#).expect("read");
        assert_eq!(reading, Reading::new("cpu_time", "s", 2.0));
    }

    fn case(reports: Vec<ProbeReport>) -> CaseRecord {
        let mut case = CaseRecord::blank("c", Category::Unit);
        for report in reports {
            case.push(reported(report));
        }
        case
    }

    #[test]
    fn a_probe_that_read_once_is_there() {
        let missing =
            |cost_ns| ProbeReport { unavailable: Some("why".into()), cost_ns, ..ProbeReport::of("gpu") };
        let found = states(&[case(vec![missing(10), missing(30)]), case(vec![missing(20)])]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].unavailable.as_deref(), found[0].cost_s), (Some("why"), Seconds(20e-9)));
        let found = states(&[case(vec![missing(10), ProbeReport::of("gpu")])]);
        assert_eq!(found[0].unavailable, None);
    }
}
