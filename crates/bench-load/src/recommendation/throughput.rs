//! Rules about the dependence of throughput on the load.

use bench_record::{Figure, Level, Metric, Unit};

use super::advice::Advice;
use super::sweep::{Sweep, percent, positive, tail, times};
use super::{Group, Recommendation};
use crate::figure::{FLAT, shown};

const PEAK: Advice = Advice {
    rule: "throughput_peak",
    gist: "throughput peaks below the highest level: beyond it only the tail of latency grows",
};
const QUEUEING: Advice = Advice {
    rule: "queueing",
    gist: "throughput stays the same while latency grows in proportion to concurrency: further requests only queue",
};
const RISES: Advice = Advice {
    rule: "throughput_rises",
    gist: "throughput still rises at the highest level tried: try twice as much",
};
const FALLS: Advice =
    Advice { rule: "throughput_falls", gist: "throughput falls beyond a level: cap the load there" };
const GOODPUT: Advice = Advice {
    rule: "goodput_peak",
    gist: "goodput is best below the level of the highest throughput: serve there",
};

/// The factor by which a tail must grow to be worth a mention when throughput hardly rises.
const COSTLY: f64 = 1.5;

/// The growth of latency, divided by that of concurrency, that counts as queueing: other work in a request does not
/// queue, and batches form unevenly.
const PROPORTIONAL: std::ops::RangeInclusive<f64> = 0.8..=1.25;

/// The share by which throughput must have risen for a higher level to be recommended.
const RISING: f64 = 0.1;

/// The share of the offered rate from which on a server keeps up; the rest are requests that are still in flight when
/// the window ends.
const KEEPS_UP: f64 = 0.95;

/// Reports the level from which on throughput no longer rises, if the next level only has a longer tail.
pub(super) fn peak(group: &Group) -> Vec<Recommendation> {
    let of = |sweep: &Sweep<'_>| {
        let points = sweep.throughput();
        let peak = peak_of(&points)?;
        let ((level, metric), (next, after)) = (*points.get(peak)?, *points.get(peak + 1)?);
        let change = after.value / metric.value - 1.0;
        let tail = tail(level, next).filter(|tail| tail.growth >= COSTLY && change >= -FLAT)?;
        let text = format!(
            "throughput peaks at {}: {} grows {} from {} to {} for {} {} {}",
            level.name,
            tail.name,
            times(tail.growth),
            Sweep::short(level),
            Sweep::short(next),
            percent(change),
            if change < 0.0 { "less" } else { "more" },
            metric.unit
        );
        Some(PEAK.at(level, text).with(Figure::new(tail.growth, Unit::Factor, "the tail")))
    };
    group.sweeps().iter().filter_map(of).collect()
}

/// Reports throughput that stays the same while latency grows in proportion to concurrency: by Little's law, further
/// requests wait.
pub(super) fn queueing(group: &Group) -> Vec<Recommendation> {
    let of = |sweep: &Sweep<'_>| {
        let points = sweep.throughput();
        let ((from, before), (to, after)) = (points[peak_of(&points)?], *points.last()?);
        let flat = (after.value / before.value - 1.0).abs() <= FLAT && to.rate.is_none();
        let clients = Sweep::setting(to)? / Sweep::setting(from)?;
        let growth = positive(to, "latency p50")? / positive(from, "latency p50")?;
        if !flat || clients < 2.0 || !PROPORTIONAL.contains(&(growth / clients)) {
            return None;
        }
        let text = format!(
            "throughput stays at {} from {} to {} while latency p50 grows {}, in proportion to concurrency ({}): \
             further requests only queue",
            shown(before),
            from.name,
            Sweep::short(to),
            times(growth),
            times(clients)
        );
        Some(QUEUEING.at(from, text).with(Figure::new(growth, Unit::Factor, "latency p50")))
    };
    group.sweeps().iter().filter_map(of).collect()
}

