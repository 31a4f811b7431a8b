//! A decision of `bench gate` on the console.

use bench_history::change::{FEWEST, Kind};
use bench_history::gate::{Confirmation, Decision, Evidence, Finding, Ruling, Told};
use bench_history::trend::Turn;
use bench_record::ObjectiveResult;
use bench_report::{Style, Table, on_console};
use bench_syntax::text::one_line;

use crate::trend::{figure, machine_line, together_with, told};

/// The findings that matter with what they rest on, and everything else in a line.
pub(crate) fn render(decision: &Decision, strict: bool, style: Style) -> String {
    let mut text = String::new();
    let mut say = |line: &str| text += &(line.to_owned() + "\n");
    let against = match &decision.against {
        Told::History => "its history".to_owned(),
        Told::Baseline { name, run } if name == run => format!("the run {run}"),
        Told::Baseline { name, run } => format!("the baseline {name} ({run})"),
    };
    say(&style.bold(&one_line(&format!("{}{} against {against}", decision.run, at(&decision.commit)))));
    for note in &decision.notes {
        say(&format!("{} {}", style.doubtful("note:"), one_line(note)));
    }
    for shift in &decision.machine_shifts {
        say(&one_line(&machine_line(shift)));
    }
    let shown: Vec<&Finding> =
        decision.findings.iter().filter(|finding| strict || matters(finding)).collect();
    if !shown.is_empty() {
        let mut table = Table::new(&["", "before", "level now", "this run", "change", "allowed", "ruling"]);
        for finding in shown {
            table.row(cells(finding, style));
            for line in evidence(finding) {
                table.remark("", one_line(&line));
            }
        }
        say(table.render(|text| style.bold(text)).trim_end());
    }
    say(&conclusion(decision, strict));
    on_console(&text)
}

/// Whether a finding is printed. An unsure figure is only counted, unless it was measured again, or looks twice as
/// bad as is allowed.
fn matters(finding: &Finding) -> bool {
    finding.ruling != Ruling::Unsure
        || matches!(finding.confirmation, Some(Confirmation::Measured { .. }))
        || looks_bad(finding)
}

/// Whether a figure moved by more than twice what is allowed, however little is known of it.
fn looks_bad(finding: &Finding) -> bool {
    match (finding.before, finding.now, finding.allowed) {
        (Some(before), Some(now), Some(allowed)) => (now - before).abs() > 2.0 * allowed,
        _ => false,
    }
}

fn cells(finding: &Finding, style: Style) -> Vec<String> {
    let value = |value: Option<f64>| value.map(|value| figure(value, &finding.unit)).unwrap_or_default();
    let allowed = match (finding.allowed, finding.before) {
        (Some(allowed), Some(before)) if before != 0.0 => format!("{:.1} %", 100.0 * allowed / before.abs()),
        (allowed, _) => value(allowed),
    };
    let ruling = match finding.ruling {
        Ruling::Fails => style.bad("fails"),
        Ruling::Unsure => style.doubtful("unsure"),
        Ruling::Cleared => "cleared".to_owned(),
    };
    vec![
        one_line(&format!("{}  {}", finding.case, finding.figure)),
        value(finding.before),
        value(finding.now.filter(|_| matches!(finding.evidence, Evidence::History { .. }))),
        value(finding.this_run),
        finding.change().map(percent).unwrap_or_default(),
        allowed,
        ruling,
    ]
}

/// Returns the evidence for a finding, one line each.
pub(crate) fn evidence(finding: &Finding) -> Vec<String> {
    let mut lines = match &finding.evidence {
        Evidence::Failure { reason } => vec![reason.clone()],
        Evidence::History { turn, new } => of_history(turn, *new),
        Evidence::Baseline { interval, reason, .. } => {
            let interval = interval.map(|known| format!("{} to {}", percent(known.low), percent(known.high)));
            vec![[interval, reason.clone()].into_iter().flatten().collect::<Vec<_>>().join("; ")]
        }
        Evidence::Limit { result } => vec![of_result("a limit of bench.toml", result)],
        Evidence::Objective { result } => vec![of_result("a target of the benchmark", result)],
    };
    if let (Some(share), Some(change)) = (finding.of_machine, finding.change()) {
        let whole = (1.0 + change) * (1.0 + share) - 1.0;
        lines.push(format!(
            "the total change since then is {}; {} of it affects the whole machine, and is not included above",
            percent(whole),
            percent(share)
        ));
    }
    lines.extend(finding.confirmation.as_ref().map(of_confirmation));
    if let (Evidence::History { turn, .. }, Ruling::Fails) = (&finding.evidence, finding.ruling) {
        let case = quoted(&finding.case);
        let commits = turn.last_before.commit.as_ref().zip(turn.since.commit.as_ref());
        if let Some((good, bad)) = commits.filter(|(good, bad)| good != bad && finding.figure == "time") {
            let (good, bad) = (short(good), short(bad));
            lines.push(format!("to find the commit: bench bisect {good} {bad} --case {case}"));
        }
        lines.push(format!("if the change is right: bench accept {case} --reason TEXT"));
    }
    lines
}

