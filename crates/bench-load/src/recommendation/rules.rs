//! The rules that make recommendations.

use super::{Group, Recommendation, cost, generation, harness, latency, speech, throughput};

/// A rule: reads a group and returns its recommendations.
pub(super) type Rule = fn(&Group) -> Vec<Recommendation>;

/// All rules: first those that cast doubt on figures, then the others.
const RULES: [Rule; 22] = [
    harness::failures,
    harness::bottleneck,
    harness::saturated,
    harness::short_of_rate,
    cost::leak,
    latency::unsupported,
    latency::unsteady,
    throughput::peak,
    throughput::queueing,
    throughput::rising,
    throughput::falling,
    throughput::goodput,
    latency::tail,
    latency::behind,
    speech::real_time,
    speech::underrun,
    speech::at_once,
    generation::first_output,
    generation::slow_decode,
    generation::batch,
    cost::first_call,
    cost::load,
];

/// Returns the recommendations of all rules for a group, in the order in which to act on them.
pub fn recommendations(group: &Group) -> Vec<Recommendation> {
    RULES.iter().flat_map(|rule| rule(group)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::closed;
    use super::*;

    #[test]
    fn nothing_is_said_of_nothing() {
        assert_eq!(recommendations(&Group::default()), []);
    }

    #[test]
    fn doubts_come_first() {
        let mut group = closed("RPS", &[(1, &[("RPS", 1.0)]), (2, &[("RPS", 2.0)])]);
        group.levels[1].failed = 1;
        let rules: Vec<&str> = recommendations(&group).iter().map(|found| found.rule).collect();
        assert_eq!(rules, ["failures", "throughput_rises"]);
    }
}
