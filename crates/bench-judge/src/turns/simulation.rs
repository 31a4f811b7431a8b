//! Comparisons of two servers that are equal: how often is there a verdict that one of them is faster?

use bench_protocol::Better;
use bench_record::{CaseRecord, Level, Metric, RoundRecord, Served, Verdict};
use bench_stats::{Random, normal_quantile};
use bench_syntax::Category;

use super::InTurn;

const COMPARISONS: usize = 2000;

/// The rounds of each server, as many as `bench compare` measures unless told otherwise.
const ROUNDS: usize = 10;

/// Four standard errors of a share of 5 % among the comparisons.
const DOUBT: f64 = 0.02;

/// The noise of a round, in logarithms.
#[derive(Clone, Copy)]
struct Noise {
    /// Of each figure by itself.
    own: f64,
    /// Of all figures of a round together.
    common: f64,
    /// What the machine does to a pair, and to the next ones less and less.
    drift: f64,
    /// How often something else delays a round, by up to half of its time.
    disturbed: f64,
}

fn normal(random: &mut Random) -> f64 {
    normal_quantile(random.uniform().clamp(1e-12, 1.0 - 1e-12))
}

/// The round of a server whose figures are 1 without noise.
fn round(noise: Noise, of_pair: f64, random: &mut Random) -> RoundRecord {
    let delay = if random.uniform() < noise.disturbed { 0.5 * random.uniform() } else { 0.0 };
    let common = of_pair + noise.common * normal(random) + f64::ln_1p(delay);
    let mut time = |name: &str| {
        Metric::new(name, "s", (common + noise.own * normal(random)).exp(), Better::Lower).with_support(true)
    };
    let times = ["latency p50", "latency p99", "TTFT p50", "TTFT p99", "TPOT p50"].map(&mut time);
    let rate = Metric::new("output tokens/s", "tokens/s", 1.0 / time("").value, Better::Higher);
    let mut level = Level::named("concurrency 1");
    level.validity.valid = true;
    level.metrics = [vec![rate], times.to_vec()].concat();
    let mut served = Served::at_levels(vec![level]);
    served.primary = "output tokens/s".to_owned();
    RoundRecord::serving(served)
}

/// The share of comparisons of a server with itself in which at least one figure is judged faster or slower, at a
/// threshold of 0.
fn false_verdicts(noise: Noise) -> f64 {
    let mut random = Random::seeded(7);
    let mut drift = 0.0;
    let mut wrong = 0;
    for _ in 0..COMPARISONS {
        let mut cases =
            ["base", "candidate"].map(|_| CaseRecord::blank("performance/chat", Category::Performance));
        for _ in 0..ROUNDS {
            drift = 0.9 * drift + noise.drift * normal(&mut random);
            for case in &mut cases {
                case.rounds.push(round(noise, drift, &mut random));
            }
        }
        let compared = InTurn::of(&cases[0], &cases[1], 0.0, 0.05);
        assert_eq!(compared.figures.len(), 6);
        wrong += usize::from(compared.figures.iter().any(|figure| figure.verdict != Verdict::Unsure));
    }
    wrong as f64 / COMPARISONS as f64
}

#[test]
fn equal_servers_are_told_apart_as_rarely_as_was_asked_for() {
    // Figures that vary by themselves: all intervals of a table hold together in 95 of 100 comparisons, and not in many more.
    let own = Noise { own: 0.01, common: 0.0, drift: 0.0, disturbed: 0.0 };
    let share = false_verdicts(own);
    assert!((share - 0.05).abs() < DOUBT, "{share}");
    // A machine that changes by 20 % makes no difference, since it changes for both.
    let drifting = Noise { drift: 0.1, ..own };
    let share = false_verdicts(drifting);
    assert!((share - 0.05).abs() < DOUBT, "{share}");
    // Figures that vary together raise fewer alarms than those that are divided among, and rounds that something else delays
    // make intervals wider.
    for noise in [Noise { common: 0.03, ..own }, Noise { disturbed: 0.1, ..drifting }] {
        let share = false_verdicts(noise);
        assert!(share < 0.05 + DOUBT, "{share}");
    }
}
