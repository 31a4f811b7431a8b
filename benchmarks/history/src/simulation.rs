//! Simulated series with known changes.

use crate::method::Method;
use crate::random::{Noise, Random};
use crate::real::Half;
use crate::table::Table;

const NOISES: [(&str, Noise); 7] = [
    ("independent", Noise::Independent),
    ("autocorrelated, 0.3", Noise::Autocorrelated(0.3)),
    ("autocorrelated, 0.5", Noise::Autocorrelated(0.5)),
    ("autocorrelated, 0.7", Noise::Autocorrelated(0.7)),
    ("heavy tails", Noise::HeavyTailed),
    ("two modes", Noise::Bimodal),
    ("two modes in turns of five", Noise::Turns),
];

/// The number of runs without a change; E-divisive gets only a share of them, because it is slow.
const QUIET: usize = 1_000_000;
const QUIET_SLOW: usize = 6_000;
/// The number of runs in a series. In a short series, little is known of the noise.
const LONG: usize = 1000;
const SHORT: usize = 100;
const TRIALS: usize = 2000;
const TRIALS_SLOW: usize = 30;

/// Returns both tables; each half has its own seeds, so fitting and reporting use different series.
pub(crate) fn table(half: Half, methods: &[Method]) -> String {
    let seed = match half {
        Half::Fit => 1_000_000,
        Half::Report => 2_000_000,
    };
    quiet(seed, methods) + &steps(seed, methods) + &ideal(seed) + &drifts(seed, methods)
}

fn heads(first: &str, methods: &[Method]) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(methods.iter().map(|method| method.name().to_owned())).collect()
}

fn quiet(seed: u64, methods: &[Method]) -> String {
    let mut table = Table::new(heads("noise, spread 3 %", methods));
    for (length, suffix) in [(LONG, ""), (SHORT, ", series of 100")] {
        for (name, noise) in NOISES {
            let cells = methods.iter().map(|method| {
                let runs = if matches!(method, Method::EDivisive) { QUIET_SLOW } else { QUIET };
                let of = |k| level(&noise.runs(&mut Random::seeded(seed + k as u64), length), 0.03);
                let alarms: usize = (0..runs / length).map(|k| method.alarms(&of(k)).len()).sum();
                format!("{:.2}", alarms as f64 * 1000.0 / runs as f64)
            });
            table.push(std::iter::once(format!("{name}{suffix}")).chain(cells));
        }
    }
    table.render(
        "Alarms in 1000 runs of unchanged code, simulated, series of 1000 runs unless stated otherwise:",
    )
}

/// Returns runs around 100, with deviations of `spread` of that times `noise`.
fn level(noise: &[f64], spread: f64) -> Vec<f64> {
    noise.iter().map(|value| (100.0 * (1.0 + spread * value)).max(1.0)).collect()
}

fn steps(seed: u64, methods: &[Method]) -> String {
    let mut table = Table::new(heads("step, spread, noise, runs before", methods));
    for (step, spread, name, noise, before) in [
        (0.005, 0.0025, "independent", Noise::Independent, 100),
        (0.01, 0.005, "independent", Noise::Independent, 50),
        (0.01, 0.005, "independent", Noise::Independent, 100),
        (0.01, 0.005, "independent", Noise::Independent, 300),
        (0.03, 0.005, "independent", Noise::Independent, 20),
        (0.03, 0.010, "independent", Noise::Independent, 20),
        (0.03, 0.010_6, "independent", Noise::Independent, 100),
        (0.03, 0.010, "independent", Noise::Independent, 100),
        (0.02, 0.010, "autocorrelated, 0.5", Noise::Autocorrelated(0.5), 100),
        (0.03, 0.010, "autocorrelated, 0.5", Noise::Autocorrelated(0.5), 100),
        (0.03, 0.010, "heavy tails", Noise::HeavyTailed, 100),
        (0.05, 0.010, "two modes", Noise::Bimodal, 100),
        (0.10, 0.030, "independent", Noise::Independent, 100),
        (0.10, 0.050, "independent", Noise::Independent, 100),
    ] {
        let cells = methods.iter().map(|method| {
            let trials = if matches!(method, Method::EDivisive) { TRIALS_SLOW } else { TRIALS };
            let delays: Vec<usize> = (0..trials)
                .filter_map(|k| {
                    let mut values =
                        level(&noise.runs(&mut Random::seeded(seed + 7000 + k as u64), before + 20), spread);
                    values[before..].iter_mut().for_each(|value| *value *= 1.0 + step);
                    method.alarms(&values).into_iter().find(|found| *found >= before).map(|f| f + 1 - before)
                })
                .collect();
            let within =
                |runs| delays.iter().filter(|delay| **delay <= runs).count() as f64 * 100.0 / trials as f64;
            format!("{:.0}, {:.0}, {:.0}", within(7), within(10), within(20))
        });
        let head = format!("{:.1} %, {:.2} %, {name}, {before}", step * 100.0, spread * 100.0);
        table.push(std::iter::once(head).chain(cells));
    }
    table.render("Steps found within 7, 10 and 20 runs, % of trials:")
}

