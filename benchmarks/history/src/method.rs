//! The methods that are compared: each returns the runs at which it raises an alarm, as the runs come in.

mod peers;

use bench_history::change::{Settings, changes};
use bench_stats::{mean, standard_deviation};

use crate::random::Random;

/// A way to find changes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Method {
    /// The method of this project, with its defaults.
    Ours,
    /// A run above 110 % of the previous one, or below the inverse: the default of github-action-benchmark, in both
    /// directions.
    Ratio,
    /// Student's t between the last 12 runs and the 24 before them, weighted linearly towards the split, above 7 and at
    /// its peak: the method of Mozilla's Perfherder.
    Student,
    /// The segmentation of the last 90 runs with the least squares and a penalty for each level, with clipped runs
    /// (Killick, Fearnhead and Eckley, JASA 107, 2012; the cost is that of Fearnhead and Rigaill, JASA 114, 2019,
    /// clipped at three deviations of neighbours), repeated each night. It raises an alarm when the last level has five
    /// runs and begins where no change was reported before.
    Penalised,
    /// A run beyond the 98 % limit of Student's t around the mean of up to 64 earlier ones, on either side: Bencher's
    /// test for thresholds.
    Bencher,
    /// A run that differs from the previous one by more than Q3 + 3 IQR of the 30 differences before: significant
    /// changes in rustc-perf.
    RustcPerf,
    /// E-divisive in windows of 50 runs with Student's t at 0.001 (Fleming et al., "Hunter", ICPE 2023), repeated each
    /// night: Apache Otava. It raises an alarm for a change where none was reported before.
    Otava,
    /// E-divisive means (Matteson and James, JASA 109, 2014) on the last 90 runs, repeated each night, with 99
    /// permutations at 1 %. It raises an alarm for a change where none was reported before.
    EDivisive,
}

impl Method {
    pub(crate) const ALL: [Method; 5] =
        [Method::Ours, Method::Ratio, Method::Student, Method::Penalised, Method::EDivisive];
    /// The methods that are run on labelled lines.
    pub(crate) const PEERS: [Method; 7] = [
        Method::Ours,
        Method::Ratio,
        Method::Student,
        Method::Penalised,
        Method::Bencher,
        Method::RustcPerf,
        Method::Otava,
    ];
    /// The methods that are quick enough for thousands of series.
    pub(crate) const QUICK: [Method; 4] = [Method::Ours, Method::Ratio, Method::Student, Method::Penalised];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Method::Ours => "bench",
            Method::Ratio => "ratio 110 %",
            Method::Student => "Student t",
            Method::Penalised => "penalised",
            Method::Bencher => "Bencher t",
            Method::RustcPerf => "rustc-perf",
            Method::Otava => "Otava",
            Method::EDivisive => "E-divisive",
        }
    }

    /// Returns the runs at which the method raises an alarm.
    pub(crate) fn alarms(self, values: &[f64]) -> Vec<usize> {
        match self {
            Method::Ours => {
                changes(values, Settings::default()).into_iter().map(|change| change.found).collect()
            }
            Method::Ratio => ratio(values),
            Method::Student => student(values),
            Method::Penalised => penalised(values),
            Method::Bencher => peers::bencher(values),
            Method::RustcPerf => peers::rustc_perf(values),
            Method::Otava => peers::otava(values),
            Method::EDivisive => e_divisive(values),
        }
    }
}

fn ratio(values: &[f64]) -> Vec<usize> {
    let beyond = |i: &usize| {
        let ratio = values[*i] / values[i - 1];
        !(1.0 / 1.1..=1.1).contains(&ratio)
    };
    (1..values.len()).filter(beyond).collect()
}

fn student(values: &[f64]) -> Vec<usize> {
    const BACK: usize = 24;
    const FORE: usize = 12;
    const ALERT: f64 = 7.0;
    let at = |split: usize| -> f64 {
        let back = &values[split.saturating_sub(BACK)..split];
        let fore = &values[split..(split + FORE).min(values.len())];
        if back.len() < FORE || fore.len() < FORE {
            return 0.0;
        }
        let reversed: Vec<f64> = back.iter().rev().copied().collect();
        let ((before, variance_before), (after, variance_after)) = (weighted(&reversed), weighted(fore));
        let error = (variance_before / back.len() as f64 + variance_after / fore.len() as f64).sqrt();
        if after == before { 0.0 } else { (after - before).abs() / error }
    };
    let t: Vec<f64> = (0..values.len()).map(at).collect();
    // A peak is known when the value at the next split is smaller; the runs after the split have come in by then.
    (1..t.len().saturating_sub(1))
        .filter(|i| t[*i] > ALERT && t[*i] > t[i - 1] && t[*i] >= t[i + 1])
        .map(|i| i + FORE)
        .filter(|found| *found < values.len())
        .collect()
}

/// Returns the mean and the variance with weights that fall linearly from the first value on.
fn weighted(values: &[f64]) -> (f64, f64) {
    let n = values.len();
    let weights: Vec<f64> = (0..n).map(|i| (n - i) as f64 / n as f64).collect();
    let total: f64 = weights.iter().sum();
    let centre = values.iter().zip(&weights).map(|(value, weight)| value * weight).sum::<f64>() / total;
    let square: f64 = values.iter().zip(&weights).map(|(v, w)| w * (v - centre).powi(2)).sum();
    let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
    (centre, square / (total - squares / total))
}

