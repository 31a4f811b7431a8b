//! The evidence for findings of the gate.

use bench_history::change::Kind;
use bench_history::gate::{Confirmation, Evidence, Finding, Ruling};
use bench_history::trend::Turn;
use bench_record::{Figure, Notice, ObjectiveResult, Unit};
use bench_syntax::text::shell_word;

use super::{changed, percent, short};
use crate::trend::{figure, together_with, told};

/// Returns the evidence for a finding, one notice for each line. Several findings can have notices of the same kind.
pub(crate) fn evidence(finding: &Finding) -> Vec<Notice> {
    let mut lines = match &finding.evidence {
        Evidence::Failure { reason } => vec![Notice::of_text(reason.as_str())],
        Evidence::History { turn, new } => of_history(turn, *new),
        Evidence::Baseline { interval, reason, .. } => {
            let interval = interval.map(|known| format!("{} to {}", percent(known.low), percent(known.high)));
            let text = [interval, reason.clone()].into_iter().flatten().collect::<Vec<_>>().join("; ");
            vec![Notice::of_text(text)]
        }
        Evidence::Limit { result } => vec![of_result("a limit of bench.toml", result)],
        Evidence::Objective { result } => vec![of_result("a target of the benchmark", result)],
    };
    if let (Some(share), Some(change)) = (finding.of_machine, finding.change()) {
        let whole = (1.0 + change) * (1.0 + share) - 1.0;
        let text = format!(
            "the total change since then is {}; {} of it affects the whole machine, and is not included above",
            percent(whole),
            percent(share)
        );
        let gist = "part of the total change affects the whole machine, and is not included above";
        lines.push(Notice::new("of_machine", gist, text).with(Figure::new(
            share,
            Unit::Share,
            "of the machine",
        )));
    }
    lines.extend(finding.confirmation.as_ref().map(of_confirmation));
    if let (Evidence::History { turn, .. }, Ruling::Fails) = (&finding.evidence, finding.ruling) {
        lines.extend(commands(finding, turn));
    }
    lines
}

/// Returns notices with the commands that help with a change in the history.
fn commands(finding: &Finding, turn: &Turn) -> Vec<Notice> {
    let case = shell_word(&finding.case);
    let mut lines = Vec::new();
    let commits = turn.last_before.commit.as_ref().zip(turn.since.commit.as_ref());
    if let Some((good, bad)) = commits.filter(|(good, bad)| good != bad && finding.figure == "time") {
        let (good, bad) = (short(good), short(bad));
        let text = format!("to find the commit: bench bisect {good} {bad} --case {case}");
        let gist = format!("to find the commit: bench bisect {good} {bad} --case CASE");
        lines.push(Notice::alike(gist, text));
    }
    let text = format!("if the change is right: bench accept {case} --reason TEXT");
    lines.push(Notice::alike("if the changes are right: bench accept CASE --reason TEXT", text));
    lines
}

fn of_history(turn: &Turn, new: bool) -> Vec<Notice> {
    let since = match turn.kind {
        Kind::Step => format!("since {}, last before: {}", told(&turn.since), told(&turn.last_before)),
        Kind::Drift => format!("little by little until {}", told(&turn.since)),
    };
    let since = since + &together_with(&turn.also);
    let found = if new { "found by this run".to_owned() } else { format!("found by {}", turn.found.run) };
    let text = format!("{found} (z = {:.1})", turn.z);
    let found = Notice::alike(found, text).with(Figure::new(turn.z, Unit::Number, "standard deviations"));
    vec![Notice::alike(since.clone(), since), found]
}

fn of_result(what: &str, result: &ObjectiveResult) -> Notice {
    let unit = result.unit.as_deref().unwrap_or_default();
    let interval = result.interval.map(|known| {
        format!("the figure lies between {} and {}", figure(known.low, unit), figure(known.high, unit))
    });
    let rest = [interval, result.reason.clone()].into_iter().flatten().collect::<Vec<_>>().join("; ");
    let text = if rest.is_empty() { what.to_owned() } else { format!("{what}: {rest}") };
    Notice::alike(what.to_owned(), text)
}

fn of_confirmation(confirmation: &Confirmation) -> Notice {
    match confirmation {
        Confirmation::Measured { base, head, compared } => {
            let gist =
                format!("measured in turn, {} against {}: {}", short(head), short(base), compared.verdict);
            let text = format!("{gist}{}", changed(compared));
            let share = compared.change.map(|change| Figure::new(change, Unit::Share, ""));
            share.into_iter().fold(Notice::alike(gist, text), Notice::with)
        }
        Confirmation::SameCommit { commit } => {
            let text = format!("the last good run is of the same commit, {}", short(commit));
            Notice::alike(text.clone(), text)
        }
        Confirmation::Impossible { reason } => {
            let text = format!("not confirmed: {reason}");
            Notice::alike(text.clone(), text)
        }
    }
}
