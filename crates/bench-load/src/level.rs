//! Turns the log into a level of the record.

use bench_protocol::Better;
use bench_record::{Bin, Headline, InvalidCause, Lag, Level, Metric, Pace, Steady, Told, Validity};
use bench_stats as stats;
use bench_syntax::quantity::{Seconds, significant};

use crate::domain::Domain;
use crate::driver::Driven;
use crate::log::{Distribution, percentile_name};
use crate::scenario::{Pacing, Plan};
use crate::slo::Slo;

/// The time by which a level may be late, in seconds, before the harness is considered the bottleneck.
const LATE_S: f64 = 1e-3;

/// The share of the median latency by which a level may be late, before the harness is considered the
/// bottleneck.
const LATE_SHARE: f64 = 0.05;

/// The share by which the achieved rate may be below the offered one.
const RATE_MISSED: f64 = 0.01;

/// The share of failed requests above which a level is invalid.
pub(crate) const FAILURES: f64 = 0.01;

/// The number of requests below which a steady part has no meaning.
const FEWEST_STEADY: u64 = 5;

/// The maximum number of error messages in the record.
const MOST_ERRORS: usize = 10;

/// The settings of a level.
pub(crate) struct Asked<'a> {
    pub(crate) domain: &'static Domain,
    pub(crate) slo: &'a Slo,
    /// Whether a level that misses the SLO is invalid, as in a search.
    pub(crate) must_meet: bool,
    pub(crate) valid_for: Option<f64>,
    pub(crate) warm_up: u64,
    /// Whether it covers only one of several workers: failures are judged over all of them.
    pub(crate) is_part: bool,
    /// Whether the times of outputs so far are those of their arrival, however late the client handled them.
    pub(crate) has_arrivals: fn() -> bool,
}

/// Creates the record of a level. `harness_ns` is the time that clients were awake outside of the closure, plus the
/// processor time of the log.
pub(crate) fn level(plan: &Plan, driven: &mut Driven, asked: &Asked<'_>, harness_ns: u64) -> Level {
    let (scheduled, bounds) = (driven.scheduled, driven.steady);
    let logged = &mut driven.logged;
    let window = logged.whole.window();
    let window_s = window.1.saturating_sub(window.0) as f64 / 1e9;
    let (succeeded, failed, timed_out) = logged.whole.counts();
    // The objective of a search applies to levels: their requests are neither good nor bad.
    let judged = !asked.must_meet && !asked.slo.is_empty();
    let mut metrics = logged.whole.metrics(window, scheduled, judged);
    if let Some((slope, interval)) = logged.growth.slope() {
        let growth = Metric::new("memory growth", "bytes/request", slope, Better::Lower);
        metrics.push(growth.with_interval(Some(interval)));
    }
    let steady = bounds.filter(|_| logged.steady.latencies() >= FEWEST_STEADY).map(|bounds| {
        let from_first = |ns: u64| ns.saturating_sub(window.0) as f64 / 1e9;
        let mut steady = Steady::between(from_first(bounds.0), from_first(bounds.1));
        steady.requests = logged.steady.latencies();
        steady.metrics = logged.steady.metrics(bounds, scheduled, judged);
        steady
    });
    let (offered_rate, achieved_rate) = logged.whole.paces();
    let mut pace = Pace::default();
    pace.offered_rate = offered_rate.filter(|_| scheduled);
    pace.achieved_rate = achieved_rate;
    pace.send_lag = scheduled.then(|| lag(logged.whole.lag())).flatten();
    pace.client_stall = driven.client_stall;
    pace.mean_concurrency = logged.whole.mean_concurrency();
    pace.harness_cpu = (window_s > 0.0).then(|| harness_ns as f64 / 1e9 / window_s);
    let mut errors = std::mem::take(&mut logged.errors);
    errors.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut level = Level::named(plan.name.clone());
    level.scenario = plan.scenario.to_owned();
    level.concurrency = plan.concurrency;
    level.rate = plan.rate;
    level.requests = succeeded + failed;
    level.succeeded = succeeded;
    level.failed = failed;
    level.timed_out = timed_out;
    level.warm_up = asked.warm_up;
    level.window_s = Seconds(window_s);
    level.headline = if scheduled { Headline::Scheduled } else { Headline::Service };
    level.metrics = metrics;
    level.steady = steady;
    level.pace = pace;
    level.latency = logged
        .whole
        .headline()
        .sorted()
        .bins()
        .into_iter()
        .map(|(up_to_s, count)| Bin::new(up_to_s, count))
        .collect();
    level.timeline = std::mem::take(&mut logged.dots).timeline(window.0);
    level.errors =
        errors.into_iter().take(MOST_ERRORS).map(|(message, count)| Told::new(message, count)).collect();
    let busy = Busy { held_up: driven.held_up, most_in_flight: most_in_flight(plan) };
    level.slo = asked.slo.recorded(!asked.must_meet);
    level.validity = validity(&level, asked, busy, (driven.cut_short, driven.stopped));
    level.warnings = warnings(driven, asked.domain, &level);
    level.warnings.extend(too_short(plan, &level));
    level.warnings.extend(too_few(plan, &level));
    level
}

