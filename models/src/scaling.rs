//! Estimates how time grows with size: an exponent for every benchmark that was measured at three sizes or more,
//! printed below the table of a run if the times are known well enough.

use std::collections::BTreeMap;

use bench_core::record::{Figure, Notice, Unit};
use bench_core::report::{Folded, Section, Table, View, printable};
use bench_core::stats::student;
use bench_core::{Record, inventory};

inventory::submit! { Section { name: "scaling", render } }

/// Time as a power of size: `time = constant · size^exponent`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scaling {
    /// The exponent: 1 if twice the size takes twice the time.
    pub exponent: f64,
    /// Half the width of its 95 % interval. It is wide if the sizes are few or their times follow no power.
    pub half_width: f64,
}

impl Scaling {
    /// Fits a line of least squares to the logarithms of sizes and times, in seconds. The interval of its slope is
    /// Student's, with two degrees of freedom less than there are sizes. Three times that lie on a line by chance would
    /// make it too narrow: it is at least as wide as the intervals of the times make it, whose half-widths are `known`
    /// (95 %, as shares). `None` for fewer than three sizes, for equal sizes, and if a size or time is not above zero.
    pub(crate) fn of(points: &[(f64, f64)], known: &[f64]) -> Option<Self> {
        let degrees = points.len().checked_sub(2).filter(|degrees| *degrees > 0)?;
        if points.iter().any(|(size, time_s)| !(*size > 0.0 && *time_s > 0.0)) {
            return None;
        }
        let logarithms: Vec<(f64, f64)> =
            points.iter().map(|(size, time_s)| (size.ln(), time_s.ln())).collect();
        let mean = |of: fn(&(f64, f64)) -> f64| logarithms.iter().map(of).sum::<f64>() / points.len() as f64;
        let (x_mean, y_mean) = (mean(|point| point.0), mean(|point| point.1));
        let square: f64 = logarithms.iter().map(|(x, _)| (x - x_mean).powi(2)).sum();
        if square == 0.0 {
            return None;
        }
        let exponent = logarithms.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum::<f64>() / square;
        let left =
            logarithms.iter().map(|(x, y)| (y - y_mean - exponent * (x - x_mean)).powi(2)).sum::<f64>();
        let of_line = student(degrees)? * (left / degrees as f64 / square).sqrt();
        let propagated =
            |((x, _), known): (&(f64, f64), &f64)| ((x - x_mean) / square * known.ln_1p()).powi(2);
        let of_times = logarithms.iter().zip(known).map(propagated).sum::<f64>().sqrt();
        Some(Scaling { exponent, half_width: of_line.max(of_times) })
    }
}

/// The half-width from which on an exponent no longer distinguishes linear from quadratic.
const TELLING: f64 = 0.5;

/// The largest half-width with which an exponent is printed unasked: it must distinguish linear growth from slightly
/// faster.
const SURE: f64 = 0.15;

/// The sizes and times of a benchmark when one argument changes and the others stay the same.
struct Sweep {
    benchmark: String,
    argument: String,
    points: Vec<(f64, f64)>,
    /// Half the width of the interval of each time, as a share; `None` if one time is from a single round.
    known: Option<Vec<f64>>,
}

/// A time in seconds, and half the width of its interval as a share.
type Known = (f64, Option<f64>);

/// Returns all sweeps over three sizes or more. `cases` has the benchmark, the arguments and the median of each case.
fn sweeps<'a>(cases: impl Iterator<Item = (String, &'a BTreeMap<String, String>, Known)>) -> Vec<Sweep> {
    let mut sweeps: BTreeMap<(String, String), Vec<(f64, Known)>> = BTreeMap::new();
    for (place, arguments, time) in cases {
        for (argument, value) in arguments {
            let Ok(size) = value.parse::<f64>() else { continue };
            let others = arguments.iter().filter(|(name, _)| *name != argument);
            let others: Vec<String> = others.map(|(name, value)| format!("{name}={value}")).collect();
            let others = if others.is_empty() { String::new() } else { format!("[{}]", others.join(",")) };
            sweeps.entry((format!("{place}{others}"), argument.clone())).or_default().push((size, time));
        }
    }
    let sweeps = sweeps.into_iter().filter(|(_, points)| points.len() > 2);
    sweeps
        .map(|((benchmark, argument), mut points)| {
            points.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            let known = points.iter().map(|(_, (_, known))| *known).collect();
            let points = points.into_iter().map(|(size, (time_s, _))| (size, time_s)).collect();
            Sweep { benchmark, argument, points, known }
        })
        .collect()
}

fn render(record: &Record, view: &View) -> String {
    let measured = record.cases.iter().filter_map(|case| {
        let place = case.id.split('[').next().unwrap_or_default().to_owned();
        let time = case.time.as_ref()?;
        Some((place, &case.arguments, (time.median_s.0, time.precision())))
    });
    let telling = if view.is_short() { SURE } else { TELLING };
    let fitted = sweeps(measured).into_iter().filter_map(|sweep| {
        // A time of a single round may be off by any factor.
        let scaling = Scaling::of(&sweep.points, sweep.known.as_ref()?)?;
        (scaling.half_width <= telling).then_some((sweep, scaling))
    });
    if view.is_short() { in_short(fitted, view) } else { in_full(fitted, view) }
}

