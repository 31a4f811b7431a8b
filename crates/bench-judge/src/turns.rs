//! Compares two served models whose rounds took turns.

use bench_protocol::Better;
use bench_record::{CaseRecord, Level, Metric, Verdict};
use bench_stats as stats;
use bench_stats::Interval;
use serde::{Deserialize, Serialize};

use crate::comparison::judge;

#[cfg(test)]
mod simulation;

/// The number of pairs of rounds below which a figure is not judged.
const FEWEST_PAIRS: usize = 5;

/// The percentile that is always compared, in addition to the most important figure: its variation from round to round
/// shows in the interval.
const MIDDLE: &str = " p50";

/// The percentile that is compared if each round has enough requests for it.
const TAIL: &str = " p99";

/// Figures that are reported but not compared: those about what precedes the model, and those that repeat others.
const ASIDE: [&str; 6] =
    ["connect time", "TLS time", "time to head", "ICL ", "prefill tokens/s ", "decode tokens/s "];

/// A figure of a level, on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FigureInTurn {
    /// The level: `concurrency 4`.
    pub level: String,
    /// The name of the figure: `TTFT p50`.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Whether a lower or a higher value is better.
    pub better: Better,
    /// Its median over the rounds of the base that count.
    pub base: Option<f64>,
    /// The same median for the candidate.
    pub candidate: Option<f64>,
    /// The relative change, `candidate/base − 1`: the geometric mean over pairs of rounds.
    pub change: Option<f64>,
    /// The interval of the change. All intervals together hold with the probability [`InTurn::confidence`].
    pub interval: Option<Interval>,
    /// The number of pairs of rounds that count: those in which the level was valid on both sides.
    pub pairs: usize,
    /// The verdict: `slower` means worse, such as fewer tokens per second.
    pub verdict: Verdict,
    /// The reason if the verdict is `unsure` or `failed`.
    pub reason: Option<String>,
}

/// A comparison of two served models whose rounds took turns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InTurn {
    /// The address of the side that is compared with.
    pub base: String,
    /// The address of the side that is judged.
    pub candidate: String,
    /// The share below which a change is of no practical interest.
    pub threshold: f64,
    /// The probability with which all intervals contain their true change.
    pub confidence: f64,
    /// The figures, level by level.
    pub figures: Vec<FigureInTurn>,
}

impl InTurn {
    /// Compares two cases, round by round. `error_rate` is the probability with which any of the intervals may miss its true
    /// change; it is divided among the figures (Bonferroni).
    ///
    /// Round `k` of one side and round `k` of the other are a pair, and the logarithm of the ratio of their figures is an
    /// observation: what changes on the machine or the network from pair to pair cancels. The interval is that of the mean of
    /// these logarithms, by Student's t.
    pub fn of(base: &CaseRecord, candidate: &CaseRecord, threshold: f64, error_rate: f64) -> Self {
        let pairs = pairs(base, candidate);
        let mut wanted: Vec<(&str, &Metric)> = Vec::new();
        for (primary, level, _) in &pairs {
            for metric in level.metrics.iter().filter(|metric| is_compared(metric, primary)) {
                // Without reasoning, TTFO is TTFT; without a schedule, service latency is latency.
                let is_known = |(at, known): &(&str, &Metric)| {
                    *at == level.name
                        && (known.name == metric.name
                            || level.metric(&known.name).is_some_and(|known| is_another_name(known, metric)))
                };
                if !wanted.iter().any(is_known) {
                    wanted.push((&level.name, metric));
                }
            }
        }
        let each = error_rate / wanted.len().max(1) as f64;
        let figures = wanted.iter().map(|(level, metric)| figure(&pairs, level, metric, threshold, each));
        InTurn {
            base: base.source.clone(),
            candidate: candidate.source.clone(),
            threshold,
            confidence: 1.0 - error_rate,
            figures: figures.collect(),
        }
    }

    /// Returns the figures with this verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &FigureInTurn> {
        self.figures.iter().filter(move |figure| figure.verdict == verdict)
    }
}

impl FigureInTurn {
    /// Whether the figure is worse by more than `share`: its whole interval shows a time that is longer, or a rate that
    /// is lower, by more.
    pub fn is_worse_by(&self, share: f64) -> bool {
        self.verdict == Verdict::Slower
            && self.interval.is_some_and(|interval| slowdown(interval, self.better).low > share)
    }
}

/// Whether a figure is one of those that are compared.
fn is_compared(metric: &Metric, primary: &str) -> bool {
    let is_percentile =
        metric.name.ends_with(MIDDLE) || (metric.name.ends_with(TAIL) && metric.supported != Some(false));
    let is_aside = ASIDE.iter().any(|begin| metric.name.starts_with(begin));
    metric.name == primary || (is_percentile && !is_aside)
}

