//! Checks identities between figures that were computed in different ways.

use bench_record::{Headline, Level};
use bench_syntax::quantity::{Seconds, significant};

/// The largest deviation that is accepted, as a share: the effect of the edges of the window.
const TOLERANCE: f64 = 0.05;

/// The number of requests below which the edges of the window weigh too much for an identity between means.
const ENOUGH: u64 = 20;

/// The tolerance, as a share, between two rounded figures.
const ROUNDING: f64 = 0.002;

/// Compares requests per second with the count and the window.
pub(super) fn rate(level: &Level, warnings: &mut Vec<String>) {
    let (Some(rps), window) = (value(level, "RPS"), level.window_s) else { return };
    let counted = level.succeeded as f64 / window.0;
    if counted.is_finite() && (rps - counted).abs() > ROUNDING * counted {
        warnings.push(format!(
            "RPS {}, but {} requests were served in {window}: {} req/s",
            significant(rps),
            level.succeeded,
            significant(counted)
        ));
    }
    if let Some(goodput) = value(level, "goodput")
        && goodput > rps * (1.0 + ROUNDING)
    {
        warnings.push(format!("goodput {} is above RPS {}", significant(goodput), significant(rps)));
    }
}

/// Checks Little's law: requests in flight are the rate at which they arrive times the time that each takes (Little, "A
/// proof for the queuing formula L = λW", Operations Research 9, 1961). It is an identity over a window that contains
/// every request from beginning to end. The mean latency is that of served requests, so if some have failed, the
/// product is only a lower bound of the requests in flight.
pub(super) fn little(level: &Level, warnings: &mut Vec<String>) {
    let service = value(level, "service latency mean").or_else(|| match level.headline {
        Headline::Service => value(level, "latency mean"),
        _ => None,
    });
    let (Some(service), Some(mean)) = (service, level.pace.mean_concurrency) else { return };
    let rate = level.succeeded as f64 / level.window_s.0;
    if level.requests >= ENOUGH && !fits(level, mean, rate * service) {
        warnings.push(format!(
            "{} requests in flight on average, but {} req/s of {} each are {} (Little's law)",
            significant(mean),
            significant(rate),
            Seconds(service),
            significant(rate * service)
        ));
    }
}

/// Warns if service latency is above scheduled latency, or if the time of an output is above the longest latency.
pub(super) fn latencies(level: &Level, warnings: &mut Vec<String>) {
    for figure in ["mean", "p50", "p99"] {
        let of = |kind: &str| value(level, &format!("{kind} latency {figure}"));
        if let (Some(service), Some(scheduled)) = (of("service"), of("scheduled"))
            && service > scheduled * (1.0 + ROUNDING)
        {
            warnings.push(format!(
                "service latency {figure} is above the scheduled one: {} against {}",
                Seconds(service),
                Seconds(scheduled)
            ));
        }
    }
    let longest = level.latency.iter().map(|bin| bin.up_to_s).fold(0.0, f64::max);
    let within = ["TTFA", "TTFI", "TTFT", "TTFO", "step time", "ITL", "ICL"];
    for metric in level.metrics.iter().filter(|_| longest > 0.0) {
        let of_one = crate::figure::percentile_of(&metric.name).is_some_and(|(of, _)| within.contains(&of));
        if of_one && metric.value > longest * (1.0 + ROUNDING) {
            warnings.push(format!(
                "{} is {}, the longest latency {}",
                metric.name,
                Seconds(metric.value),
                Seconds(longest)
            ));
        }
    }
}

/// Checks the figures of a field against each other.
pub(super) fn work(domain: &str, level: &Level, warnings: &mut Vec<String>) {
    match domain {
        "speech" => speech(level, warnings),
        // A served response contains at least one image, an image at least one pixel, and a step is for at least one
        // image.
        "images" => {
            at_least(level, "IPS", "RPS", warnings);
            at_least(level, "PPS", "IPS", warnings);
            at_least(level, "image-steps/s", "SPS", warnings);
        }
        "classification" => at_least(level, "IPS", "RPS", warnings),
        _ => {}
    }
}

/// Checks `ASPS = mean concurrency / RTF aggregate`: both sides are Σ audio / W once Σ latency cancels. The simpler
/// form `1 / RTF` is only true at concurrency 1.
fn speech(level: &Level, warnings: &mut Vec<String>) {
    let (Some(asps), Some(rtf)) = (value(level, "ASPS"), value(level, "RTF aggregate")) else { return };
    let Some(mean) = level.pace.mean_concurrency else { return };
    if level.requests >= ENOUGH && rtf > 0.0 && !fits(level, mean, asps * rtf) {
        warnings.push(format!(
            "ASPS {}, but {} requests in flight at RTF aggregate {} are {}",
            significant(asps),
            significant(mean),
            significant(rtf),
            significant(mean / rtf)
        ));
    }
}

