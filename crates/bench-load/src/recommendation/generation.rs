//! Rules about output that arrives piece by piece: tokens, denoising steps.

use bench_record::{Figure, Level, Unit};
use bench_syntax::quantity::Seconds;

use super::advice::Advice;
use super::sweep::{Sweep, positive, times};
use super::{Group, Recommendation};

const QUEUE: Advice = Advice {
    rule: "queue_before_first_output",
    gist: "the first output comes later under load while the pieces after it do not: requests queue before it",
};
const SLOW_DECODE: Advice = Advice { rule: "slow_decode", gist: "tokens come more slowly than people read" };
const DECODE_SLOWS: Advice = Advice {
    rule: "decode_slows",
    gist: "tokens come more slowly in larger batches: limit the batch if people read tokens while they arrive",
};

/// The factor of growth from which on a time to the first output shows a queue.
const GROWS: f64 = 2.0;

/// The factor of growth below which a time per piece counts as unchanged.
const STAYS: f64 = 1.25;

/// The factor of growth from which on people who read along notice a longer time per token.
const SLOWS: f64 = 1.5;

/// The time per token, in seconds, up to which tokens come as fast as fast readers read: 10 tokens per second are about
/// 450 words per minute; the mean is 238 (Brysbaert, "How many words do we read per minute?", Journal of Memory and
/// Language 109, 2019).
const READING: f64 = 0.1;

/// The metrics of the time to the first output and of the time per further piece, and the name of the work before the
/// first output.
const FIRST: [(&str, &str, &str); 2] =
    [("TTFT", "TPOT p50", "prefill"), ("TTFI", "step time p50", "the first step")];

/// Reports a first output that comes later with more load, while the pieces after it come as fast as before.
pub(super) fn first_output(group: &Group) -> Vec<Recommendation> {
    let of = |sweep: &Sweep<'_>| {
        let (from, to) = sweep.ends()?;
        let growth = |name: &str| Some(positive(to, name)? / positive(from, name)?);
        FIRST.iter().find_map(|(first, piece, before)| {
            // The higher percentile, if both levels have enough requests for it.
            let supported = |name: &String| {
                [from, to]
                    .iter()
                    .all(|level| level.metric(name).is_some_and(|metric| metric.supported != Some(false)))
            };
            let name = [format!("{first} p95"), format!("{first} p50")].into_iter().find(supported)?;
            let (first, piece_growth) = (growth(&name)?, growth(piece)?);
            if first < GROWS || piece_growth >= STAYS {
                return None;
            }
            let text = format!(
                "{name} grows {} from {} to {} while {piece} stays ({}): requests queue before {before}",
                times(first),
                from.name,
                Sweep::short(to),
                times(piece_growth)
            );
            Some(QUEUE.at(to, text).with(Figure::new(first, Unit::Factor, "later")))
        })
    };
    group.sweeps().iter().filter_map(of).collect()
}

/// Reports the lowest level at which tokens come more slowly than they are read.
pub(super) fn slow_decode(group: &Group) -> Vec<Recommendation> {
    let slow = |level: &Level| {
        let name = ["TPOT p95", "TPOT p50"].into_iter().find(|name| positive(level, name).is_some())?;
        let seconds = positive(level, name).filter(|seconds| *seconds > READING)?;
        let text = format!(
            "{name} is {} at {}, {:.1} tokens/s: slower than people read ({:.0} tokens/s)",
            Seconds(seconds),
            level.name,
            1.0 / seconds,
            1.0 / READING
        );
        Some(SLOW_DECODE.at(level, text).with(Figure::new(seconds, Unit::Seconds, "a token")))
    };
    group.levels.iter().find_map(slow).into_iter().collect()
}

/// Reports tokens that come more slowly when more requests are decoded together, and the throughput that this gains.
pub(super) fn batch(group: &Group) -> Vec<Recommendation> {
    let of = |sweep: &Sweep<'_>| {
        let (from, to) = sweep.ends()?;
        let (before, after) = (positive(from, "TPOT p50")?, positive(to, "TPOT p50")?);
        let tokens = positive(to, "output tokens/s")? / positive(from, "output tokens/s")?;
        if after / before < SLOWS {
            return None;
        }
        let text = format!(
            "TPOT p50 grows {} from {} to {} ({} to {}) for {} the output tokens/s: limit the batch if people \
             read tokens while they arrive",
            times(after / before),
            from.name,
            Sweep::short(to),
            Seconds(before),
            Seconds(after),
            times(tokens)
        );
        Some(DECODE_SLOWS.at(to, text).with(Figure::new(after / before, Unit::Factor, "the time per token")))
    };
    group.sweeps().iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Figures, assert_says, closed, unsupported};
    use super::*;

    fn text(one: Figures<'_>, eight: Figures<'_>) -> Group {
        closed("output tokens/s", &[(1, one), (8, eight)])
    }

    #[test]
    fn a_queue_before_prefill_is_told_from_a_slow_model() {
        let one = [("TTFT p50", 0.1), ("TTFT p95", 0.2), ("TPOT p50", 0.020)];
        let queued = [("TTFT p50", 0.3), ("TTFT p95", 0.8), ("TPOT p50", 0.022)];
        let mut group = text(&one, &queued);
        let told =
            "grows 4.0× from concurrency 1 to 8 while TPOT p50 stays (1.1×): requests queue before prefill";
        assert_says(first_output, &group, &[&format!("TTFT p95 {told}")]);
        unsupported(&mut group.levels[0], "TTFT p95");
        assert_says(first_output, &group, &[&format!("TTFT p50 {}", told.replace("4.0×", "3.0×"))]);
        let slow = [("TTFT p95", 0.8), ("TPOT p50", 0.08)];
        assert_says(first_output, &text(&one, &slow), &[]);
        assert_says(first_output, &text(&one, &[("TTFT p95", 0.3), ("TPOT p50", 0.022)]), &[]);
    }

    #[test]
    fn a_queue_before_the_first_step_is_told() {
        let one = [("TTFI p95", 1.0), ("step time p50", 0.05)];
        let group = closed("IPS", &[(1, &one), (4, &[("TTFI p95", 3.0), ("step time p50", 0.05)])]);
        let told = "TTFI p95 grows 3.0× from concurrency 1 to 4 while step time p50 stays (1.0×): requests queue before \
                    the first step";
        assert_says(first_output, &group, &[told]);
    }

    #[test]
    fn tokens_slower_than_reading_are_told() {
        let group = text(&[("TPOT p95", 0.05)], &[("TPOT p95", 0.15)]);
        let told =
            "TPOT p95 is 150.0 ms at concurrency 8, 6.7 tokens/s: slower than people read (10 tokens/s)";
        assert_says(slow_decode, &group, &[told]);
        assert_says(slow_decode, &text(&[("TPOT p95", 0.05)], &[("TPOT p95", 0.09)]), &[]);
    }

    #[test]
    fn a_larger_batch_has_its_price() {
        let one = [("TPOT p50", 0.020), ("output tokens/s", 50.0)];
        let told = "TPOT p50 grows 2.1× from concurrency 1 to 8 (20.00 ms to 42.00 ms) for 3.8× the output \
                    tokens/s: limit the batch if people read tokens while they arrive";
        assert_says(batch, &text(&one, &[("TPOT p50", 0.042), ("output tokens/s", 190.0)]), &[told]);
        assert_says(batch, &text(&one, &[("TPOT p50", 0.028), ("output tokens/s", 190.0)]), &[]);
    }
}
