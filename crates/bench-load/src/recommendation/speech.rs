//! Rules about speech that is played while it is made.

use bench_record::{Figure, Level, Unit};
use bench_syntax::quantity::Seconds;

use super::advice::Advice;
use super::sweep::{percent, positive};
use super::{Group, Recommendation};

const SLOWER_THAN_REAL_TIME: Advice =
    Advice { rule: "real_time", gist: "speech is made more slowly than it is played" };
const UNDERRUN: Advice =
    Advice { rule: "underrun", gist: "playback runs dry: begin with more audio, or serve fewer at once" };

const AT_ONCE: Advice =
    Advice { rule: "not_streamed", gist: "the first audio comes when nearly all of it is made" };

/// The share of the latency from which on a first output comes too late for a stream to be useful.
const LATE: f64 = 0.95;

/// The real-time factor above which speech takes longer to make than to play.
const REAL_TIME: f64 = 1.0;

/// Reports the lowest level at which speech is made more slowly than it is played, and the highest level below it that
/// keeps up.
pub(super) fn real_time(group: &Group) -> Vec<Recommendation> {
    let factor = |level| positive(level, "RTF p95");
    let slow = |level| factor(level).is_some_and(|factor| factor > REAL_TIME);
    let found = group.levels.iter().position(slow);
    let told =
        found.map(|place| (&group.levels[place], &group.levels[..place])).and_then(|(level, below)| {
            let keeps_up = below.iter().rev().find_map(|level| {
                factor(level).map(|factor| format!("; {} keeps up ({factor:.2})", level.name))
            });
            let text = format!(
                "RTF p95 is {:.2} at {}: slower than real time{}",
                factor(level)?,
                level.name,
                keeps_up.unwrap_or_default()
            );
            Some(SLOWER_THAN_REAL_TIME.at(level, text).with(Figure::new(
                factor(level)?,
                Unit::Factor,
                "real time",
            )))
        });
    told.into_iter().collect()
}

/// Reports the lowest level at which a player would have run dry.
pub(super) fn underrun(group: &Group) -> Vec<Recommendation> {
    let dry = |level: &Level| {
        let continuity = level.metric("continuity")?.value;
        (continuity < 1.0).then_some(1.0 - continuity)
    };
    let lowest = group.levels.iter().find_map(|level| Some((level, dry(level)?)));
    let told = lowest.map(|(level, share)| {
        let long = positive(level, "underrun p95")
            .map(|underrun| format!(" (underrun p95 {})", Seconds(underrun)))
            .unwrap_or_default();
        let text = format!(
            "playback would stall in {} of requests at {}{long}: buffer more audio before playback begins, or \
             serve fewer requests at once",
            percent(share),
            level.name
        );
        UNDERRUN.at(level, text).with(Figure::new(share, Unit::Share, "of requests"))
    });
    told.into_iter().collect()
}

/// Reports the lowest level at which the first audio comes when the request is nearly over.
pub(super) fn at_once(group: &Group) -> Vec<Recommendation> {
    let share = |level: &Level| {
        // Continuity exists only if answers have several outputs.
        level.metric("continuity")?;
        let latency = positive(level, "service latency p50").or_else(|| positive(level, "latency p50"))?;
        let share = positive(level, "TTFA p50")? / latency;
        (share >= LATE).then_some(share)
    };
    let lowest = group.levels.iter().find_map(|level| Some((level, share(level)?)));
    let told = lowest.map(|(level, share)| {
        let text = format!(
            "the first audio comes after {} of the latency at {}: the server sends it in parts, but makes all of it first",
            percent(share),
            level.name
        );
        AT_ONCE.at(level, text).with(Figure::new(share, Unit::Share, "of the latency"))
    });
    told.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{assert_says, closed};
    use super::*;

    #[test]
    fn a_stream_that_begins_at_its_end_is_told() {
        let with = |ttfa| {
            let figures = [("continuity", 1.0), ("latency p50", 1.0), ("TTFA p50", ttfa)];
            closed("ASPS", &[(2, &figures)])
        };
        let text = "the first audio comes after 97 % of the latency at concurrency 2: the server sends it in parts, but \
                    makes all of it first";
        assert_says(at_once, &with(0.97), &[text]);
        assert_says(at_once, &with(0.5), &[]);
        let whole = closed("ASPS", &[(2, &[("latency p50", 1.0), ("TTFA p50", 0.99)])]);
        assert_says(at_once, &whole, &[]);
    }

    #[test]
    fn speech_slower_than_real_time_is_told() {
        let with = |last: f64| {
            let figures = [[("RTF p95", 0.3)], [("RTF p95", 0.8)], [("RTF p95", last)]];
            closed("ASPS", &[(1, &figures[0]), (4, &figures[1]), (8, &figures[2])])
        };
        let text = "RTF p95 is 1.40 at concurrency 8: slower than real time; concurrency 4 keeps up (0.80)";
        assert_says(real_time, &with(1.4), &[text]);
        assert_says(real_time, &with(1.0), &[]);
        let alone = closed("ASPS", &[(1, &[("RTF p95", 2.5)])]);
        assert_says(real_time, &alone, &["RTF p95 is 2.50 at concurrency 1: slower than real time"]);
    }

    #[test]
    fn playback_that_runs_dry_is_told() {
        let with = |continuity| {
            let figures = [
                [("continuity", 1.0), ("underrun p95", 0.0)],
                [("continuity", continuity), ("underrun p95", 0.4)],
            ];
            closed("ASPS", &[(4, &figures[0]), (8, &figures[1])])
        };
        let text = "playback would stall in 12 % of requests at concurrency 8 (underrun p95 400.0 ms): buffer more \
                    audio before playback begins, or serve fewer requests at once";
        assert_says(underrun, &with(0.88), &[text]);
        assert_says(underrun, &with(1.0), &[]);
    }
}