/// Returns the best possible result: the share of steps of twice the spread that are found within seven runs by an
/// observer who knows the level and the spread of independent normal noise, uses the means of the last runs, and raises
/// 0.2 false alarms in 1000 runs.
fn ideal(seed: u64) -> String {
    const MEANS_OF: [usize; 5] = [5, 7, 10, 14, 20];
    const RUNS: usize = 4_000_000;
    let mut random = Random::seeded(seed + 11_000);
    let highest = |runs: &[f64], before: usize| -> f64 {
        let means = MEANS_OF.iter().filter(|m| **m <= before);
        means
            .map(|m| runs[before - m..before].iter().sum::<f64>().abs() / (*m as f64).sqrt())
            .fold(0.0, f64::max)
    };
    let noise = Noise::Independent.runs(&mut random, RUNS);
    let quiet: Vec<f64> = (0..RUNS).map(|now| highest(&noise, now)).collect();
    let alarms = |limit: f64| {
        let (mut count, mut now) = (0, 0);
        while now < RUNS {
            let alarm = quiet[now] > limit;
            count += usize::from(alarm);
            now += if alarm { MEANS_OF[4] } else { 1 };
        }
        count as f64 * 1000.0 / RUNS as f64
    };
    let (mut low, mut high) = (3.0, 6.0);
    for _ in 0..20 {
        let middle = (low + high) / 2.0;
        if alarms(middle) > 0.2 { low = middle } else { high = middle }
    }
    const STEPS: usize = 20_000;
    let found = (0..STEPS).filter(|_| {
        let mut runs = Noise::Independent.runs(&mut random, MEANS_OF[4] + 7);
        runs[MEANS_OF[4]..].iter_mut().for_each(|run| *run += 2.0);
        (1..=7).any(|after| highest(&runs, MEANS_OF[4] + after) > high)
    });
    let share = found.count() as f64 * 100.0 / STEPS as f64;
    format!(
        "\nKnowing level and spread of the noise, at 0.2 false alarms in 1000 runs: {share:.0} % of steps of twice the spread within 7 runs.\n"
    )
}

fn drifts(seed: u64, methods: &[Method]) -> String {
    let mut table = Table::new(heads("spread", methods));
    for spread in [0.01, 0.02, 0.03, 0.05] {
        let cells = methods.iter().map(|method| {
            let trials = if matches!(method, Method::EDivisive) { TRIALS_SLOW / 3 } else { TRIALS };
            let found = (0..trials).filter(|k| {
                let noise = Noise::Independent.runs(&mut Random::seeded(seed + 9000 + *k as u64), 150);
                let mut values = level(&noise, spread);
                for (i, value) in values.iter_mut().enumerate() {
                    *value *= 1.0 + 0.1 * ((i as f64 - 50.0) / 100.0).max(0.0);
                }
                method.alarms(&values).into_iter().any(|found| found >= 50)
            });
            format!("{:.0}", found.count() as f64 * 100.0 / trials as f64)
        });
        table.push(std::iter::once(format!("{:.0} %", spread * 100.0)).chain(cells));
    }
    table.render("Drift of 10 % over 100 runs, after 50 level ones, found by its end, % of trials:")
}
