//! The verdict on a case, and the rule by which an interval becomes a verdict.

use bench_record::Verdict;
use bench_stats::Interval;

/// Counts the verdicts, the most important first: `1 slower, 3 same`. `None` if there are none.
pub fn counted(verdicts: impl Iterator<Item = Verdict>) -> Option<String> {
    let verdicts: Vec<Verdict> = verdicts.collect();
    let counts: Vec<String> = [
        Verdict::Slower,
        Verdict::Faster,
        Verdict::Same,
        Verdict::Unsure,
        Verdict::Failed,
        Verdict::Added,
        Verdict::Removed,
        Verdict::Skipped,
    ]
    .into_iter()
    .map(|verdict| (verdicts.iter().filter(|given| **given == verdict).count(), verdict))
    .filter(|(count, _)| *count > 0)
    .map(|(count, verdict)| format!("{count} {verdict}"))
    .collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}

/// Judges the interval of a relative change, if changes below the share `threshold` are of no practical interest. An
/// interval that contains a NaN is unsure.
pub fn judge(change: Interval, threshold: f64) -> Verdict {
    if change.low > threshold && change.high >= change.low {
        Verdict::Slower
    } else if change.high < -threshold && change.low <= change.high {
        Verdict::Faster
    } else if change.low >= -threshold && change.high <= threshold {
        Verdict::Same
    } else {
        Verdict::Unsure
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_whole_interval_decides() {
        let of = |low, high| judge(Interval { low, high }, 0.01);
        assert_eq!(of(0.011, 0.5), Verdict::Slower);
        assert_eq!(of(0.01, 0.5), Verdict::Unsure);
        assert_eq!(of(-0.3, -0.011), Verdict::Faster);
        assert_eq!(of(-0.009, 0.009), Verdict::Same);
        assert_eq!(of(-0.009, 0.02), Verdict::Unsure);
        let exact = |change| judge(Interval { low: change, high: change }, 0.0);
        assert_eq!([0.0, 1e-9, -1e-9].map(exact), [Verdict::Same, Verdict::Slower, Verdict::Faster]);
        assert_eq!(of(f64::NAN, 0.5), Verdict::Unsure);
        assert_eq!(of(0.5, f64::NAN), Verdict::Unsure);
        assert_eq!(of(f64::NAN, -0.5), Verdict::Unsure);
        assert_eq!(of(f64::NEG_INFINITY, f64::INFINITY), Verdict::Unsure);
    }

    proptest! {
        #[test]
        fn a_wider_interval_never_turns_one_side_into_the_other(
            low in -0.5f64..0.5, width in 0.0f64..0.5, wider in 0.0f64..0.5, threshold in 0.0f64..0.1,
        ) {
            let (narrow, wide) = (
                judge(Interval { low, high: low + width }, threshold),
                judge(Interval { low: low - wider, high: low + width + wider }, threshold),
            );
            prop_assert!(wide == narrow || wide == Verdict::Unsure);
        }
    }
}