/// Reports throughput that has not reached its peak yet.
pub(super) fn rising(group: &Group) -> Vec<Recommendation> {
    let of = |sweep: &Sweep<'_>| {
        let points = sweep.throughput();
        let [.., (below, before), (level, after)] = points.as_slice() else { return None };
        let rise = after.value / before.value - 1.0;
        // In an open loop throughput follows the rate until the server does not keep up.
        let keeps_up =
            level.rate.is_none_or(|rate| positive(level, "RPS").is_some_and(|rps| rps >= KEEPS_UP * rate));
        if rise < RISING || !keeps_up {
            return None;
        }
        let text = format!(
            "throughput still rises at {}, the highest tried: {} more {} than at {}: try {}",
            level.name,
            percent(rise),
            after.unit,
            Sweep::short(below),
            Sweep::twice(level)
        );
        Some(RISES.at(level, text).with(Figure::new(rise, Unit::Share, "more")))
    };
    group.sweeps().iter().filter_map(of).collect()
}

/// Reports throughput that falls beyond a level.
pub(super) fn falling(group: &Group) -> Vec<Recommendation> {
    let of = |sweep: &Sweep<'_>| {
        let points = sweep.throughput();
        let best = points.iter().copied().max_by(|a, b| a.1.value.total_cmp(&b.1.value))?;
        let last = *points.last()?;
        let fall = 1.0 - last.1.value / best.1.value;
        if fall <= FLAT || overlap(best.1, last.1) {
            return None;
        }
        let text = format!(
            "throughput falls {} from {} to {} ({} to {}): cap {} at {}",
            percent(fall),
            best.0.name,
            Sweep::short(last.0),
            shown(best.1),
            shown(last.1),
            Sweep::what(best.0),
            Sweep::short(best.0)
        );
        Some(FALLS.at(best.0, text).with(Figure::new(fall, Unit::Share, "less")))
    };
    group.sweeps().iter().filter_map(of).collect()
}

/// Reports that the level with the best throughput has less goodput than another one.
pub(super) fn goodput(group: &Group) -> Vec<Recommendation> {
    let of = |sweep: &Sweep<'_>| {
        let good = |level| positive(level, "goodput");
        let points = sweep.throughput();
        let busiest = points.iter().max_by(|a, b| a.1.value.total_cmp(&b.1.value))?.0;
        let best = points
            .iter()
            .map(|point| point.0)
            .max_by(|a, b| good(a).unwrap_or(0.0).total_cmp(&good(b).unwrap_or(0.0)))?;
        let (most, there) = (good(best)?, busiest.metric("goodput")?.value);
        let loss = 1.0 - there / most;
        if loss.is_nan() || loss <= FLAT {
            return None;
        }
        let text = format!(
            "goodput is best at {}, throughput at {}, where goodput is {} lower ({there:.2} against {most:.2} \
             req/s): serve at {}",
            best.name,
            Sweep::short(busiest),
            percent(loss),
            Sweep::short(best)
        );
        Some(GOODPUT.at(best, text).with(Figure::new(loss, Unit::Share, "lower")))
    };
    group.sweeps().iter().filter_map(of).collect()
}

/// Returns the index of the first level whose throughput is about that of the best.
fn peak_of(points: &[(&Level, &Metric)]) -> Option<usize> {
    let best = points.iter().map(|(_, metric)| metric.value).max_by(f64::total_cmp)?;
    points.iter().position(|(_, metric)| metric.value >= best * (1.0 - FLAT))
}

