//! Rules about whether the harness, and not the server, was measured.

use bench_record::{Figure, InvalidCause, Level, Unit};
use bench_syntax::quantity::significant;
use bench_syntax::text::first_line;

use super::advice::Advice;
use super::sweep::percent;
use super::{Group, Recommendation};

const FAILURES: Advice = Advice { rule: "failures", gist: "requests fail" };
const HARNESS_BOUND: Advice = Advice {
    rule: "harness_bound",
    gist: "the harness is the bottleneck: give it a separate machine, or fewer clients",
};
const SATURATED: Advice = Advice {
    rule: "saturated",
    gist: "the model is saturated: lower the rate, or give the model more resources",
};
const SHORT_OF_RATE: Advice =
    Advice { rule: "short_of_rate", gist: "fewer requests were sent than offered: allow more in flight" };

/// The share by which a rate may fall below the offered rate before it counts as another rate.
const SHORT: f64 = 0.01;

/// Reports the lowest level at which requests fail.
pub(super) fn failures(group: &Group) -> Vec<Recommendation> {
    let first = group.levels.iter().find(|level| level.failed > 0);
    let told = first.map(|level| {
        let most = level
            .errors
            .first()
            .map(|told| format!(", most often: {}", first_line(&told.message)))
            .unwrap_or_default();
        let counts = format!("{} of {} requests{most}", level.failed, level.requests);
        let text = if group.levels.first().is_some_and(|lowest| lowest.name == level.name) {
            format!("requests fail from the lowest level on, {}: {counts}", level.name)
        } else {
            format!("failures begin at {}: {counts}", level.name)
        };
        FAILURES.at(level, text).with(Figure::new(level.failed as f64, Unit::Count, "failed"))
    });
    told.into_iter().collect()
}

/// Reports the lowest level at which the harness was slower than the measured closure.
pub(super) fn bottleneck(group: &Group) -> Vec<Recommendation> {
    let first = group.levels.iter().find(|level| level.validity.harness_bound);
    let told = first.map(|level| {
        let cpu = level.pace.harness_cpu.map(|cpu| format!("it takes {} of a core", percent(cpu)));
        let lag =
            level.pace.send_lag.map(|lag| format!("1 % of requests are sent at least {} late", lag.p99_s));
        let stall = level
            .pace
            .client_stall
            .map(|stall| format!("its event loops handle 1 % of ready events at least {} late", stall.p99_s));
        let seen: Vec<String> = cpu.into_iter().chain(lag).chain(stall).collect();
        let seen = if seen.is_empty() { String::new() } else { format!(" ({})", seen.join(", ")) };
        let text = format!(
            "the harness is the bottleneck at {}{seen}: give it a separate machine, or fewer clients",
            level.name
        );
        HARNESS_BOUND.at(level, text)
    });
    told.into_iter().collect()
}

/// Reports the lowest rate at which the model was saturated: as many requests were in flight as allowed.
pub(super) fn saturated(group: &Group) -> Vec<Recommendation> {
    let first = group.levels.iter().find(|level| is_saturated(level));
    let told = first.map(|level| {
        let served = level.metric("RPS").map_or(String::new(), |rps| {
            format!(" (it serves {} req/s)", significant(rps.value))
        });
        let text = format!(
            "the model is saturated at {}{served}: lower the rate, or give the model more resources; a faster \
             harness would change nothing",
            level.name
        );
        SATURATED.at(level, text)
    });
    told.into_iter().collect()
}

fn is_saturated(level: &Level) -> bool {
    level.validity.causes.contains(&InvalidCause::Saturated)
}

/// Reports the lowest rate that was not reached, although neither the harness nor the model was the limit.
pub(super) fn short_of_rate(group: &Group) -> Vec<Recommendation> {
    let short = |level: &Level| {
        let (offered, achieved) = (level.pace.offered_rate?, level.pace.achieved_rate?);
        let gap = 1.0 - achieved / offered;
        if level.validity.harness_bound || is_saturated(level) || gap.is_nan() || gap <= SHORT {
            return None;
        }
        let text = format!(
            "only {} of {} offered req/s were sent at {}, {} too few: allow more requests in flight",
            significant(achieved),
            significant(offered),
            level.name,
            percent(gap)
        );
        Some(SHORT_OF_RATE.at(level, text).with(Figure::new(gap, Unit::Share, "too few")))
    };
    group.levels.iter().find_map(short).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use bench_record::{Lag, Told};
    use bench_syntax::quantity::Seconds;

    use super::super::fixture::{assert_says, closed, open};
    use super::*;

    #[test]
    fn failures_begin_somewhere() {
        let mut group = closed("RPS", &[(1, &[]), (4, &[]), (8, &[])]);
        assert_says(failures, &group, &[]);
        group.levels[2].failed = 50;
        group.levels[1].failed = 3;
        group.levels[1].errors = vec![Told::new("out of memory\nat main", 2)];
        let text = "failures begin at concurrency 4: 3 of 100 requests, most often: out of memory …";
        assert_says(failures, &group, &[text]);
        group.levels[0].failed = 1;
        let text = "requests fail from the lowest level on, concurrency 1: 1 of 100 requests";
        assert_says(failures, &group, &[text]);
    }

    #[test]
    fn a_harness_that_is_the_bottleneck_is_told() {
        let mut group = open(&[(100.0, &[]), (200.0, &[])]);
        let level = &mut group.levels[1];
        level.pace.harness_cpu = Some(0.96);
        level.pace.send_lag = Some(Lag::new(Seconds(0.0), Seconds(0.012), Seconds(0.012)));
        assert_says(bottleneck, &group, &[]);
        group.levels[1].validity.harness_bound = true;
        let text = "the harness is the bottleneck at 200 req/s (it takes 96 % of a core, 1 % of requests are sent at \
                    least 12.00 ms late): give it a separate machine, or fewer clients";
        assert_says(bottleneck, &group, &[text]);
    }

    #[test]
    fn a_model_that_is_saturated_is_told() {
        let mut group = open(&[(40.0, &[("RPS", 40.0)]), (200.0, &[("RPS", 50.0)])]);
        let level = &mut group.levels[1];
        level.validity.causes = vec![InvalidCause::Saturated];
        (level.pace.offered_rate, level.pace.achieved_rate) = (level.rate, Some(60.0));
        let text = "the model is saturated at 200 req/s (it serves 50.00 req/s): lower the rate, or give the \
                    model more resources; a faster harness would change nothing";
        assert_says(saturated, &group, &[text]);
        assert_says(bottleneck, &group, &[]);
        assert_says(short_of_rate, &group, &[]);
    }

    #[test]
    fn a_rate_that_was_not_reached_is_told() {
        let mut group = open(&[(5.0, &[]), (10.0, &[])]);
        for (level, achieved) in group.levels.iter_mut().zip([4.98, 9.0]) {
            (level.pace.offered_rate, level.pace.achieved_rate) = (level.rate, Some(achieved));
        }
        let text = "only 9.000 of 10.00 offered req/s were sent at 10 req/s, 10 % too few: allow more requests in flight";
        assert_says(short_of_rate, &group, &[text]);
        group.levels[1].validity.harness_bound = true;
        assert_says(short_of_rate, &group, &[]);
    }
}
