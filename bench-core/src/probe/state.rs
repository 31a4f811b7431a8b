//! Which probes there were in a run, and what each cost.

use serde::{Deserialize, Serialize};

use crate::probe::ProbeReport;
use crate::quantity::Seconds;
use crate::record::CaseRecord;
use crate::stats;

/// A probe of a run: whether it was there, and what it cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeState {
    /// The probe.
    pub probe: String,
    /// Why it has read nothing in the whole run, if it has not.
    pub unavailable: Option<String>,
    /// What observing cost a round on the benchmark's own thread, median over all rounds, in seconds.
    pub cost_s: Seconds,
}

impl ProbeState {
    /// The probes of all rounds of `cases`, by name.
    pub(crate) fn over(cases: &[CaseRecord]) -> Vec<Self> {
        let all = || cases.iter().flat_map(|case| &case.rounds).flat_map(|round| &round.probes);
        let mut names: Vec<&str> = all().map(|report| report.probe.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let state = |name: &str| {
            let reports: Vec<&ProbeReport> = all().filter(|report| report.probe == name).collect();
            let costs: Vec<f64> = reports.iter().map(|report| report.cost_ns as f64 / 1e9).collect();
            let missing = reports.iter().all(|report| report.unavailable.is_some());
            ProbeState {
                probe: name.to_owned(),
                unavailable: reports
                    .first()
                    .filter(|_| missing)
                    .and_then(|report| report.unavailable.clone()),
                cost_s: Seconds(stats::median(&stats::sorted(&costs)).unwrap_or_default()),
            }
        };
        names.into_iter().map(state).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmark::Category;
    use crate::record::RoundRecord;

    fn case(reports: Vec<ProbeReport>) -> CaseRecord {
        let mut case = CaseRecord::blank("c", Category::Unit);
        for report in reports {
            case.push(RoundRecord { probes: vec![report], ..RoundRecord::default() });
        }
        case
    }

    #[test]
    fn a_probe_that_read_once_is_there() {
        let missing =
            |cost_ns| ProbeReport { unavailable: Some("why".into()), cost_ns, ..ProbeReport::of("gpu") };
        let found = ProbeState::over(&[case(vec![missing(10), missing(30)]), case(vec![missing(20)])]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].unavailable.as_deref(), found[0].cost_s), (Some("why"), Seconds(20e-9)));
        let found = ProbeState::over(&[case(vec![missing(10), ProbeReport::of("gpu")])]);
        assert_eq!(found[0].unavailable, None);
    }
}
