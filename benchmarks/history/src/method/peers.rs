//! Methods of other tools, written from their descriptions and defaults.

use std::collections::BTreeMap;

use bench_stats::{mean, median, normal_quantile, sorted, standard_deviation, student_quantile};

/// Keeps only the first of several alarms on consecutive nights.
fn first_of_each(beyond: impl Fn(usize) -> bool, nights: std::ops::Range<usize>) -> Vec<usize> {
    let first = nights.start;
    nights.filter(|night| beyond(*night) && (*night == first || !beyond(night - 1))).collect()
}

pub(super) fn bencher(values: &[f64]) -> Vec<usize> {
    const MOST: usize = 64;
    const BOUNDARY: f64 = 0.98;
    let normal = normal_quantile(BOUNDARY);
    let limit = |freedom: usize| student_quantile(normal, freedom as f64).unwrap_or(f64::INFINITY);
    let limits: Vec<f64> = (0..MOST).map(limit).collect();
    let beyond = |night: usize| {
        let older = &values[night.saturating_sub(MOST)..night];
        let (Some(mean), Some(deviation)) = (mean(older), standard_deviation(older)) else { return false };
        (values[night] - mean).abs() > limits[older.len() - 1] * deviation
    };
    first_of_each(beyond, 2..values.len())
}

pub(super) fn rustc_perf(values: &[f64]) -> Vec<usize> {
    const OLDER: usize = 30;
    const MULTIPLE: f64 = 3.0;
    let changes: Vec<f64> = values.windows(2).map(|pair| (pair[1] - pair[0]).abs() / pair[0].abs()).collect();
    let beyond = |night: usize| {
        let ascending = sorted(&changes[night - OLDER..night - 1]);
        let half = ascending.len() / 2;
        let low = median(&ascending[..half]).unwrap_or(0.0);
        let high = median(&ascending[ascending.len() - half..]).unwrap_or(0.0);
        changes[night - 1] > high + MULTIPLE * (high - low)
    };
    (OLDER..values.len()).filter(|night| beyond(*night)).collect()
}

pub(super) fn otava(values: &[f64]) -> Vec<usize> {
    const SAME: usize = 5;
    let (mut told, mut alarms): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    // Windows that were already full on the previous night do not change.
    let mut known = BTreeMap::new();
    for now in 3..=values.len() {
        for at in changes(&values[..now], &mut known) {
            if told.iter().all(|other| other.abs_diff(at) > SAME) {
                told.push(at);
                alarms.push(now - 1);
            }
        }
    }
    alarms
}

/// Returns the changes of a series: those found in windows at ten times the significance level, and of these the
/// significant ones.
fn changes(values: &[f64], known: &mut BTreeMap<usize, Vec<usize>>) -> Vec<usize> {
    const WINDOW: usize = 50;
    const LEVEL: f64 = 0.001;
    let mut all: Vec<usize> = Vec::new();
    let mut start = 0;
    while start < values.len() {
        let end = (start + WINDOW).min(values.len());
        let found = match known.get(&start) {
            Some(found) => found.clone(),
            None => {
                let found = divisive(&values[start..end], 10.0 * LEVEL);
                if end == start + WINDOW {
                    known.insert(start, found.clone());
                }
                found
            }
        };
        let last = found.last().map_or(0, |at| start + at);
        all.extend(found.iter().map(|at| start + at));
        start = last.max(start + WINDOW / 2);
    }
    all.sort_unstable();
    all.dedup();
    loop {
        let p = |number: usize| {
            let from = if number == 0 { 0 } else { all[number - 1] };
            let to = all.get(number + 1).copied().unwrap_or(values.len());
            probability(&values[from..all[number]], &values[all[number]..to])
        };
        let weakest = (0..all.len()).map(|number| (p(number), number)).max_by(|a, b| a.0.total_cmp(&b.0));
        match weakest {
            Some((p, number)) if p >= LEVEL => {
                all.remove(number);
            }
            _ => return all,
        }
    }
}

