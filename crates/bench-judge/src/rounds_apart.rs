//! Detects rounds of a case that disagree by more than their samples explain.

use bench_record::{Figure, Notice, RoundRecord, Unit};
use bench_stats as stats;
use bench_stats::Interval;
use bench_syntax::quantity::Seconds;

/// The factor between medians of processes that is more than the usual difference, which is some per cent.
const APART: f64 = 1.5;

/// The number of rounds from which on a single one that lies apart is attributed to a bad minute.
const MANY: usize = 5;

/// Returns a warning if rounds disagree: the intervals of their medians lie apart by a factor that no noise explains,
/// and not only that of a single round among many. `None` if they agree, or have too few samples for an interval.
pub(super) fn doubt<'a>(rounds: impl Iterator<Item = &'a RoundRecord>) -> Option<Notice> {
    let mut medians: Vec<(f64, Interval)> = rounds
        .filter_map(|round| {
            let values: Vec<f64> = round.per_iteration().collect();
            Some((round.median_s()?, stats::median_interval(&values)?))
        })
        .collect();
    medians.sort_by(|a, b| a.0.total_cmp(&b.0));
    let skipped = usize::from(medians.len() >= MANY);
    let (fast, slow) = (medians.get(skipped)?, medians.iter().rev().nth(skipped)?);
    (slow.1.low > APART * fast.1.high && fast.1.high > 0.0).then(|| {
        let text = format!(
            "rounds disagree by more than their samples explain, with medians from {} to {}: something differs \
             from process to process, such as random inputs without a seed, memory of inputs, a cache, or a choice at the start",
            Seconds(fast.0),
            Seconds(slow.0)
        );
        let gist = "rounds disagree by more than their samples explain: something differs from process to process";
        Notice::new("rounds_disagree", gist, text).with(Figure::new(slow.0 / fast.0, Unit::Factor, "apart"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(ns: &[u64]) -> Vec<RoundRecord> {
        let samples = |ns: &u64| (0..20).map(|sample| ns + sample * ns / 100).collect();
        let round = |ns: &u64| RoundRecord::sampled(1, samples(ns));
        ns.iter().map(round).collect()
    }

    #[test]
    fn rounds_that_lie_apart_are_told() {
        let told = |ns: &[u64]| doubt(rounds(ns).iter()).map(|notice| notice.text);
        let mixed = told(&[150, 3_300_000, 150, 3_300_000, 160, 3_200_000]).expect("apart");
        assert!(mixed.starts_with("rounds disagree by more than their samples explain"), "{mixed}");
        assert!(told(&[1_000, 2_000]).is_some());
        // As far apart as processes are, one bad minute, or nothing to compare.
        for ns in [&[1_000, 1_200, 1_300][..], &[1_000, 1_010, 1_000, 1_020, 9_000], &[1_000], &[]] {
            assert_eq!(told(ns), None, "{ns:?}");
        }
    }
}
