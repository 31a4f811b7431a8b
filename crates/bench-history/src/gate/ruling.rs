//! The consequence of a finding.

use bench_judge::comparison::Compared;
use bench_record::Verdict;
use serde::Serialize;

/// The consequence of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ruling {
    /// The build fails.
    Fails,
    /// The build does not fail, unless the gate is strict.
    Unsure,
    /// The build does not fail: measured in turn, the revisions are equal, or differ by no more than is allowed.
    Cleared,
}

impl Ruling {
    /// Decides by a measurement of both revisions in turn, in which time may grow by the share `allowed`: the whole
    /// interval decides, as in `bench compare`. `None` if they were not both measured.
    pub fn of_measurement(compared: &Compared, allowed: f64) -> Option<Ruling> {
        let beyond = compared.interval.is_none_or(|interval| interval.low > allowed);
        let within = compared.interval.is_some_and(|interval| interval.high <= allowed);
        match compared.verdict {
            Verdict::Same | Verdict::Faster => Some(Ruling::Cleared),
            Verdict::Slower | Verdict::Unsure if within => Some(Ruling::Cleared),
            Verdict::Slower if beyond => Some(Ruling::Fails),
            Verdict::Slower | Verdict::Unsure => Some(Ruling::Unsure),
            Verdict::Failed | Verdict::Added | Verdict::Removed | Verdict::Skipped => None,
        }
    }
}