fn lag(lag: &Distribution) -> Option<Lag> {
    let sorted = lag.sorted();
    Some(Lag::new(Seconds(sorted.percentile(0.5)?), Seconds(sorted.percentile(0.99)?), Seconds(lag.most()?)))
}

/// The number of requests of a schedule that the model delayed.
#[derive(Clone, Copy, Debug, Default)]
struct Busy {
    /// The requests that were due while the maximum was in flight.
    held_up: u64,
    most_in_flight: Option<u32>,
}

fn most_in_flight(plan: &Plan) -> Option<u32> {
    match plan.pacing {
        Pacing::Schedule { most_in_flight, .. } => Some(most_in_flight),
        Pacing::Clients { .. } | Pacing::Queries { .. } => None,
    }
}

/// The reason why requests were late, and what to do about it. If at least 1 % of the requests of a schedule were
/// due while the allowed number was in flight, the model has reached its limit; otherwise it was the harness that
/// did not send them.
fn lateness(level: &Level, busy: Busy) -> (InvalidCause, String) {
    match busy.most_in_flight {
        Some(most) if busy.held_up > 0 && busy.held_up as f64 >= RATE_MISSED * level.requests as f64 => {
            let served = level.metric("RPS").map_or(String::new(), |rps| {
                format!(", at which it serves {} requests/s", significant(rps.value))
            });
            let told = format!(
                "the model was saturated: {} of {} requests were due while {most} of {most} were in \
                 flight{served}; offer a lower rate, or let more be in flight",
                busy.held_up, level.requests
            );
            (InvalidCause::Saturated, told)
        }
        _ => (InvalidCause::HarnessLate, "the harness was the bottleneck".to_owned()),
    }
}

/// The metrics that grow if a client handles ready events late: times between outputs, times to the first output, and
/// times of whole requests.
const BETWEEN_OUTPUTS: [&str; 2] = ["ITL p50", "ICL p50"];
const TO_THE_FIRST: [&str; 2] = ["TTFT p50", "TTFA p50"];
const OF_REQUESTS: [&str; 2] = ["service latency p50", "latency p50"];

/// The share of the median time between outputs for which outputs may wait without being taken for one.
const APART: f64 = 0.5;

/// Returns the longest time for which 1 % of ready events may wait for the client: 1 ms, or 5 % of the shortest
/// reported time if that is longer, because the wait is added to that time. If timestamps are those of arrival, a wait
/// does not change them. But it delays the client's next request, so 5 % of the latency are allowed; and outputs that
/// arrive during a wait are read together and get the same time, so it must be less than half of the time between
/// outputs.
fn longest_stall_s(level: &Level, has_arrivals: bool) -> f64 {
    let value = |name: &str| level.metric(name).map(|metric| metric.value).filter(|value| *value > 0.0);
    let shortest =
        |names: &[[&str; 2]]| names.iter().flatten().filter_map(|name| value(name)).reduce(f64::min);
    let share_of = |names: &[[&str; 2]]| LATE_SHARE * shortest(names).unwrap_or_default();
    let allowed = match (has_arrivals, shortest(&[BETWEEN_OUTPUTS])) {
        (false, _) => share_of(&[BETWEEN_OUTPUTS, TO_THE_FIRST, OF_REQUESTS]),
        (true, None) => share_of(&[OF_REQUESTS]),
        (true, Some(between)) => share_of(&[OF_REQUESTS]).min(APART * between),
    };
    LATE_S.max(allowed)
}