/// Whether two figures could be the same; not if an interval is unknown.
fn overlap(a: &Metric, b: &Metric) -> bool {
    a.interval.zip(b.interval).is_some_and(|(a, b)| a.low <= b.high && b.low <= a.high)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{around, assert_says, closed, open};
    use super::*;

    /// Images per second, p50 and p99 at concurrency 1, 4 and 8.
    fn images(figures: [[f64; 3]; 3]) -> Group {
        let named = figures.map(|[ips, p50, p99]| [("IPS", ips), ("latency p50", p50), ("latency p99", p99)]);
        closed("IPS", &[(1, &named[0]), (4, &named[1]), (8, &named[2])])
    }

    #[test]
    fn a_peak_has_its_price() {
        let group = images([[2.0, 0.5, 0.6], [6.0, 0.6, 1.0], [6.12, 1.0, 3.1]]);
        let text = "throughput peaks at concurrency 4: p99 grows 3.1× from 4 to 8 for 2 % more images/s";
        assert_says(peak, &group, &[text]);
        assert_eq!(peak(&group)[0].level.as_deref(), Some("concurrency 4"));
        assert_says(peak, &images([[2.0, 0.5, 0.6], [6.0, 0.6, 1.0], [6.12, 1.0, 1.4]]), &[]);
        assert_says(peak, &images([[2.0, 0.5, 0.6], [6.0, 0.6, 1.0], [9.0, 1.0, 3.1]]), &[]);
    }

    #[test]
    fn latency_that_grows_with_concurrency_is_queueing() {
        let text = "throughput stays at 6.000 images/s from concurrency 4 to 8 while latency p50 grows 2.0×, in \
                    proportion to concurrency (2.0×): further requests only queue";
        assert_says(queueing, &images([[2.0, 0.5, 0.6], [6.0, 0.6, 1.0], [6.1, 1.2, 3.1]]), &[text]);
        // More throughput, or less, or a latency that stays.
        assert_says(queueing, &images([[2.0, 0.5, 0.6], [6.0, 0.6, 1.0], [5.0, 1.2, 3.1]]), &[]);
        assert_says(queueing, &images([[2.0, 0.5, 0.6], [6.0, 0.6, 1.0], [9.0, 1.2, 3.1]]), &[]);
        assert_says(queueing, &images([[2.0, 0.5, 0.6], [6.0, 0.6, 1.0], [6.1, 0.7, 3.1]]), &[]);
    }

    #[test]
    fn what_still_rises_is_worth_another_level() {
        let text = "throughput still rises at concurrency 8, the highest tried: 35 % more images/s than at 4: try 16";
        assert_says(rising, &images([[2.0, 0.5, 0.6], [6.0, 0.6, 1.0], [8.1, 1.2, 3.1]]), &[text]);
        assert_says(rising, &images([[2.0, 0.5, 0.6], [6.0, 0.6, 1.0], [6.5, 1.2, 3.1]]), &[]);
    }

    #[test]
    fn an_open_loop_rises_while_the_server_keeps_up() {
        let text = "throughput still rises at 12.5 req/s, the highest tried: 145 % more req/s than at 5 req/s: try 25 req/s";
        assert_says(rising, &open(&[(5.0, &[("RPS", 5.0)]), (12.5, &[("RPS", 12.25)])]), &[text]);
        assert_says(rising, &open(&[(5.0, &[("RPS", 5.0)]), (12.5, &[("RPS", 8.0)])]), &[]);
    }

    #[test]
    fn what_falls_is_capped() {
        let mut group = images([[2.0, 0.5, 0.6], [10.0, 0.6, 1.0], [8.0, 1.2, 3.1]]);
        let text = "throughput falls 20 % from concurrency 4 to 8 (10.00 images/s to 8.000 images/s): cap concurrency at 4";
        assert_says(falling, &group, &[text]);
        // Rounds that differ as much as levels do.
        group.levels[1].metrics[0].interval = around(10.0, 1.5);
        group.levels[2].metrics[0].interval = around(8.0, 1.5);
        assert_says(falling, &group, &[]);
        assert_says(falling, &images([[2.0, 0.5, 0.6], [10.0, 0.6, 1.0], [9.7, 1.2, 3.1]]), &[]);
    }

    #[test]
    fn goodput_has_a_peak_of_its_own() {
        let with = |last| {
            let figures = [[("RPS", 6.0), ("goodput", 6.0)], [("RPS", 9.0), ("goodput", last)]];
            closed("RPS", &[(4, &figures[0]), (8, &figures[1])])
        };
        let text = "goodput is best at concurrency 4, throughput at 8, where goodput is 50 % lower (3.00 against 6.00 \
                    req/s): serve at 4";
        assert_says(goodput, &with(3.0), &[text]);
        assert_says(goodput, &with(8.0), &[]);
    }
}
