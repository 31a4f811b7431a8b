//! Simulates comparisons of two equal servers, and counts the verdicts that one of them is faster.

use bench_protocol::Better;
use bench_record::{CaseRecord, Level, Metric, RoundRecord, Served, Verdict};
use bench_stats::{Random, normal_quantile};
use bench_syntax::Category;

use super::InTurn;

const COMPARISONS: usize = 2000;

/// The number of rounds of each server, as `bench compare` measures by default.
const ROUNDS: usize = 10;

/// Four standard errors of a share of 5 % among the comparisons.
const DOUBT: f64 = 0.02;

/// The noise of a round, in logarithms.
#[derive(Clone, Copy)]
struct Noise {
    /// Noise of each figure by itself.
    own: f64,
    /// Noise that all figures of a round share.
    common: f64,
    /// Noise of the machine in one pair, which fades over the next ones.
    drift: f64,
    /// The share of rounds that another process delays, by up to half of their time.
    disturbed: f64,
}

fn normal(random: &mut Random) -> f64 {
    normal_quantile(random.uniform().clamp(1e-12, 1.0 - 1e-12))
}

/// Creates a round of a server whose figures are 1 without noise.
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
    // Figures that vary by themselves: all intervals of a table hold together in 95 of 100 comparisons, and in hardly
    // more.
    let own = Noise { own: 0.01, common: 0.0, drift: 0.0, disturbed: 0.0 };
    let share = false_verdicts(own);
    assert!((share - 0.05).abs() < DOUBT, "{share}");
    // A machine that changes by 20 % makes no difference, since it changes for both.
    let drifting = Noise { drift: 0.1, ..own };
    let share = false_verdicts(drifting);
    assert!((share - 0.05).abs() < DOUBT, "{share}");
    // Figures that vary together cause fewer false verdicts than the division among figures allows, and delayed rounds
    // make intervals wider.
    for noise in [Noise { common: 0.03, ..own }, Noise { disturbed: 0.1, ..drifting }] {
        let share = false_verdicts(noise);
        assert!(share < 0.05 + DOUBT, "{share}");
    }
}
