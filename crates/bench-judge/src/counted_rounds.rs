//! Decides which rounds count for the figures.

use bench_record::{Figure, Notice, RoundRecord, Unit};

/// The number of sound rounds from which on disturbed ones can be left out: from there on the interval of the median
/// assumes nothing about the tails ([`bench_stats::median_interval`]).
const FEWEST_SOUND: usize = 6;

/// Returns the rounds from which figures are computed: the undisturbed ones, if there are enough of them, and at least
/// half. A state that most rounds of a case were in is not an exception, whatever the rest of the run was like.
pub(crate) fn counted(rounds: &[RoundRecord]) -> impl Iterator<Item = &RoundRecord> {
    let enough = leaves_out(rounds);
    rounds.iter().filter(move |round| round.is_ok() && !(enough && round.disturbed.is_some()))
}

fn leaves_out(rounds: &[RoundRecord]) -> bool {
    let sound = rounds.iter().filter(|round| round.is_ok() && round.disturbed.is_none()).count();
    sound >= FEWEST_SOUND && sound * 2 >= rounds.len()
}

/// Returns a warning about the rounds that were disturbed, and whether they count.
pub(crate) fn doubt(rounds: &[RoundRecord]) -> Option<Notice> {
    let disturbed = rounds.iter().filter(|round| round.disturbed.is_some()).count();
    let first = rounds.iter().find_map(|round| round.disturbed.as_deref())?;
    let (kind, gist, fate) = if leaves_out(rounds) {
        ("disturbed_left_out", "disturbed rounds are left out", "left out of the figures")
    } else {
        ("disturbed_counted", "disturbed rounds count", "too few others are left, so they count")
    };
    let text = format!(
        "{disturbed} of {} rounds were disturbed ({first}{}): {fate}",
        rounds.len(),
        if disturbed > 1 { ", …" } else { "" }
    );
    let share = Figure::new(disturbed as f64 / rounds.len() as f64, Unit::Share, "");
    Some(Notice::new(kind, gist, text).with(share))
}