/// Whether two figures of one level are the same figure under two names.
fn is_another_name(one: &Metric, other: &Metric) -> bool {
    let of = |metric: &Metric| metric.name.rsplit(' ').next().map(str::to_owned);
    one.unit == other.unit && one.value == other.value && of(one) == of(other)
}

/// Returns each level that both sides have served in the same round, as the base and the candidate served it, after the
/// name of the most important figure.
fn pairs<'a>(base: &'a CaseRecord, candidate: &'a CaseRecord) -> Vec<(&'a str, &'a Level, &'a Level)> {
    let rounds = base.rounds.iter().zip(&candidate.rounds);
    let served =
        rounds.filter_map(|(base, candidate)| Some((base.served.as_ref()?, candidate.served.as_ref()?)));
    let levels = served.flat_map(|(base, candidate)| {
        base.levels.iter().filter_map(move |level| {
            let other = candidate.levels.iter().find(|other| other.name == level.name)?;
            Some((base.primary.as_str(), level, other))
        })
    });
    levels.collect()
}

fn figure(
    pairs: &[(&str, &Level, &Level)],
    level: &str,
    metric: &Metric,
    threshold: f64,
    error_rate: f64,
) -> FigureInTurn {
    let at_level: Vec<(&Level, &Level)> = pairs
        .iter()
        .filter(|(_, base, _)| base.name == level)
        .map(|(_, base, candidate)| (*base, *candidate))
        .collect();
    // A harness that is the bottleneck may slow down one side more than the other: it has more to do for a faster server.
    let counted = at_level.iter().filter(|(base, candidate)| base.validity.valid && candidate.validity.valid);
    let value = |level: &Level| {
        let metric = level.metric(&metric.name)?;
        (metric.value > 0.0 && metric.value.is_finite()).then_some(metric.value)
    };
    let values: Vec<(f64, f64)> =
        counted.filter_map(|(base, candidate)| Some((value(base)?, value(candidate)?))).collect();
    let middle = |of: fn(&(f64, f64)) -> f64| {
        stats::median(&stats::sorted(&values.iter().map(of).collect::<Vec<_>>()))
    };
    let logs: Vec<f64> = values.iter().map(|(base, candidate)| (candidate / base).ln()).collect();
    let interval = (logs.len() >= FEWEST_PAIRS).then(|| interval(&logs, error_rate)).flatten();
    let mut figure = FigureInTurn {
        level: level.to_owned(),
        metric: metric.name.clone(),
        unit: metric.unit.clone(),
        better: metric.better,
        base: middle(|(base, _)| *base),
        candidate: middle(|(_, candidate)| *candidate),
        change: stats::mean(&logs).map(f64::exp_m1),
        interval,
        pairs: logs.len(),
        verdict: interval
            .map_or(Verdict::Unsure, |interval| judge(slowdown(interval, metric.better), threshold)),
        reason: None,
    };
    if figure.verdict == Verdict::Unsure {
        figure.reason = Some(match interval {
            Some(_) => "the interval is too wide".to_owned(),
            None => {
                let invalid = at_level.iter().flat_map(|(base, candidate)| [base, candidate]);
                let why = invalid
                    .filter(|level| !level.validity.valid)
                    .find_map(|level| level.validity.reasons.first());
                let why = why.map_or(String::new(), |why| format!(", such as: {why}"));
                format!(
                    "only {} of {} pairs of rounds count, expected at least {FEWEST_PAIRS}; in the others, the level was not \
                     valid or has no such figure{why}",
                    logs.len(),
                    at_level.len()
                )
            }
        });
    }
    figure
}

/// Returns the interval of the relative change, from the logarithms of ratios.
fn interval(logs: &[f64], error_rate: f64) -> Option<Interval> {
    let Interval { low, high } = stats::mean_interval_within(logs, error_rate)?;
    Some(Interval { low: low.exp_m1(), high: high.exp_m1() })
}

/// Returns the change as a slowdown: for a rate, the change of the time that each piece of work takes.
fn slowdown(change: Interval, better: Better) -> Interval {
    match better {
        Better::Lower => change,
        Better::Higher => {
            let inverse = |change: f64| 1.0 / (1.0 + change) - 1.0;
            Interval { low: inverse(change.high), high: inverse(change.low) }
        }
    }
}

#[cfg(test)]
mod tests {
    use bench_record::{RoundRecord, Served};
    use bench_syntax::Category;

    use super::*;

