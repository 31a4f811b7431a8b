//! A decision of `bench gate` on the console.

mod evidence;

use bench_history::change::FEWEST;
use bench_history::gate::{Confirmation, Decision, Evidence, Finding, Ruling, Told};
use bench_judge::comparison::Compared;
use bench_report::{Folded, Style, Table, View, on_console};
use bench_syntax::text::one_line;

use crate::trend::{figure, machine_line};

pub(crate) use evidence::evidence;

/// If there are more findings than this, evidence that several of them share is printed once, unless all details are
/// requested.
const DESCRIBED: usize = 3;

/// Renders the findings that matter, with their evidence, and everything else in one line.
pub(crate) fn render(decision: &Decision, strict: bool, view: &View) -> String {
    let style = view.style;
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
        let is_folded = view.is_short() && shown.len() > DESCRIBED;
        for finding in &shown {
            table.row(cells(finding, style));
            for notice in evidence(finding).into_iter().filter(|_| !is_folded) {
                table.remark("", one_line(&notice.text));
            }
        }
        say(table.render(|text| style.bold(text)).trim_end());
        if is_folded {
            for line in together(&shown) {
                say(&view.wrap(&line, 2));
            }
            say(&style.faint("what each finding rests on: --verbose"));
        }
    }
    say(&conclusion(decision, strict));
    on_console(&text)
}

/// Returns the evidence that several findings share, to be printed once for all of them.
fn together(findings: &[&Finding]) -> Vec<String> {
    let notices = findings.iter().flat_map(|finding| {
        let name = format!("{} {}", finding.case, finding.figure);
        evidence(finding).into_iter().map(move |notice| (name.clone(), notice))
    });
    Folded::all(notices).iter().map(|folded| folded.line("figures")).collect()
}

/// Whether a finding is printed. An unsure figure is only counted, unless it was measured again or moved by more than
/// twice what is allowed.
fn matters(finding: &Finding) -> bool {
    finding.ruling != Ruling::Unsure
        || matches!(finding.confirmation, Some(Confirmation::Measured { .. }))
        || looks_bad(finding)
}

/// Whether a figure moved by more than twice what is allowed, however uncertain the change is.
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

/// Returns the commit in parentheses; empty if it is not known.
fn at(commit: &Option<String>) -> String {
    commit.as_deref().map(|commit| format!(" ({})", short(commit))).unwrap_or_default()
}

/// Shortens a commit hash to the part that people read.
pub(crate) fn short(commit: &str) -> String {
    commit.chars().take(12).collect()
}

/// Returns the change of a comparison and its interval, after a space: ` +3.0 % (+1.0 % to +5.0 %)`.
pub(crate) fn changed(compared: &Compared) -> String {
    let change = compared.change.map(|change| format!(" {}", percent(change))).unwrap_or_default();
    let interval = compared.interval;
    let interval = interval.map(|known| format!(" ({} to {})", percent(known.low), percent(known.high)));
    change + &interval.unwrap_or_default()
}

/// Formats a relative change in percent.
pub(crate) fn percent(share: f64) -> String {
    format!("{:+.1} %", share * 100.0)
}