fn of_history(turn: &Turn, new: bool) -> Vec<String> {
    let since = match turn.kind {
        Kind::Step => format!("since {}, last before: {}", told(&turn.since), told(&turn.last_before)),
        Kind::Drift => format!("gradually until {}", told(&turn.since)),
    };
    let found = if new { "found by this run".to_owned() } else { format!("found by {}", turn.found.run) };
    vec![since + &together_with(&turn.also), format!("{found} (z = {:.1})", turn.z)]
}

fn of_result(what: &str, result: &ObjectiveResult) -> String {
    let unit = result.unit.as_deref().unwrap_or_default();
    let interval = result.interval.map(|known| {
        format!("the figure lies between {} and {}", figure(known.low, unit), figure(known.high, unit))
    });
    let rest = [interval, result.reason.clone()].into_iter().flatten().collect::<Vec<_>>().join("; ");
    if rest.is_empty() { what.to_owned() } else { format!("{what}: {rest}") }
}

fn of_confirmation(confirmation: &Confirmation) -> String {
    match confirmation {
        Confirmation::Measured { base, head, compared } => {
            let change = compared.change.map(|change| format!(" {}", percent(change))).unwrap_or_default();
            let interval = compared
                .interval
                .map(|known| format!(" ({} to {})", percent(known.low), percent(known.high)))
                .unwrap_or_default();
            let (base, head) = (short(base), short(head));
            format!("measured in turn, {head} against {base}: {}{change}{interval}", compared.verdict)
        }
        Confirmation::SameCommit { commit } => {
            format!("the last good run is of the same commit, {}", short(commit))
        }
        Confirmation::Impossible { reason } => format!("not confirmed: {reason}"),
    }
}

fn conclusion(decision: &Decision, strict: bool) -> String {
    let count = |ruling| decision.with(ruling).count();
    let (fails, unsure, cleared) = (count(Ruling::Fails), count(Ruling::Unsure), count(Ruling::Cleared));
    let mut parts = Vec::new();
    if fails > 0 {
        parts.push(format!("{fails} {}", if fails == 1 { "fails" } else { "fail" }));
    }
    if unsure > 0 {
        let hidden = decision.with(Ruling::Unsure).any(|finding| !matters(finding));
        let hint = if strict || !hidden { "" } else { " (--strict shows all of them)" };
        parts.push(format!("{unsure} unsure{hint}"));
    }
    if cleared > 0 {
        parts.push(format!("{cleared} cleared"));
    }
    if decision.too_little_history > 0 {
        let fewest = FEWEST;
        parts.push(format!(
            "{} with too little history (fewer than {fewest} runs)",
            decision.too_little_history
        ));
    }
    let rest = if parts.is_empty() { "nothing to report".to_owned() } else { parts.join(", ") };
    if decision.is_empty() {
        return "nothing was judged: this run has no figure that [gate] or a rule asks for, and no limit or target"
            .to_owned();
    }
    let objectives = match decision.objectives {
        0 => String::new(),
        1 => " and 1 limit or target".to_owned(),
        several => format!(" and {several} limits and targets"),
    };
    format!("{} figures{objectives} judged: {rest}", decision.judged)
}

/// A commit in parentheses, where it is known.
fn at(commit: &Option<String>) -> String {
    commit.as_deref().map(|commit| format!(" ({})", short(commit))).unwrap_or_default()
}

/// Shortens a commit to the part that people read.
pub(crate) fn short(commit: &str) -> String {
    commit.chars().take(12).collect()
}

/// A relative change.
pub(crate) fn percent(share: f64) -> String {
    format!("{:+.1} %", share * 100.0)
}

/// An id as a shell takes it for one word.
fn quoted(id: &str) -> String {
    format!("'{}'", id.replace('\'', "'\\''"))
}