/// Returns one line with the range of all exponents and the benchmark with the largest.
fn in_short(fitted: impl Iterator<Item = (Sweep, Scaling)>, view: &View) -> String {
    let notices = fitted.map(|(Sweep { benchmark, argument, .. }, Scaling { exponent, half_width })| {
        let text = format!("time grows as {argument}^{exponent:.2} ±{half_width:.2}");
        let figure = Figure::new(exponent, Unit::Number, "as exponents");
        (benchmark, Notice::new("scaling", "time grows as a power of the size", text).with(figure))
    });
    let lines = Folded::all(notices).into_iter().map(|folded| view.wrap(&folded.line("sweeps of a size"), 2));
    lines.map(|line| line + "\n").collect()
}

fn in_full(fitted: impl Iterator<Item = (Sweep, Scaling)>, view: &View) -> String {
    let mut table = Table::new(&["time grows with", "sizes", "exponent"]);
    let mut rows = 0;
    for (Sweep { benchmark, argument, points, .. }, scaling) in fitted {
        let sizes: Vec<String> = points.iter().map(|(size, _)| size.to_string()).collect();
        table.row(vec![
            format!("  {}: {}", printable(&benchmark), printable(&argument)),
            sizes.join(", "),
            format!("{:.2} ±{:.2}", scaling.exponent, scaling.half_width),
        ]);
        rows += 1;
    }
    if rows == 0 { String::new() } else { table.render(|text| view.style.bold(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_comes_back_with_a_narrow_interval() {
        let points = [1.0, 2.0, 4.0, 8.0].map(|size: f64| (size, 0.003 * size.powf(1.5)));
        let scaling = Scaling::of(&points, &[0.0; 4]).expect("four sizes");
        assert!((scaling.exponent - 1.5).abs() < 1e-9 && scaling.half_width < 1e-6, "{scaling:?}");
    }

    #[test]
    fn the_interval_is_students() {
        // By hand: x = 0, 1, 2 and y = 0, 1, 3 in logarithms: slope 1.5, squares left 1/6, Σ(x − x̄)² = 2.
        let e = 1f64.exp();
        let scaling = Scaling::of(&[(1.0, 1.0), (e, e), (e * e, e * e * e)], &[0.0; 3]).expect("three sizes");
        assert!((scaling.exponent - 1.5).abs() < 1e-9, "{scaling:?}");
        assert!((scaling.half_width - 12.706 * (1.0f64 / 12.0).sqrt()).abs() < 1e-9, "{scaling:?}");
    }

    #[test]
    fn times_that_are_hardly_known_tell_no_exponent() {
        let points = [1.0, 2.0, 4.0].map(|size: f64| (size, 0.003 * size));
        let half_width = |known| Scaling::of(&points, &[known; 3]).expect("three sizes").half_width;
        assert!(
            half_width(0.01) < 0.02 && half_width(1.32) > TELLING,
            "{} {}",
            half_width(0.01),
            half_width(1.32)
        );
    }

    #[test]
    fn a_sweep_is_of_one_argument_while_the_others_stay() {
        let arguments = |dtype: &str, batch: u32| {
            BTreeMap::from([("dtype".to_owned(), dtype.to_owned()), ("batch".to_owned(), batch.to_string())])
        };
        let all = [("f32", 4), ("f32", 1), ("f32", 2), ("f16", 1), ("f16", 2)];
        let all = all.map(|(dtype, batch)| (arguments(dtype, batch), f64::from(batch)));
        let sweeps = sweeps(
            all.iter().map(|(arguments, time_s)| ("m/unit/f".to_owned(), arguments, (*time_s, Some(0.01)))),
        );
        // f16 has two sizes only, and a dtype is not a number.
        assert_eq!(sweeps.len(), 1);
        assert_eq!(
            (sweeps[0].benchmark.as_str(), sweeps[0].argument.as_str()),
            ("m/unit/f[dtype=f32]", "batch")
        );
        assert_eq!(sweeps[0].points, [(1.0, 1.0), (2.0, 2.0), (4.0, 4.0)]);
        assert_eq!(sweeps[0].known, Some(vec![0.01; 3]));
    }

    #[test]
    fn where_no_line_can_be_drawn_there_is_none() {
        assert_eq!(Scaling::of(&[(1.0, 1.0), (2.0, 2.0)], &[0.0; 2]), None);
        assert_eq!(Scaling::of(&[(0.0, 1.0), (1.0, 1.0), (2.0, 2.0)], &[0.0; 3]), None);
        assert_eq!(Scaling::of(&[(3.0, 1.0); 3], &[0.0; 3]), None);
    }
    #[test]
    fn unasked_the_exponents_of_all_sweeps_take_a_line() {
        use bench_core::Category;
        use bench_core::record::{CaseRecord, RoundRecord, Status, Summarize};
        use bench_core::report::Detail;

        let mut cases = Vec::new();
        for (name, exponent) in [("linear", 1.0), ("square", 2.0)] {
            for size in [1.0f64, 2.0, 4.0, 8.0] {
                let mut case = CaseRecord::blank(&format!("m/unit/{name}[n={size}]"), Category::Unit);
                case.arguments.insert("n".to_owned(), size.to_string());
                let ns = (1e6 * size.powf(exponent)) as u64;
                (0..8).for_each(|round| case.push(RoundRecord::sampled(1, vec![ns + round; 20])));
                case.status = Status::Ok;
                cases.push(case);
            }
        }
        let record = Record::new("run", "2026-01-01T00:00:00Z", cases);
        assert_eq!(
            render(&record, &View::plain(120, Detail::Short)),
            "2 sweeps of a size, such as m/unit/square: time grows as a power of the size (1.000 to 2.000 as exponents)\n"
        );
        assert_eq!(render(&record, &View::plain(120, Detail::Full)).lines().count(), 3);
    }
}
