//! Combines the instructions and memory accesses of the rounds of a case.

use bench_protocol::Better;
use bench_record::{CaseCounts, Figure, Metric, Notice, RoundCounts, RoundRecord, Unit};
use bench_stats::Interval;

/// Combines the counts of `rounds`; `None` if nothing was counted.
pub(crate) fn over(rounds: &[RoundRecord]) -> Option<CaseCounts> {
    let mut counted: Vec<&RoundCounts> = rounds.iter().filter_map(|round| round.counts.as_ref()).collect();
    counted.sort_by_key(|round| round.iteration.instructions);
    let median = *counted.get(counted.len().checked_sub(1)? / 2)?;
    let mut counts = CaseCounts::of_round(median);
    counts.least_instructions = counted.first()?.iteration.instructions;
    counts.most_instructions = counted.last()?.iteration.instructions;
    counts.rounds = counted.len();
    Some(counts)
}

/// Returns the counts as metrics, for targets.
pub(crate) fn metrics(counts: &CaseCounts) -> Vec<Metric> {
    let seen = Interval { low: counts.least_instructions as f64, high: counts.most_instructions as f64 };
    vec![
        Metric::new("instructions", "instructions", counts.iteration.instructions as f64, Better::Lower)
            .with_interval(Some(seen)),
        Metric::new("estimated cycles", "cycles", counts.iteration.estimated_cycles as f64, Better::Lower),
    ]
}

/// Returns a warning if the counts cannot be relied on.
pub(crate) fn doubt(counts: &CaseCounts) -> Option<Notice> {
    if counts.rounds == 1 {
        return Some(Notice::plain("one_count", "one round only: whether its count repeats is unknown"));
    }
    let spread = counts.spread() * 100.0;
    (spread > 0.0).then(|| {
        let share = if spread < 0.001 { "less than 0.001".to_owned() } else { format!("{spread:.3}") };
        let text = format!(
            "differs by {share} % between {} rounds, because of hashing, addresses, time or threads",
            counts.rounds
        );
        let gist = "differs between rounds, because of hashing, addresses, time or threads";
        Notice::new("counts_differ", gist, text).with(Figure::new(counts.spread(), Unit::Share, ""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(instructions: &[u64]) -> Vec<RoundRecord> {
        let round = |instructions: &u64| {
            let mut counts = RoundCounts::default();
            counts.iteration.instructions = *instructions;
            let mut round = RoundRecord::default();
            round.counts = Some(counts);
            round
        };
        instructions.iter().map(round).collect()
    }

    #[test]
    fn rounds_that_agree_leave_no_doubt() {
        let of = |instructions: &[u64]| over(&rounds(instructions));
        assert_eq!(of(&[]), None);
        let same = of(&[100_000, 100_000]).expect("counts");
        assert_eq!((same.iteration.instructions, same.spread(), doubt(&same)), (100_000, 0.0, None));
        let two = of(&[100_003, 100_000]).expect("counts");
        assert_eq!(two.iteration.instructions, 100_000);
        assert_eq!((two.least_instructions, two.most_instructions), (100_000, 100_003));
        assert!(doubt(&two).expect("a doubt").text.starts_with("differs by 0.003 % between 2 rounds"));
        assert!(
            doubt(&of(&[1_000_000_001, 1_000_000_000]).expect("counts"))
                .expect("one")
                .text
                .contains("less than 0.001 %")
        );
        assert_eq!(of(&[3, 1, 2]).expect("counts").iteration.instructions, 2);
        assert!(doubt(&of(&[7]).expect("counts")).expect("a doubt").text.contains("one round only"));
    }
}