/// Splits the interval with the largest energy statistic as long as the split is significant.
fn divisive(values: &[f64], level: f64) -> Vec<usize> {
    let mut bounds: Vec<usize> = Vec::new();
    loop {
        let starts = std::iter::once(0).chain(bounds.iter().copied());
        let ends = bounds.iter().copied().chain(std::iter::once(values.len()));
        let best = starts
            .zip(ends)
            .filter_map(|(from, to)| {
                let (at, strength) = split(&values[from..to])?;
                Some((strength, from, from + at, to))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0));
        match best {
            Some((_, from, at, to)) if probability(&values[from..at], &values[at..to]) <= level => {
                bounds.insert(bounds.partition_point(|bound| *bound < at), at);
            }
            _ => return bounds,
        }
    }
}

/// Returns the split with the largest energy statistic; the part after the split may end at any run.
fn split(values: &[f64]) -> Option<(usize, f64)> {
    let n = values.len();
    let distance = |a: usize, b: usize| (values[a] - values[b]).abs();
    let mut best: Option<(usize, f64)> = None;
    // Twice the sums of distances within the part before the split, divided by its size minus one.
    let mut left = 0.0;
    let to_left: Vec<Vec<f64>> = (0..n)
        .map(|run| {
            let mut sum = 0.0;
            std::iter::once(0.0)
                .chain((0..run).map(|other| {
                    sum += distance(run, other);
                    sum
                }))
                .collect()
        })
        .collect();
    for at in 1..n {
        left += to_left[at - 1][at - 1];
        let (mut between, mut right) = (0.0, 0.0);
        for end in at + 1..=n {
            let run = &to_left[end - 1];
            between += run[at];
            right += run[end - 1] - run[at];
            let (m, k) = (at as f64, (end - at) as f64);
            let within =
                |sum: f64, size: f64| if size > 1.0 { 2.0 * sum / (size * (size - 1.0)) } else { 0.0 };
            let energy = 2.0 * between / (m * k) - within(left, m) - within(right, k);
            let strength = m * k / (m + k) * energy;
            if best.is_none_or(|(_, other)| strength > other) {
                best = Some((at, strength));
            }
        }
    }
    best
}

/// Returns the two-sided probability of Student's t, with the variances of both sides pooled.
fn probability(left: &[f64], right: &[f64]) -> f64 {
    let (n, m) = (left.len() as f64, right.len() as f64);
    let (Some(before), Some(after)) = (mean(left), mean(right)) else { return 1.0 };
    if n + m <= 2.0 {
        return 1.0;
    }
    // Like Otava, divides the sum of squares by the number of runs, but uses it as the variance with the divisor n − 1.
    let square = |values: &[f64], mean: f64| {
        let sum: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        sum / values.len() as f64 * (values.len() as f64 - 1.0)
    };
    let freedom = n + m - 2.0;
    let pooled = (square(left, before) + square(right, after)) / freedom;
    let error = (pooled * (1.0 / n + 1.0 / m)).sqrt();
    if before == after { 1.0 } else { 2.0 * tail((after - before).abs() / error, freedom) }
}

/// Returns the probability that Student's t exceeds `t`, by the trapezoidal rule over the angle θ: with `t = √f tan θ`,
/// the density is proportional to `cosᶠ⁻¹ θ`.
fn tail(t: f64, freedom: f64) -> f64 {
    const STEPS: usize = 400;
    let half = std::f64::consts::FRAC_PI_2;
    let begin = (t / freedom.sqrt()).atan();
    let sum = |from: f64| {
        let step = (half - from) / STEPS as f64;
        let at = |number: usize| (from + step * number as f64).cos().powf(freedom - 1.0);
        step * ((at(0) + at(STEPS)) / 2.0 + (1..STEPS).map(at).sum::<f64>())
    };
    sum(begin) / (2.0 * sum(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_of_t_is_known() {
        assert!((tail(2.228, 10.0) - 0.025).abs() < 1e-4);
    }

    #[test]
    fn a_step_is_found_by_all() {
        let values: Vec<f64> =
            (0..100).map(|run| (run % 3) as f64 + if run >= 60 { 120.0 } else { 100.0 }).collect();
        assert_eq!((bencher(&values)[0], rustc_perf(&values)[0]), (60, 60));
        assert!((60..64).contains(&otava(&values)[0]), "{:?}", otava(&values));
    }
}