/// Returns a note if event loops handled ready events too late.
fn stalled(level: &Level, has_arrivals: bool) -> Option<String> {
    let stall = level.pace.client_stall?;
    (stall.p99_s.0 > longest_stall_s(level, has_arrivals)).then(|| {
        format!(
            "the harness was the bottleneck: its event loops handled 1 % of ready events at least {} late: use \
             fewer clients or a lower rate, or a machine with more cores",
            stall.p99_s
        )
    })
}

/// Whether the figures can be relied on, with every reason why not.
fn validity(level: &Level, asked: &Asked<'_>, busy: Busy, (cut_short, stopped): (bool, bool)) -> Validity {
    let mut found: Vec<(InvalidCause, String)> = Vec::new();
    let median = level.metric("latency p50").map_or(0.0, |metric| metric.value);
    if let Some(lag) = level.pace.send_lag
        && lag.p99_s.0 > LATE_S.max(LATE_SHARE * median)
    {
        let (cause, told) = lateness(level, busy);
        found.push((cause, format!("{told}: 1 % of requests were sent at least {} too late", lag.p99_s)));
    }
    if let (Some(offered), Some(achieved)) = (level.pace.offered_rate, level.pace.achieved_rate)
        && achieved < offered * (1.0 - RATE_MISSED)
    {
        let (cause, told) = lateness(level, busy);
        let sent = format!("only {achieved:.2} of {offered:.2} offered requests/s were sent");
        // A saturated model is reported once.
        match found.iter_mut().find(|(known, _)| *known == InvalidCause::Saturated && cause == *known) {
            Some((_, known)) => *known = format!("{known}, and {sent}"),
            None => found.push((cause, format!("{told}: {sent}"))),
        }
    }
    found.extend(stalled(level, (asked.has_arrivals)()).map(|told| (InvalidCause::HarnessLate, told)));
    if cut_short {
        found.push((
            InvalidCause::TimeLimit,
            format!(
                "the time limit of the case (`timeout`) ended the level after {} requests: give it more time, or ask \
                 for less",
                level.requests
            ),
        ));
    }
    if stopped {
        let told = format!("it was interrupted after {} requests", level.requests);
        found.push((InvalidCause::Interrupted, told));
    }
    if level.requests == 0 {
        found.push((InvalidCause::TooFewRequests, "no request was sent in time".to_owned()));
    }
    if !asked.is_part && level.failed as f64 > FAILURES * level.requests as f64 {
        let most =
            level.errors.first().map_or(String::new(), |told| format!(", most often: {}", told.message));
        found.push((
            InvalidCause::Failures,
            format!("{} of {} requests failed{most}", level.failed, level.requests),
        ));
    }
    if let Some(p) = asked.valid_for {
        let wanted = stats::support(p) as u64;
        if level.succeeded < wanted {
            found.push((
                InvalidCause::TooFewRequests,
                format!(
                    "{} requests were served, but {} needs {wanted}: serve more, or for longer",
                    level.succeeded,
                    percentile_name(p)
                ),
            ));
        }
    }
    if asked.must_meet {
        let misses = asked.slo.misses(&level.metrics);
        found.extend(misses.into_iter().map(|told| (InvalidCause::ObjectiveMissed, told)));
    }
    let mut causes: Vec<InvalidCause> = found.iter().map(|(cause, _)| *cause).collect();
    causes.sort_unstable();
    causes.dedup();
    let mut validity = Validity::default();
    validity.valid = found.is_empty();
    validity.harness_bound = causes.contains(&InvalidCause::HarnessLate);
    validity.reasons = found.into_iter().map(|(_, told)| told).collect();
    validity.causes = causes;
    validity
}

