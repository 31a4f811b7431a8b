//! How time grows with size: an exponent for every sweep of a run, printed below its table.
//!
//! Cases that differ in one whole number only (a resolution, a batch, words) are a sweep.

use std::collections::BTreeMap;

use bench_core::Record;
use bench_core::report::{Section, Style, printable};
use bench_core::stats::{Interval, mean, student_quantile};

bench_core::inventory::submit! {
    Section { name: "scaling", render }
}

/// Two points always lie on a line.
const FEWEST: usize = 3;

/// The two-sided 95 % quantile of the normal distribution.
const NORMAL: f64 = 1.959_964;

/// Cases of a benchmark in which all arguments but one are the same: the common part of their ids, and that
/// argument.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sweep {
    benchmark: String,
    fixed: Vec<(String, String)>,
    argument: String,
}

/// The exponent `k` of `time ∝ size^k`, by ordinary least squares on the logarithms, and its 95 % interval by
/// Student's t, which supposes that what the line leaves over is normal. `None` for fewer than three points,
/// and where all sizes are one.
fn exponent(points: &[(f64, f64)]) -> Option<(f64, Interval)> {
    if points.len() < FEWEST {
        return None;
    }
    let centred = |of: fn(&(f64, f64)) -> f64| {
        let logarithms: Vec<f64> = points.iter().map(|point| of(point).ln()).collect();
        let centre = mean(&logarithms)?;
        Some(logarithms.into_iter().map(|value| value - centre).collect::<Vec<f64>>())
    };
    let (x, y) = (centred(|point| point.0)?, centred(|point| point.1)?);
    let square: f64 = x.iter().map(|x| x * x).sum();
    let slope = x.iter().zip(&y).map(|(x, y)| x * y).sum::<f64>() / square;
    let left: f64 = x.iter().zip(&y).map(|(x, y)| (y - slope * x).powi(2)).sum();
    let degrees = (points.len() - 2) as f64;
    let half = student_97_5(degrees)? * (left / degrees / square).sqrt();
    slope.is_finite().then_some((slope, Interval { low: slope - half, high: slope + half }))
}

/// The two-sided 95 % quantile of Student's t; of one and two degrees of freedom it has a closed form.
fn student_97_5(degrees: f64) -> Option<f64> {
    match degrees {
        1.0 => Some(12.706_205),
        2.0 => Some(4.302_653),
        more => student_quantile(NORMAL, more),
    }
}

/// What of a case says how its time depends on its arguments.
struct Timed<'a> {
    id: &'a str,
    arguments: &'a BTreeMap<String, String>,
    median_s: f64,
}

/// All sweeps of these cases, with sizes and median times in seconds.
fn sweeps<'a>(cases: impl IntoIterator<Item = Timed<'a>>) -> BTreeMap<Sweep, Vec<(f64, f64)>> {
    let mut sweeps: BTreeMap<Sweep, Vec<(f64, f64)>> = BTreeMap::new();
    for case in cases {
        for (argument, value) in case.arguments {
            let Ok(size @ 1..) = value.parse::<u32>() else { continue };
            let fixed = case.arguments.iter().filter(|(name, _)| *name != argument);
            let sweep = Sweep {
                benchmark: case.id.split('[').next().unwrap_or_default().to_owned(),
                fixed: fixed.map(|(name, value)| (name.clone(), value.clone())).collect(),
                argument: argument.clone(),
            };
            sweeps.entry(sweep).or_default().push((f64::from(size), case.median_s));
        }
    }
    sweeps
}

/// A line for each sweep of three cases or more.
fn render(record: &Record, style: Style) -> String {
    let mut lines = String::new();
    let timed = record.cases.iter().filter_map(|case| {
        let median_s = case.time.as_ref()?.median_s.0;
        Some(Timed { id: &case.id, arguments: &case.arguments, median_s })
    });
    for (sweep, points) in sweeps(timed) {
        let Some((exponent, Interval { low, high })) = exponent(&points) else { continue };
        let fixed: Vec<String> = sweep.fixed.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let fixed = if fixed.is_empty() { String::new() } else { format!("[{}]", fixed.join(",")) };
        let least = points.iter().map(|point| point.0).fold(f64::INFINITY, f64::min);
        let most = points.iter().map(|point| point.0).fold(0.0, f64::max);
        lines += &printable(&format!(
            "  {}{fixed}: time grows as {}^{exponent:.2} ({low:.2} to {high:.2}) from {least} to {most}",
            sweep.benchmark, sweep.argument
        ));
        lines.push('\n');
    }
    if lines.is_empty() {
        lines
    } else {
        format!("{}\n{lines}", style.bold("scaling · exponents, with their 95 % intervals"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_is_found_and_known_exactly() {
        let points: Vec<(f64, f64)> = [64.0f64, 128.0, 256.0, 512.0].map(|n| (n, 3e-9 * n.powf(1.5))).into();
        let (found, interval) = exponent(&points).expect("an exponent");
        assert!((found - 1.5).abs() < 1e-9 && interval.high - interval.low < 1e-6, "{found} {interval:?}");
        assert_eq!(exponent(&points[..2]), None, "any two points lie on a line");
        assert_eq!(exponent(&[(8.0, 1.0), (8.0, 2.0), (8.0, 3.0)]), None, "one size");
    }

    #[test]
    fn the_interval_is_that_of_the_textbook() {
        // log2 sizes 0, 1, 2 and log2 times 0, 1.3, 2: slope 1, residuals ∓0.1, ±0.2; t(1) · √(0.06 / 2).
        let points = [(1.0, 1.0), (2.0, 2f64.powf(1.3)), (4.0, 4.0)];
        let (found, interval) = exponent(&points).expect("an exponent");
        assert!((found - 1.0).abs() < 1e-9, "{found}");
        assert!((interval.high - 1.0 - 12.7062 * 0.03f64.sqrt()).abs() < 1e-3, "{interval:?}");
    }

    #[test]
    fn cases_that_differ_in_one_number_are_a_sweep() {
        let cases = [
            ("m/performance/step", "batch=1,side=64", 1.0),
            ("m/performance/step", "batch=1,side=128", 2.0),
            ("m/performance/step", "batch=2,side=64", 3.0),
            ("m/performance/step", "batch=big,side=64", 1.0),
            ("m/performance/other", "side=64", 1.0),
        ]
        .map(|(benchmark, arguments, median_s)| {
            let pairs = arguments.split(',').filter_map(|pair| pair.split_once('='));
            let pairs: BTreeMap<String, String> =
                pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            (format!("{benchmark}[{arguments}]"), pairs, median_s)
        });
        let sweeps = sweeps(cases.iter().map(|(id, arguments, median_s)| Timed {
            id,
            arguments,
            median_s: *median_s,
        }));
        let sizes = |benchmark: &str, argument: &str, fixed: &[(&str, &str)]| {
            let fixed = fixed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let (benchmark, argument) = (benchmark.to_owned(), argument.to_owned());
            sweeps.get(&Sweep { benchmark, fixed, argument }).cloned()
        };
        let step = "m/performance/step";
        assert_eq!(sizes(step, "side", &[("batch", "1")]), Some(vec![(64.0, 1.0), (128.0, 2.0)]));
        assert_eq!(sizes(step, "batch", &[("side", "64")]), Some(vec![(1.0, 1.0), (2.0, 3.0)]));
        assert_eq!(sizes("m/performance/other", "side", &[]), Some(vec![(64.0, 1.0)]));
        assert!(sweeps.values().all(|points| points.len() < FEWEST));
    }
}
