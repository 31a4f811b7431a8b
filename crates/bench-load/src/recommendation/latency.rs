//! Rules about latency, and about its precision.

use bench_record::{Figure, Level, Unit};
use bench_stats as stats;
use bench_syntax::quantity::Seconds;

use super::advice::Advice;
use super::sweep::{percent, positive, times};
use super::{Group, Recommendation};
use crate::figure::{percentile_of, shown};

const HEAVY_TAIL: Advice = Advice {
    rule: "heavy_tail",
    gist: "latency p99 is far from p50: look for inputs that take longer, and for pauses",
};
const FALLS_BEHIND: Advice =
    Advice { rule: "falls_behind", gist: "the server falls behind at a rate that was tried" };
const UNSUPPORTED: Advice =
    Advice { rule: "unsupported_percentile", gist: "too few requests for percentiles of latency" };
const UNSTEADY_PART: Advice =
    Advice { rule: "unsteady", gist: "the steady part differs from the whole run: lengthen the run" };

/// The ratio of p99 to the median from which on a tail is heavy: requests of one kind differ by less.
const HEAVY: f64 = 5.0;

/// The ratio of scheduled latency to service latency from which on at least half of it is waiting.
const WAITS: f64 = 2.0;

/// The highest percentile for which more requests are recommended: p99.9 takes 4603 requests, which few can wait for.
const MOST_ASKED: f64 = 0.99;

/// The share by which a steady part must differ from the whole run to be reported.
const UNSTEADY: f64 = 0.1;

/// Reports a tail far from the median, at the level at which it is heaviest.
pub(super) fn tail(group: &Group) -> Vec<Recommendation> {
    let heavy = |level| {
        let p99 = supported(level, "latency p99")?;
        let p50 = positive(level, "latency p50")?;
        Some((level, p99, p50)).filter(|(_, p99, p50)| p99 / p50 >= HEAVY)
    };
    let worst = group.levels.iter().filter_map(heavy).max_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)));
    let told = worst.map(|(level, p99, p50)| {
        let text = format!(
            "latency p99 is {} p50 at {} ({} against {}): look for inputs that take longer, and for pauses",
            times(p99 / p50),
            level.name,
            Seconds(p99),
            Seconds(p50)
        );
        HEAVY_TAIL.at(level, text).with(Figure::new(p99 / p50, Unit::Factor, "p50"))
    });
    told.into_iter().collect()
}

/// Returns the value of a percentile; `None` if it has too few observations, or is not above 0.
fn supported(level: &Level, name: &str) -> Option<f64> {
    positive(level, name).filter(|_| level.metric(name).is_some_and(|metric| metric.supported != Some(false)))
}

/// Reports the lowest rate at which requests wait longer for the server than it takes to serve them.
pub(super) fn behind(group: &Group) -> Vec<Recommendation> {
    let waits = |level| {
        let scheduled = positive(level, "scheduled latency p99")?;
        let service = positive(level, "service latency p99")?;
        Some((level, scheduled, service)).filter(|_| scheduled / service >= WAITS)
    };
    let open = group.levels.iter().filter(|level| level.rate.is_some() && !level.validity.harness_bound);
    let told = open.filter_map(waits).next().map(|(level, scheduled, service)| {
        let text = format!(
            "scheduled latency p99 is {} service latency p99 at {} ({} against {}): the server falls behind at \
             this rate",
            times(scheduled / service),
            level.name,
            Seconds(scheduled),
            Seconds(service)
        );
        FALLS_BEHIND.at(level, text).with(Figure::new(scheduled / service, Unit::Factor, "the service latency"))
    });
    told.into_iter().collect()
}

/// Reports the level with the fewest served requests among those that do not support a reported percentile.
pub(super) fn unsupported(group: &Group) -> Vec<Recommendation> {
    let highest = |level: &Level| {
        let unsupported = level.metrics.iter().filter(|metric| metric.supported == Some(false));
        unsupported
            .filter_map(|metric| percentile_of(&metric.name))
            .filter(|(of, p)| *of == "latency" && *p <= MOST_ASKED)
            .map(|(_, p)| p)
            .max_by(f64::total_cmp)
    };
    let fewest = group
        .levels
        .iter()
        .filter_map(|level| highest(level).map(|p| (level, p)))
        .min_by_key(|(level, _)| level.succeeded);
    let told = fewest.map(|(level, p)| {
        let (needed, served) = (stats::support(p), level.succeeded);
        // Over several rounds requests are counted together, but each round has percentiles of its own.
        let (each, all) = if served >= needed as u64 { (" in each round", " in all") } else { ("", "") };
        let text = format!(
            "latency p{} needs {needed} served requests{each}, {} has {served}{all}: measure longer",
            p * 100.0,
            level.name
        );
        UNSUPPORTED.at(level, text).with(Figure::new(served as f64, Unit::Count, "served")).with(Figure::new(
            needed as f64,
            Unit::Count,
            "needed",
        ))
    });
    told.into_iter().collect()
}

