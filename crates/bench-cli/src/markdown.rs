//! A comparison or a decision as a comment on a pull request: the verdict first, then the changed cases; all others are
//! folded.

use std::fmt::Write;

use bench_history::gate::{Decision, Finding, Ruling};
use bench_judge::comparison::{Compared, counted};
use bench_record::Verdict;
use bench_syntax::quantity::Seconds;
use bench_syntax::text::one_line;

use crate::decision::{evidence, percent};
use crate::trend::figure;

/// The part of a comment about a comparison that precedes its cases.
pub(crate) struct Heading<'a> {
    /// The label of the base.
    pub(crate) base: &'a str,
    /// The label of the candidate.
    pub(crate) candidate: &'a str,
    /// The smallest change that matters, as a share.
    pub(crate) threshold: f64,
    /// Notes that come before the cases.
    pub(crate) notes: &'a [String],
}

/// Returns a comment about a comparison.
pub(crate) fn comparison(heading: &Heading<'_>, cases: &[&Compared]) -> String {
    let with = |wanted: &[Verdict]| {
        cases.iter().copied().filter(|case| wanted.contains(&case.verdict)).collect::<Vec<_>>()
    };
    let [slower, faster] = [Verdict::Slower, Verdict::Faster].map(|verdict| with(&[verdict]));
    let verdict = match (slower.len(), faster.len()) {
        (0, 0) if with(&[Verdict::Failed]).is_empty() => "no change".to_owned(),
        (0, 0) => "failed".to_owned(),
        (0, faster) => format!("{faster} faster"),
        (slower, 0) => format!("{slower} slower"),
        (slower, faster) => format!("{slower} slower, {faster} faster"),
    };
    let mut out = format!("### Benchmarks: {verdict}\n\n");
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{} against {}", code(heading.candidate), code(heading.base));
    let mut changed = [slower, faster, with(&[Verdict::Failed])].concat();
    changed.sort_by(|a, b| size(b).total_cmp(&size(a)));
    if !changed.is_empty() {
        let _ = writeln!(out, "\n{}", table(&changed));
    }
    out += &folded("unsure", &with(&[Verdict::Unsure]));
    out += &folded("without a change", &with(&[Verdict::Same]));
    out += &folded("not compared", &with(&[Verdict::Added, Verdict::Removed, Verdict::Skipped]));
    for note in heading.notes {
        let _ = writeln!(out, "- {}", code(note));
    }
    let counts = counted(cases.iter().map(|case| case.verdict));
    let counts = counts.unwrap_or_else(|| "nothing was compared".to_owned());
    let _ = writeln!(out, "\n{counts} at a threshold of {:.3} %", heading.threshold * 100.0);
    out
}

/// Returns a comment about a decision of `bench gate`.
pub(crate) fn gate(decision: &Decision, strict: bool) -> String {
    let of = |ruling| decision.with(ruling).collect::<Vec<_>>();
    let (fails, unsure) = (of(Ruling::Fails), of(Ruling::Unsure));
    let verdict = match (fails.len(), unsure.len()) {
        _ if decision.is_empty() => "nothing was judged".to_owned(),
        (0, 0) => "pass".to_owned(),
        (0, unsure) if strict => format!("{unsure} unsure"),
        (0, _) => "pass".to_owned(),
        (1, _) => "1 figure fails".to_owned(),
        (fails, _) => format!("{fails} figures fail"),
    };
    let mut out = format!("### Benchmarks: {verdict}\n\n{}\n", code(&decision.run));
    if !fails.is_empty() {
        let _ = writeln!(out, "\n{}", findings(&fails));
    }
    for (what, some) in [("unsure", unsure), ("cleared", of(Ruling::Cleared))] {
        if !some.is_empty() {
            out += &details(&format!("{} {what}", some.len()), &findings(&some));
        }
    }
    for note in &decision.notes {
        let _ = writeln!(out, "- {}", code(note));
    }
    let _ = writeln!(out, "\n{} figures, {} limits and targets judged", decision.judged, decision.objectives);
    out
}