/// Warns if a request takes longer than the level was to last: the level shows how long one request takes, but nothing
/// about load.
fn too_short(plan: &Plan, level: &Level) -> Option<String> {
    let wanted = plan.duration?;
    let took = level.metric("service latency p50").filter(|took| took.value > wanted.as_secs_f64())?;
    Some(format!(
        "a request takes {}, longer than the {} that the level was to last: only the first requests are included",
        Seconds(took.value),
        Seconds(wanted.as_secs_f64())
    ))
}

/// Warns that there were more clients than requests, so that the level had less concurrency than its name says.
fn too_few(plan: &Plan, level: &Level) -> Option<String> {
    let clients = plan.concurrency.filter(|clients| u64::from(*clients) > level.requests)?;
    plan.requests.filter(|requests| *requests < u64::from(clients))?;
    Some(format!(
        "{clients} clients share {} requests: no more than that are ever in flight; ask for more requests",
        level.requests
    ))
}

/// Returns the contradictions between figures, and other notes for the reader.
fn warnings(driven: &Driven, domain: &Domain, level: &Level) -> Vec<String> {
    let mut warnings: Vec<String> = driven
        .logged
        .oddities
        .iter()
        .take(MOST_ERRORS)
        .map(|(what, count)| format!("{count} of {} requests: {what}", level.requests))
        .collect();
    warnings.extend(driven.short_of_threads.clone());
    if driven.late_marks > 0 {
        warnings.push(format!("{} outputs were marked after their request had ended", driven.late_marks));
    }
    if !driven.stuck.is_empty() {
        warnings.push(format!(
            "{} abandoned while they were served: the work that continues for them disturbs the others",
            match driven.stuck.len() {
                1 => "1 request was".to_owned(),
                many => format!("{many} requests were"),
            }
        ));
    }
    if let Some(error) = &driven.logged.trouble {
        warnings.push(format!("rows of requests are missing: {error}"));
    }
    warnings.extend(crate::check::level(domain.name, level));
    warnings
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn late_events_do_less_harm_if_their_arrival_is_known() {
        let mut level = Level::named("concurrency 1");
        let metric = |name: &str, value: f64| Metric::new(name, "s", value, Better::Lower);
        level.metrics = vec![metric("latency p50", 0.5), metric("TTFT p50", 0.05), metric("ITL p50", 0.03)];
        let longest_ms =
            |level: &Level, has_arrivals| (longest_stall_s(level, has_arrivals) * 1e4).round() / 10.0;
        assert_eq!((longest_ms(&level, false), longest_ms(&level, true)), (1.5, 15.0));
        level.metrics.pop();
        assert_eq!((longest_ms(&level, false), longest_ms(&level, true)), (2.5, 25.0));
        level.metrics.clear();
        assert_eq!((longest_ms(&level, false), longest_ms(&level, true)), (1.0, 1.0));
    }

    #[test]
    fn more_clients_than_requests_are_warned_of() {
        let warning = |concurrency: u32, asked: Option<u64>, sent: u64| {
            let pacing = Pacing::Clients { count: concurrency, ramp_up: Duration::ZERO };
            let plan = Plan {
                name: format!("concurrency {concurrency}"),
                scenario: "closed_loop",
                concurrency: Some(concurrency),
                rate: None,
                pacing,
                requests: asked,
                duration: None,
            };
            let mut level = Level::named(plan.name.clone());
            level.requests = sent;
            too_few(&plan, &level)
        };
        let said = warning(8, Some(4), 4).expect("a warning");
        assert!(said.starts_with("8 clients share 4 requests"), "{said}");
        assert_eq!(warning(4, Some(4), 4), None);
        // A level that ended by time, or was interrupted, had all its clients.
        assert_eq!((warning(8, None, 4), warning(8, Some(100), 4)), (None, None));
    }
}