/// Recommends a longer run if the steady part differs from the whole, at the level where it differs most.
pub(super) fn unsteady(group: &Group) -> Vec<Recommendation> {
    let differs = |level: &Level| {
        let steady =
            level.steady.as_ref()?.metrics.iter().find(|metric| metric.name == group.primary)?.clone();
        let whole = level.metric(&group.primary).filter(|metric| metric.value > 0.0)?.clone();
        let change = steady.value / whole.value - 1.0;
        Some((whole, steady, change)).filter(|_| change.abs() > UNSTEADY && change.is_finite())
    };
    let worst = group
        .levels
        .iter()
        .filter_map(|level| Some((level, differs(level)?)))
        .max_by(|a, b| a.1.2.abs().total_cmp(&b.1.2.abs()));
    let told = worst.map(|(level, (whole, steady, change))| {
        let text = format!(
            "{} of the steady part is {} {} that of the whole run at {} ({} against {}): lengthen the run",
            whole.name,
            percent(change),
            if change > 0.0 { "above" } else { "below" },
            level.name,
            shown(&steady),
            shown(&whole)
        );
        UNSTEADY_PART.at(level, text).with(Figure::new(change.abs(), Unit::Share, "apart"))
    });
    told.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use bench_record::Steady;

    use super::super::fixture::{assert_says, closed, open, unsupported as mark};
    use super::*;

    #[test]
    fn a_heavy_tail_is_told_where_it_is_heaviest() {
        let with = |p99| {
            let figures =
                [[("latency p50", 0.2), ("latency p99", 1.2)], [("latency p50", 0.2), ("latency p99", p99)]];
            closed("RPS", &[(1, &figures[0]), (4, &figures[1])])
        };
        let text = "latency p99 is 7.5× p50 at concurrency 4 (1.500 s against 200.0 ms): look for inputs that take \
                    longer, and for pauses";
        assert_says(tail, &with(1.5), &[text]);
        let mut unknown = with(1.5);
        unknown.levels.iter_mut().for_each(|level| mark(level, "latency p99"));
        assert_says(tail, &unknown, &[]);
        assert_says(tail, &closed("RPS", &[(1, &[("latency p50", 0.2), ("latency p99", 0.9)])]), &[]);
    }

    #[test]
    fn a_server_that_falls_behind_is_told_at_the_lowest_rate() {
        let figures = |scheduled| [("service latency p99", 0.5), ("scheduled latency p99", scheduled)];
        let (well, ill, worse) = (figures(0.6), figures(4.2), figures(9.0));
        let mut group = open(&[(5.0, &well), (12.5, &ill), (20.0, &worse)]);
        let text = "scheduled latency p99 is 8.4× service latency p99 at 12.5 req/s (4.200 s against 500.0 ms): the \
                    server falls behind at this rate";
        assert_says(behind, &group, &[text]);
        assert_says(behind, &open(&[(5.0, &well)]), &[]);
        // It is the harness that is late.
        group.levels.iter_mut().for_each(|level| level.validity.harness_bound = true);
        assert_says(behind, &group, &[]);
    }

    #[test]
    fn percentiles_ask_for_their_requests() {
        let figures = [("latency p95", 0.4), ("latency p99", 0.5), ("latency p99.9", 0.6)];
        let mut group = closed("RPS", &[(1, &figures), (4, &figures)]);
        mark(&mut group.levels[0], "latency p99.9");
        assert_says(unsupported, &group, &[]);
        mark(&mut group.levels[0], "latency p99");
        mark(&mut group.levels[1], "latency p99");
        mark(&mut group.levels[1], "latency p95");
        group.levels[1].succeeded = 60;
        let text = "latency p99 needs 459 served requests, concurrency 4 has 60: measure longer";
        assert_says(unsupported, &group, &[text]);
        (group.levels[0].succeeded, group.levels[1].succeeded) = (700, 600);
        let text = "latency p99 needs 459 served requests in each round, concurrency 4 has 600 in all: measure longer";
        assert_says(unsupported, &group, &[text]);
    }

    #[test]
    fn a_steady_part_that_differs_asks_for_a_longer_run() {
        let with = |steady: f64| {
            let mut group = closed("IPS", &[(4, &[("IPS", 8.0)])]);
            let mut metrics = group.levels[0].metrics.clone();
            metrics[0].value = steady;
            let mut part = Steady::default();
            part.metrics = metrics;
            group.levels[0].steady = Some(part);
            group
        };
        let text = "IPS of the steady part is 12 % above that of the whole run at concurrency 4 (9.000 images/s against \
                    8.000 images/s): lengthen the run";
        assert_says(unsteady, &with(9.0), &[text]);
        assert_says(unsteady, &with(8.5), &[]);
    }
}