/// Whether the `mean` number of requests in flight is about `served`, the number that follows from served requests
/// alone; if some requests failed, it may be higher.
fn fits(level: &Level, mean: f64, served: f64) -> bool {
    let above = level.failed == 0 && mean > served * (1.0 + TOLERANCE);
    !above && mean >= served * (1.0 - TOLERANCE)
}

fn at_least(level: &Level, more: &str, less: &str, warnings: &mut Vec<String>) {
    if let (Some(upper), Some(lower)) = (value(level, more), value(level, less))
        && upper < lower * (1.0 - ROUNDING)
    {
        warnings.push(format!("{more} {} is below {less} {}", significant(upper), significant(lower)));
    }
}

fn value(level: &Level, name: &str) -> Option<f64> {
    level.metric(name).map(|metric| metric.value).filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::super::level::tests::{assert_found, set};
    use super::*;

    #[test]
    fn requests_per_second_are_those_of_the_window() {
        assert_found(
            "requests",
            |level| set(level, "RPS", 9.0),
            &["RPS 9.000, but 40 requests were served in 5.000 s: 8.000 req/s"],
        );
        assert_found("requests", |level| set(level, "RPS", 8.01), &[]);
        assert_found("requests", |level| set(level, "goodput", 8.5), &["goodput 8.500 is above RPS 8.000"]);
    }

    #[test]
    fn littles_law_holds() {
        let told =
            "3.000 requests in flight on average, but 8.000 req/s of 500.0 ms each are 4.000 (Little's law)";
        let sparse = |level: &mut Level| level.pace.mean_concurrency = Some(3.0);
        assert_found("requests", sparse, &[told]);
        // The law is not checked for few requests.
        let few = |level: &mut Level| {
            sparse(level);
            (level.requests, level.succeeded) = (19, 19);
            level.window_s = Seconds(19.0 / 8.0);
            level.latency.truncate(0);
        };
        assert_found("requests", few, &[]);
        // Requests that failed are in flight too, but not in the mean latency.
        let failing = |level: &mut Level| {
            (level.succeeded, level.failed) = (30, 10);
            set(level, "RPS", 6.0);
            set(level, "success rate", 0.75);
        };
        assert_found("requests", failing, &[]);
        let too_few_for_the_served = |level: &mut Level| {
            failing(level);
            level.pace.mean_concurrency = Some(2.0);
        };
        assert_found(
            "requests",
            too_few_for_the_served,
            &[
                "2.000 requests in flight on average, but 6.000 req/s of 500.0 ms each are 3.000 (Little's law)",
            ],
        );
    }

    #[test]
    fn latencies_hold_each_other() {
        assert_found(
            "requests",
            |level| set(level, "scheduled latency mean", 0.4),
            &["service latency mean is above the scheduled one: 500.0 ms against 400.0 ms"],
        );
        assert_found("text", |level| set(level, "TTFT p50", 0.7), &[]);
        assert_found(
            "text",
            |level| set(level, "TTFT p50", 0.8),
            &["TTFT p50 is 800.0 ms, the longest latency 700.0 ms"],
        );
    }

    #[test]
    fn speech_per_second_is_concurrency_over_the_real_time_factor() {
        let speech = |asps| {
            move |level: &mut Level| {
                set(level, "RTF aggregate", 0.25);
                set(level, "ASPS", asps);
            }
        };
        // Four requests at once, each served four times as fast as its audio plays.
        assert_found("speech", speech(16.0), &[]);
        // The simple form, which is only true for one request at a time.
        assert_found(
            "speech",
            speech(4.0),
            &["ASPS 4.000, but 3.980 requests in flight at RTF aggregate 0.250 are 15.92"],
        );
        assert_found("text", speech(4.0), &[]);
    }

    #[test]
    fn responses_hold_images() {
        let below = ["IPS 6.000 is below RPS 8.000"];
        assert_found("images", |level| set(level, "IPS", 6.0), &below);
        assert_found("classification", |level| set(level, "IPS", 6.0), &below);
        assert_found("images", |level| set(level, "IPS", 8.0), &[]);
        let both = |level: &mut Level| {
            for (name, value) in [("IPS", 16.0), ("PPS", 15.0), ("SPS", 40.0), ("image-steps/s", 39.0)] {
                set(level, name, value);
            }
        };
        assert_found(
            "images",
            both,
            &["PPS 15.00 is below IPS 16.00", "image-steps/s 39.00 is below SPS 40.00"],
        );
    }
}
