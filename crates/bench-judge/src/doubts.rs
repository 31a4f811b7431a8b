//! Reasons to doubt the figures of a case.

use bench_record::{CaseRecord, Figure, Notice, RoundRecord, Unit};
use bench_stats as stats;
use bench_syntax::quantity::Seconds;

use crate::time::median_of;
use crate::{counted_rounds, counts, rounds_apart, time};

/// Returns all reasons, except that the case is [invalid](crate::Summarize::invalid).
pub(crate) fn doubts(case: &CaseRecord) -> Vec<Notice> {
    let mut doubts: Vec<Notice> = case.counts.as_ref().and_then(counts::doubt).into_iter().collect();
    let Some(time) = &case.time else { return doubts };
    let empty_s = median_of(&case.rounds, |round| round.empty_iteration_ns.map(|ns| ns / 1e9));
    // More than 1.5 times as long as an empty iteration: a loop around real work takes at least a cycle more.
    if empty_s.is_some_and(|empty| time.median_s.0 <= 1.5 * empty) {
        let text = format!("{} per iteration: was the work optimized away?", time.median_s);
        let took = Figure::new(time.median_s.0, Unit::Seconds, "an iteration");
        doubts.push(Notice::new("no_work", "was the work optimized away?", text).with(took));
    }
    if case.rounds.iter().any(takes_longer_than_passed) {
        doubts.push(Notice::plain(
            "impossible",
            "it reports that its iterations took longer than the time that has passed",
        ));
    }
    if time::is_coarse(&case.rounds) {
        doubts
            .push(Notice::plain("coarse", "samples last less than 100 steps of the clock: times are coarse"));
    }
    doubts.extend(time::irregularity(time));
    doubts.extend(counted_rounds::doubt(&case.rounds));
    // Requests that are served have levels, and latencies that spread by themselves.
    let is_served = case.rounds.iter().any(|round| round.served.is_some());
    doubts.extend((!is_served).then(|| rounds_apart::doubt(counted_rounds::counted(&case.rounds))).flatten());
    doubts.extend(imprecise(case));
    doubts.extend(short_of_rounds(case));
    if still_warming_up(&case.rounds) {
        doubts.push(Notice::plain("warm_up", "times were still falling when warm-up ended"));
    }
    for note in case.rounds.iter().flat_map(|round| &round.probes).flat_map(|report| &report.notes) {
        if !doubts.iter().any(|known| known.text == *note) {
            doubts.push(Notice::of_text(note.as_str()));
        }
    }
    doubts
}

fn takes_longer_than_passed(round: &RoundRecord) -> bool {
    let samples: Vec<f64> = round.sample_ns.iter().map(|ns| *ns as f64 / 1e9).collect();
    // Based on the median: other harnesses scale samples to one length, and with a short one the pause that it met.
    let claimed_s = stats::median(&stats::sorted(&samples)).unwrap_or(0.0) * samples.len() as f64;
    // Requests that are served at the same time take longer in total than has passed.
    round.served.is_none() && claimed_s > 1.01 * round.wall_s && round.wall_s > 0.0
}

/// Returns a warning if the median is known less precisely than requested.
fn imprecise(case: &CaseRecord) -> Option<Notice> {
    let time = case.time.as_ref()?;
    if time.rounds == 1 {
        return Some(Notice::plain("one_round", "one round only: how much processes differ is unknown"));
    }
    let (precision, wanted) = (time.precision()?, case.settings.target_precision);
    if precision <= wanted {
        return None;
    }
    let is_given = case.settings.rounds.is_some() || case.settings.repeats.is_some();
    let (kind, gist, ended) = if is_given {
        ("rounds_ended", "the rounds ended before the median was known as well as asked", "rounds")
    } else {
        ("budget_ended", "the budget ended before the median was known as well as asked", "budget")
    };
    let text = format!("the {ended} ended before the median was known to ±{} %", wanted * 100.0);
    let notice = Notice::new(kind, gist, text).with(Figure::new(precision, Unit::HalfWidth, "reached"));
    Some(notice.with(Figure::new(wanted, Unit::HalfWidth, "asked")))
}

/// Returns a warning if `max_time` ended before all requested rounds.
fn short_of_rounds(case: &CaseRecord) -> Option<Notice> {
    let wanted = case.settings.rounds.filter(|_| case.settings.max_time_is_hard)?;
    let measured = case.rounds.len();
    let spent_s: f64 = case.rounds.iter().map(RoundRecord::spent_s).sum();
    (measured < wanted as usize && spent_s >= case.settings.max_time_s).then(|| {
        let text = format!(
            "{measured} of the {wanted} requested rounds: `max_time`, {}, ended before the others",
            Seconds(case.settings.max_time_s)
        );
        let gist = "`max_time` ended before all requested rounds";
        let share = Figure::new(measured as f64 / f64::from(wanted), Unit::Share, "of rounds measured");
        Notice::new("max_time_ended", gist, text).with(share)
    })
}

fn still_warming_up(rounds: &[RoundRecord]) -> bool {
    let unsteady = |round: &&RoundRecord| {
        round.warm_up.is_some_and(|warm_up| warm_up.steady == Some(false) && warm_up.iterations > 8)
    };
    rounds.iter().filter(unsteady).count() * 2 > rounds.len()
}