    /// A case of rounds with these latencies, in seconds; a negative one is of a level that is not valid.
    fn case(latencies: &[f64]) -> CaseRecord {
        let mut case = CaseRecord::blank("performance/chat", Category::Performance);
        case.source = "http://host".to_owned();
        for latency in latencies {
            let mut level = Level::named("concurrency 1");
            level.validity.valid = *latency > 0.0;
            level.validity.reasons = vec!["the client stalled".to_owned()];
            level.metrics = vec![
                Metric::new("RPS", "req/s", 1.0 / latency.abs(), Better::Higher),
                Metric::new("latency p50", "s", latency.abs(), Better::Lower).with_support(false),
                Metric::new("service latency p50", "s", latency.abs(), Better::Lower),
                Metric::new("latency p99", "s", 7.0, Better::Lower).with_support(false),
                Metric::new("time to head p50", "s", 7.0, Better::Lower),
            ];
            let mut served = Served::at_levels(vec![level]);
            served.primary = "RPS".to_owned();
            case.rounds.push(RoundRecord::serving(served));
        }
        case
    }

    /// Compares pairs with the figures `RPS` and `latency p50` that differ by a factor, on a machine that slows down
    /// from pair to pair.
    fn compared(factor: f64, noise: f64, pairs: i32) -> InTurn {
        let at = |pair: i32| 0.1 * 1.3f64.powi(pair);
        let base: Vec<f64> = (0..pairs).map(at).collect();
        let candidate: Vec<f64> =
            (0..pairs).map(|pair| at(pair) * factor * (1.0 + noise * f64::from(pair % 3 - 1))).collect();
        InTurn::of(&case(&base), &case(&candidate), 0.01, 0.05)
    }

    fn verdicts(compared: &InTurn) -> Vec<(&str, Verdict)> {
        compared.figures.iter().map(|figure| (figure.metric.as_str(), figure.verdict)).collect()
    }

    #[test]
    fn pairs_decide_although_the_machine_changes() {
        let both = |verdict| vec![("RPS", verdict), ("latency p50", verdict)];
        assert_eq!(verdicts(&compared(1.0, 0.003, 9)), both(Verdict::Same));
        assert_eq!(verdicts(&compared(1.1, 0.003, 9)), both(Verdict::Slower));
        assert_eq!(verdicts(&compared(0.9, 0.003, 9)), both(Verdict::Faster));
        assert_eq!(verdicts(&compared(1.0, 0.1, 9)), both(Verdict::Unsure));
        let slower = compared(1.1, 0.003, 9);
        let changes: Vec<f64> = slower.figures.iter().filter_map(|figure| figure.change).collect();
        assert!((changes[0] + 0.0909).abs() < 1e-3 && (changes[1] - 0.1).abs() < 1e-3, "{changes:?}");
        assert!(slower.figures.iter().all(|figure| figure.is_worse_by(0.09) && !figure.is_worse_by(0.11)));
        assert!(compared(0.9, 0.003, 9).figures.iter().all(|figure| !figure.is_worse_by(0.0)));
    }

    #[test]
    fn rounds_that_are_not_valid_do_not_count_and_few_decide_nothing() {
        let same = [0.1, 0.1, 0.1, 0.1, 0.1];
        let with = |base: &[f64], candidate: &[f64]| InTurn::of(&case(base), &case(candidate), 0.01, 0.05);
        let counted = with(&[&same[..], &[-9.0]].concat(), &[&same[..], &[0.1]].concat());
        assert_eq!((counted.figures[0].pairs, counted.figures[0].verdict), (5, Verdict::Same));
        let few = with(&[0.1, 0.1, 0.1, 0.1, -0.1], &same);
        assert_eq!((few.figures[0].pairs, few.figures[0].verdict), (4, Verdict::Unsure));
        let reason = few.figures[0].reason.as_deref().unwrap_or_default();
        assert!(
            reason.starts_with("only 4 of 5 pairs") && reason.ends_with("the client stalled"),
            "{reason}"
        );
        assert!(with(&[], &[]).figures.is_empty());
    }

    #[test]
    fn the_intervals_of_many_figures_hold_together() {
        // Two figures share 5 %: each interval is one of 97.5 %, Student's t with 8 degrees: 2.752 (2.306 for 95 %).
        let found = compared(1.0, 0.1, 9).figures[1].interval.expect("an interval");
        let logs: Vec<f64> = (0..9).map(|pair| (1.0 + 0.1 * f64::from(pair % 3 - 1)).ln()).collect();
        let half = 2.752 * stats::standard_deviation(&logs).expect("values") / 3.0;
        let expected = (stats::mean(&logs).expect("values") + half).exp_m1();
        assert!((found.high - expected).abs() < 1e-3, "{found:?}, not {expected}");
    }
}
