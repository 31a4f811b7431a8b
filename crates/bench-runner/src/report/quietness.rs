//! Prints how quiet the machine is.

use std::fmt::Write;

use bench_machine::checks::Diagnosis;
use bench_record::{Check, State};
use bench_report::{Style, Table};
use bench_syntax::text::printable;

/// The width of the states in columns: the longest word, and two spaces before the value.
const STATE: usize = "unknown".len() + 2;

/// Renders the table of all checks, each with advice, and their summary.
pub fn render(diagnosis: &Diagnosis, style: Style) -> String {
    let mut table = Table::new(&["", &format!("{:STATE$}found", "state")]);
    let mut checks = diagnosis.checks.iter().peekable();
    while let Some(check) = checks.next() {
        table.remark(check.name.clone(), line(check, style));
        // Printed once for consecutive checks that share it, such as those that a hypervisor hides.
        if let Some(advice) = &check.advice
            && checks.peek().is_none_or(|next| next.advice.as_ref() != Some(advice))
        {
            table.remark("", format!("{:STATE$}→ {}", "", printable(advice)));
        }
    }
    let mut out = table.render(|text| style.bold(text));
    // Writing to a String cannot fail.
    let _ = writeln!(out, "\n{}", summary(diagnosis, style));
    out
}

fn line(check: &Check, style: Style) -> String {
    let (word, painted): (&str, fn(Style, &str) -> String) = match check.state {
        State::Ok => ("ok", Style::good),
        State::Warn => ("warn", Style::doubtful),
        State::Unknown => ("unknown", Style::faint),
    };
    // Padded outside of the colour, whose escape sequences take no column.
    format!("{}{:width$}{}", painted(style, word), "", printable(&check.value), width = STATE - word.len())
}

fn summary(diagnosis: &Diagnosis, style: Style) -> String {
    let (total, warn, unknown) =
        (diagnosis.checks.len(), diagnosis.count(State::Warn), diagnosis.count(State::Unknown));
    if warn + unknown == 0 {
        return style.good(&format!("no warning in {total} checks"));
    }
    let unknown = if unknown > 0 { format!(", {unknown} unknown") } else { String::new() };
    style.doubtful(&format!(
        "{warn} of {total} checks warn{unknown}: follow the advice at → before you trust a figure"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench_report::ColorChoice;

    fn check(name: &str, state: State, value: &str, advice: Option<&str>) -> Check {
        let mut check = Check::new(name, state, value);
        check.advice = advice.map(str::to_owned);
        check
    }

    fn diagnosis(checks: Vec<Check>) -> Diagnosis {
        Diagnosis {
            format: String::new(),
            schema_version: 1,
            timestamp: String::new(),
            watched_s: 1.0,
            checks,
        }
    }

    #[test]
    fn every_check_stands_with_what_to_do_about_it() {
        let found = diagnosis(vec![
            check("turbo", State::Warn, "on", Some("echo 1 | sudo tee /sys/x")),
            check("ASLR", State::Ok, "on", None),
            check("SMT", State::Unknown, "hidden", Some("look on the host")),
            check("steal", State::Unknown, "hidden", Some("look on the host")),
        ]);
        let text = render(&found, Style::for_stdout(ColorChoice::Never));
        let wanted = "       state    found\n\
                      turbo  warn     on\n\
                      \x20               → echo 1 | sudo tee /sys/x\n\
                      ASLR   ok       on\n\
                      SMT    unknown  hidden\n\
                      steal  unknown  hidden\n\
                      \x20               → look on the host\n\
                      \n1 of 4 checks warn, 2 unknown: follow the advice at → before you trust a figure\n";
        assert_eq!(text, wanted);
        let coloured = render(&found, Style::for_stdout(ColorChoice::Always));
        assert!(coloured.contains("turbo  \x1b[33mwarn\x1b[0m     on\n"), "{coloured:?}");
    }

    #[test]
    fn a_quiet_machine_is_said_to_be_one() {
        let text = render(
            &diagnosis(vec![check("ASLR", State::Ok, "\x1bon", None)]),
            Style::for_stdout(ColorChoice::Never),
        );
        assert!(text.ends_with("\nno warning in 1 checks\n") && !text.contains('\x1b'), "{text:?}");
    }
}