/// Returns a table with a row for each case.
fn table(cases: &[&Compared]) -> String {
    let seconds = |value: Option<f64>| value.map(|value| Seconds(value).to_string()).unwrap_or_default();
    let rows = cases.iter().map(|case| {
        let change = case.change.map(percent).unwrap_or_default();
        let interval =
            case.interval.map(|known| format!("{} to {}", percent(known.low), percent(known.high)));
        format!(
            "| {} | {} | {} | {change} | {} | {} |\n",
            code(&case.id),
            seconds(case.old_s),
            seconds(case.new_s),
            interval.unwrap_or_default(),
            case.verdict
        )
    });
    let head = "| case | base | candidate | change | interval | verdict |\n|---|---:|---:|---:|---|---|\n";
    head.to_owned() + rows.collect::<String>().trim_end()
}

/// Returns a table with a row for each finding.
fn findings(findings: &[&Finding]) -> String {
    let rows = findings.iter().map(|finding| {
        let value = |value: Option<f64>| value.map(|value| figure(value, &finding.unit)).unwrap_or_default();
        let why: Vec<String> = evidence(finding).iter().map(|notice| code(&notice.text)).collect();
        format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            code(&finding.case),
            code(&finding.figure),
            value(finding.before),
            value(finding.now),
            finding.change().map(percent).unwrap_or_default(),
            why.join("<br>")
        )
    });
    let head = "| case | figure | before | now | change | why |\n|---|---|---:|---:|---:|---|\n";
    head.to_owned() + rows.collect::<String>().trim_end()
}

fn folded(what: &str, cases: &[&Compared]) -> String {
    if cases.is_empty() { String::new() } else { details(&format!("{} {what}", cases.len()), &table(cases)) }
}

/// Returns a section that is folded until a reader opens it.
fn details(summary: &str, text: &str) -> String {
    format!("\n<details><summary>{summary}</summary>\n\n{text}\n\n</details>\n")
}

fn size(case: &Compared) -> f64 {
    case.change.map_or(f64::INFINITY, f64::abs)
}

/// Puts text from a benchmark or from git in code marks, so that it can neither mention anyone, nor be a link, nor end
/// a cell.
fn code(text: &str) -> String {
    format!("`{}`", one_line(text).replace('`', "'").replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use bench_stats::Interval;

    use super::*;

    fn case(id: &str, verdict: Verdict, change: f64) -> Compared {
        Compared {
            old_s: Some(1e-3),
            new_s: Some(1e-3 * (1.0 + change)),
            change: Some(change),
            interval: Some(Interval { low: change - 0.01, high: change + 0.01 }),
            ..Compared::blank(id, verdict)
        }
    }

    #[test]
    fn a_comment_begins_with_the_verdict_and_folds_what_has_not_changed() {
        let cases = [
            case("unit/a", Verdict::Slower, 0.05),
            case("unit/b|`@all`", Verdict::Slower, 0.20),
            case("unit/c", Verdict::Same, 0.0),
            case("unit/d", Verdict::Faster, -0.1),
            case("unit/e", Verdict::Unsure, 0.01),
        ];
        let notes = ["see <!here>".to_owned()];
        let heading = Heading { base: "main", candidate: "HEAD", threshold: 0.01, notes: &notes };
        let text = comparison(&heading, &cases.iter().collect::<Vec<_>>());
        assert!(text.starts_with("### Benchmarks: 2 slower, 1 faster\n\n`HEAD` against `main`\n"), "{text}");
        let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("no {what} in {text}"));
        assert!(place("unit/b") < place("unit/d") && place("unit/d") < place("unit/a"), "by size: {text}");
        assert!(place("unit/a") < place("<summary>1 unsure</summary>"), "{text}");
        assert!(place("<summary>1 without a change</summary>") < place("unit/c"), "{text}");
        assert!(text.contains("| `unit/b\\|'@all'` | 1.000 ms | 1.200 ms | +20.0 % |"), "{text}");
        assert!(text.contains("- `see <!here>`\n") && text.contains("threshold of 1.000 %"), "{text}");
    }

    #[test]
    fn no_change_is_said_first() {
        let cases = [case("unit/a", Verdict::Same, 0.0)];
        let heading = Heading { base: "main", candidate: ".", threshold: 0.01, notes: &[] };
        let text = comparison(&heading, &[&cases[0]]);
        assert!(text.starts_with("### Benchmarks: no change\n"), "{text}");
        assert!(!text[..text.find("<details>").expect("folded")].contains("unit/a"), "{text}");
    }
}
