//! Rules about the cost of a benchmark apart from its requests: memory, the first call, loading.

use bench_record::{Figure, Level, Metric, Unit};
use bench_syntax::quantity::Seconds;

use super::advice::Advice;
use super::sweep::times;
use super::{Group, Recommendation};
use crate::figure::growth;

const LEAK: Advice = Advice { rule: "leak", gist: "resident memory grows with each request: a leak" };
const FIRST_CALL: Advice = Advice { rule: "first_call", gist: "the first call is slow: warm up" };
const LOAD: Advice = Advice { rule: "load", gist: "loading takes longer than measuring" };

/// The ratio of the first call to the median from which on it is a cold start; caches and branch predictors alone cause
/// less.
const COLD: f64 = 5.0;

/// Reports resident memory that grows with requests, at the level at which it grows most.
pub(super) fn leak(group: &Group) -> Vec<Recommendation> {
    let worst = group.levels.iter().filter_map(grows).max_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let told = worst.and_then(|(level, metric)| {
        let text = growth(metric)?;
        Some(LEAK.at(level, format!("{text}: a leak")).with(Figure::new(
            metric.value,
            Unit::Number,
            "bytes per request",
        )))
    });
    told.into_iter().collect()
}

/// Returns the level with its growth; `None` unless it is certain that memory grows.
fn grows(level: &Level) -> Option<(&Level, &Metric)> {
    let metric = level.metric("memory growth")?;
    metric.interval.filter(|interval| interval.low > 0.0)?;
    Some((level, metric))
}

/// Reports a first call that takes much longer than the others.
pub(super) fn first_call(group: &Group) -> Vec<Recommendation> {
    let cold = group.first_call.filter(|call| call.ratio() >= COLD && call.ratio().is_finite());
    let told = cold.map(|call| {
        let ratio = times(call.ratio());
        let text =
            format!("first call is {ratio} the median ({} against {}): warm up", call.first_s, call.median_s);
        FIRST_CALL.whole(text).with(Figure::new(call.ratio(), Unit::Factor, "the median"))
    });
    told.into_iter().collect()
}

/// Reports a load step that takes longer than all levels together.
pub(super) fn load(group: &Group) -> Vec<Recommendation> {
    let measuring = Seconds(group.levels.iter().map(|level| level.window_s.0).sum());
    let longer = group.load_s.filter(|load| *load > measuring && measuring.0 > 0.0);
    let told = longer.map(|load| {
        let text =
            format!("load takes {load}, measuring {measuring}: more requests per load cost almost nothing");
        LOAD.whole(text).with(Figure::new(load.0, Unit::Seconds, ""))
    });
    told.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use bench_protocol::Better;

    use super::super::fixture::{around, assert_says, closed};
    use super::super::group::FirstCall;
    use super::*;

    #[test]
    fn a_leak_is_told_where_it_is_worst() {
        let with = |half| {
            let mut group = closed("RPS", &[(1, &[]), (4, &[])]);
            for (level, value) in group.levels.iter_mut().zip([0.9e6, 1.2e6]) {
                let metric = Metric::new("memory growth", "bytes/request", value, Better::Lower);
                level.metrics.push(metric.with_interval(around(value, half)));
            }
            group
        };
        let text = "resident memory grows 1.2 MB per request, 95 % interval 1.1 to 1.3: a leak";
        assert_says(leak, &with(0.1e6), &[text]);
        assert_eq!(leak(&with(0.1e6))[0].level.as_deref(), Some("concurrency 4"));
        assert_says(leak, &with(1.3e6), &[]);
        // A larger growth that is not certain does not hide it.
        let mut uncertain = with(0.1e6);
        uncertain.levels[1].metrics[0].interval = around(1.2e6, 1.3e6);
        let text = "resident memory grows 900.0 kB per request, 95 % interval 800.0 to 1000.0: a leak";
        assert_says(leak, &uncertain, &[text]);
        // Memory that is given back is not a leak.
        let mut shrinking = with(0.1e6);
        for level in &mut shrinking.levels {
            (level.metrics[0].value, level.metrics[0].interval) = (-1e6, around(-1e6, 0.1e6));
        }
        assert_says(leak, &shrinking, &[]);
    }

    #[test]
    fn a_cold_start_asks_for_warm_up() {
        let with = |first| {
            let first_call = Some(FirstCall { first_s: Seconds(first), median_s: Seconds(0.2) });
            Group { first_call, ..Group::default() }
        };
        assert_says(
            first_call,
            &with(8.0),
            &["first call is 40× the median (8.000 s against 200.0 ms): warm up"],
        );
        assert_says(first_call, &with(0.9), &[]);
    }

    #[test]
    fn a_long_load_asks_for_more_requests() {
        // Two levels of 10 s.
        let with = |load| Group { load_s: Some(Seconds(load)), ..closed("RPS", &[(1, &[]), (4, &[])]) };
        let text = "load takes 40.00 s, measuring 20.00 s: more requests per load cost almost nothing";
        assert_says(load, &with(40.0), &[text]);
        assert_says(load, &with(19.0), &[]);
    }
}