fn penalised(values: &[f64]) -> Vec<usize> {
    const WINDOW: usize = 90;
    const FEWEST: usize = 5;
    const SAME: usize = 5;
    const CLIPPED: f64 = 3.0;
    const PENALTY: f64 = 6.0;
    let (mut told, mut alarms): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    for now in 20..=values.len() {
        let from = now.saturating_sub(WINDOW);
        let window = &values[from..now];
        let mut differences: Vec<f64> = window.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
        differences.sort_unstable_by(f64::total_cmp);
        let deviation = (1.05 * differences[differences.len() / 2]).max(1e-3 * window[0].abs());
        // Clips a run to three deviations from its neighbours; a level that lasts is not changed.
        let clipped: Vec<f64> = (0..window.len())
            .map(|i| {
                let mut around = window[i.saturating_sub(2)..(i + 3).min(window.len())].to_vec();
                around.sort_unstable_by(f64::total_cmp);
                let middle = around[around.len() / 2];
                window[i].max(middle - CLIPPED * deviation).min(middle + CLIPPED * deviation) - window[0]
            })
            .collect();
        let Some(at) =
            last_level(&clipped, PENALTY * deviation * deviation * (window.len() as f64).ln(), FEWEST)
        else {
            continue;
        };
        if told.iter().all(|known| known.abs_diff(from + at) > SAME) {
            told.push(from + at);
            alarms.push(now - 1);
        }
    }
    alarms
}

/// Returns the index at which the last level of the best segmentation begins; `None` if there is only one level.
fn last_level(values: &[f64], penalty: f64, fewest: usize) -> Option<usize> {
    let n = values.len();
    let (mut sums, mut squares) = (vec![0.0; n + 1], vec![0.0; n + 1]);
    for (i, value) in values.iter().enumerate() {
        sums[i + 1] = sums[i] + value;
        squares[i + 1] = squares[i] + value * value;
    }
    let cost = |from: usize, to: usize| {
        let sum: f64 = sums[to] - sums[from];
        squares[to] - squares[from] - sum * sum / (to - from) as f64
    };
    let (mut best, mut last) = (vec![f64::INFINITY; n + 1], vec![0; n + 1]);
    best[0] = -penalty;
    for to in fewest..=n {
        for from in 0..=to - fewest {
            let total = best[from] + cost(from, to) + penalty;
            if total < best[to] {
                (best[to], last[to]) = (total, from);
            }
        }
    }
    (last[n] > 0).then_some(last[n])
}

fn e_divisive(values: &[f64]) -> Vec<usize> {
    const WINDOW: usize = 90;
    /// A change that is nearer than this to a reported one is the same change.
    const SAME: usize = 10;
    let mut random = Random::seeded(1);
    let (mut told, mut alarms): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    // Every third night, because the method is slow and the result is the same.
    for now in (30..=values.len()).step_by(3) {
        let from = now.saturating_sub(WINDOW);
        let mut found = Vec::new();
        divide(&values[from..now], from, &mut random, &mut found);
        for at in found {
            if told.iter().all(|known| known.abs_diff(at) > SAME) {
                told.push(at);
                alarms.push(now - 1);
            }
        }
    }
    alarms
}

/// Splits until no split is significant.
fn divide(values: &[f64], offset: usize, random: &mut Random, found: &mut Vec<usize>) {
    const PERMUTATIONS: usize = 99;
    let Some((at, strength)) = best_split(values) else { return };
    let mut shuffled = values.to_vec();
    for _ in 0..PERMUTATIONS {
        for i in (1..shuffled.len()).rev() {
            shuffled.swap(i, random.below(i + 1));
        }
        // With 99 permutations at 1 %, a single permutation with a split as strong means that the split is not
        // significant.
        if best_split(&shuffled).is_some_and(|(_, other)| other >= strength) {
            return;
        }
    }
    found.push(offset + at);
    divide(&values[..at], offset, random, found);
    divide(&values[at..], offset + at, random, found);
}

/// Returns the split with the largest energy statistic, with all later runs as the right part; each part has at least
/// five runs.
fn best_split(values: &[f64]) -> Option<(usize, f64)> {
    const FEWEST: usize = 5;
    let n = values.len();
    if n < 2 * FEWEST {
        return None;
    }
    let distance_to = |i: usize, others: &[f64]| others.iter().map(|v| (v - values[i]).abs()).sum::<f64>();
    // Sums of distances within the left part, within the right part, and between them, moved run by run.
    let (mut left, mut between) = (0.0, 0.0);
    let mut right: f64 = (0..n).map(|i| distance_to(i, &values[i + 1..])).sum();
    let mut best = None;
    for i in 0..n - FEWEST {
        let (to_left, to_right) = (distance_to(i, &values[..i]), distance_to(i, &values[i + 1..]));
        left += to_left;
        right -= to_right;
        between += to_right - to_left;
        let (m, k) = ((i + 1) as f64, (n - i - 1) as f64);
        if i + 1 < FEWEST {
            continue;
        }
        let energy = 2.0 * between / (m * k) - 2.0 * left / (m * (m - 1.0)) - 2.0 * right / (k * (k - 1.0));
        let strength = m * k / (m + k) * energy;
        if best.is_none_or(|(_, other)| strength > other) {
            best = Some((i + 1, strength));
        }
    }
    best
}

/// Returns the standard deviation between neighbouring runs, which changes of level hardly affect: `√(mean square
/// difference / 2)`.
pub(crate) fn spread(values: &[f64]) -> f64 {
    let squares: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).collect();
    mean(&squares).map_or(0.0, |square| (square / 2.0).sqrt()).min(standard_deviation(values).unwrap_or(0.0))
}
