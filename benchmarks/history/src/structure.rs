//! Simulated lines whose structure is difficult: changes soon after changes, reverted regressions, unusual first runs,
//! exact figures, excursions, and noise without a level.

use crate::method::Method;
use crate::random::Random;
use crate::table::Table;

/// The number of trials: enough to distinguish 95 % from 94 %, and 2 % from 1 %.
const TRIALS: u64 = 1000;
/// The number of long lines without a change.
const UNCHANGED: u64 = 200;

/// Returns all tables.
pub(crate) fn tables(methods: &[Method]) -> String {
    soon_after(methods)
        + &reverted(methods)
        + &first_runs(methods)
        + &exact(methods)
        + &excursions(methods)
        + &no_levels(methods)
}

fn heads(first: &str, methods: &[Method]) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(methods.iter().map(|method| method.name().to_owned())).collect()
}

/// Returns runs around 100 with this spread, plus the value of `added` for each.
fn line(seed: u64, spread: f64, runs: usize, added: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut random = Random::seeded(4_000_000 + seed);
    (0..runs).map(|run| 100.0 + spread * random.normal() + added(run)).collect()
}

/// Returns the share of trials with an alarm at a run in `from..to`, in per cent.
fn told(method: Method, from: usize, to: usize, of: impl Fn(u64) -> Vec<f64>) -> f64 {
    let hit = |seed: &u64| method.alarms(&of(*seed)).iter().any(|found| (from..to).contains(found));
    (0..TRIALS).filter(hit).count() as f64 * 100.0 / TRIALS as f64
}

fn soon_after(methods: &[Method]) -> String {
    let mut table = Table::new(heads("runs between", methods));
    for gap in [5, 8, 10, 12, 15, 20, 30] {
        let height = move |run: usize| match run {
            run if run >= 60 + gap => 18.0,
            60.. => 12.0,
            _ => 0.0,
        };
        let cells = methods.iter().map(|method| {
            let of = |seed| line(seed, 1.0, 100 + gap, height);
            format!("{:.0}", told(*method, 60 + gap, 80 + gap, of))
        });
        table.push(std::iter::once(gap.to_string()).chain(cells));
    }
    table.render("Twelve deviations from run 60, six more soon after: the second told within 20 runs, %:")
}

fn reverted(methods: &[Method]) -> String {
    let mut table = Table::new(heads("nights, spread", methods));
    for (nights, spread) in [3, 5, 6, 8, 10, 12, 16, 20, 30].into_iter().flat_map(|n| [(n, 1.0), (n, 0.0)]) {
        let next = 60 + nights + 30;
        let of = |seed| {
            line(seed, spread, next + 20, |run| match run {
                run if run >= next => 5.0,
                run if (60..60 + nights).contains(&run) => 10.0,
                _ => 0.0,
            })
        };
        let cells = methods.iter().map(|method| {
            let share = |from, to| told(*method, from, to, of);
            let back = 60 + nights;
            format!("{:.0} / {:.0} / {:.0}", share(60, back), share(back, back + 20), share(next, next + 20))
        });
        table.push(std::iter::once(format!("{nights}, {spread}")).chain(cells));
    }
    table.render(
        "Ten deviations for some nights, back, and five deviations 30 nights later: up while it lasts / back / the next, told %:",
    )
}

fn first_runs(methods: &[Method]) -> String {
    let mut table = Table::new(heads("odd runs, step at", methods));
    for (odd, at) in [2, 4, 5, 8, 10, 14].into_iter().flat_map(|odd| [(odd, 40), (odd, 80), (odd, 200)]) {
        let of = |seed| {
            line(seed, 1.0, at + 20, |run| match run {
                run if run < odd => 50.0,
                run if run >= at => 12.0,
                _ => 0.0,
            })
        };
        let cells = methods.iter().map(|method| format!("{:.0}", told(*method, at, at + 20, of)));
        table.push(std::iter::once(format!("{odd}, {at}")).chain(cells));
    }
    table.render("Odd first runs 50 deviations off, then twelve deviations: told within 20 runs, %:")
}

fn exact(methods: &[Method]) -> String {
    let mut table = Table::new(heads("+0.3 % at, +5 % at", methods));
    for first in [3, 5, 10, 15, 20, 30, 40] {
        for second in [30, 40, 60, 80, 120, 200, 400].into_iter().filter(|second| *second > first) {
            let values: Vec<f64> = (0..second + 120)
                .map(|run| match run {
                    run if run >= second => 1.053e6,
                    run if run >= first => 1.003e6,
                    _ => 1e6,
                })
                .collect();
            let cells = methods.iter().map(|method| {
                let found = method.alarms(&values).into_iter().find(|found| *found >= second);
                found.map_or("never".to_owned(), |found| (found + 1 - second).to_string())
            });
            table.push(std::iter::once(format!("{first}, {second}")).chain(cells));
        }
    }
    table.render("Exact figures: nights until +5 % is told:")
}

fn excursions(methods: &[Method]) -> String {
    let mut table = Table::new(heads("runs", methods));
    for runs in 1..=5 {
        let of = |seed| line(seed, 1.0, 100, |run| if (60..60 + runs).contains(&run) { 10.0 } else { 0.0 });
        let cells = methods.iter().map(|method| format!("{:.1}", told(*method, 60, 75 + runs, of)));
        table.push(std::iter::once(runs.to_string()).chain(cells));
    }
    table.render("Ten deviations for so many runs: told, %:")
}

fn no_levels(methods: &[Method]) -> String {
    let mut table = Table::new(heads("noise", methods));
    let wave = |period: f64| move |run: usize| 2.0 * (std::f64::consts::TAU * run as f64 / period).sin();
    type Line = Box<dyn Fn(u64) -> Vec<f64>>;
    let scaled = |seed: u64, scale: fn(usize) -> f64| -> Vec<f64> {
        line(seed, 1.0, 500, |_| 0.0)
            .iter()
            .enumerate()
            .map(|(run, value)| 100.0 + scale(run) * (value - 100.0))
            .collect()
    };
    let lines: [(&str, Line); 5] = [
        (
            "variance x 4 from half on",
            Box::new(move |seed| scaled(seed, |run| if run >= 250 { 2.0 } else { 1.0 })),
        ),
        (
            "variance x 4, 30 in 100",
            Box::new(move |seed| scaled(seed, |run| if run % 100 >= 70 { 2.0 } else { 1.0 })),
        ),
        (
            "ten wild runs in 200",
            Box::new(move |seed| scaled(seed, |run| if run % 200 >= 190 { 5.0 } else { 1.0 })),
        ),
        ("cycle of 60 runs", Box::new(move |seed| line(seed, 1.0, 500, wave(60.0)))),
        ("cycle of 200 runs", Box::new(move |seed| line(seed, 1.0, 500, wave(200.0)))),
    ];
    for (name, of) in lines {
        let cells = methods.iter().map(|method| {
            let alarms: usize = (0..UNCHANGED).map(|seed| method.alarms(&of(seed)).len()).sum();
            format!("{:.2}", alarms as f64 * 1000.0 / (UNCHANGED as f64 * 500.0))
        });
        table.push(std::iter::once(name.to_owned()).chain(cells));
    }
    table.render("No change of level: alarms in 1000 runs:")
}
