//! A check of the machine, as it is recorded.

use serde::{Deserialize, Serialize};

/// The check of a property of the machine that can change figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Check {
    /// The name of the check: `governor`, `steal`.
    pub name: String,
    /// The result.
    pub state: State,
    /// The value that was found, with its unit; the reason if it is unknown.
    pub value: String,
    /// The command to type, or the action to take; absent if all is well.
    pub advice: Option<String>,
}

/// The result of a check. The largest is the one to report first.
///
/// Exhaustive: every view of a check must show each state in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing suspicious was found.
    Ok,
    /// It cannot be determined on this machine.
    Unknown,
    /// It can change figures.
    Warn,
}

impl Check {
    /// Creates a check without advice.
    pub fn new(name: impl Into<String>, state: State, value: impl Into<String>) -> Self {
        Check { name: name.into(), state, value: value.into(), advice: None }
    }

    /// Combines this check, made at the start of a run, with `end`, made at its end: a power manager, or an unplugged
    /// charger, may have changed the property in between.
    pub fn until(self, end: Check) -> Check {
        if self.value == end.value || (self.state, end.state) == (State::Ok, State::Ok) {
            return end;
        }
        let value = format!("{} at the start, {} at the end", self.value, end.value);
        let worse = if self.state > end.state { self } else { end };
        Check { value, ..worse }
    }
}

/// The maximum number of unknown checks that are named in one line.
const NAMED: usize = 8;

/// Returns the lines of warnings: one for each check that warns, and one for all unknown ones.
pub fn warnings(checks: &[Check]) -> Vec<String> {
    let of = |state| checks.iter().filter(move |check| check.state == state);
    let mut lines: Vec<String> =
        of(State::Warn).map(|check| format!("{}: {}", check.name, check.value)).collect();
    let unknown: Vec<&str> = of(State::Unknown).map(|check| check.name.as_str()).collect();
    if !unknown.is_empty() {
        let more = unknown.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let named = unknown.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        lines.push(format!("unknown on this machine: {named}{more}"));
    }
    lines
}

/// Merges the checks of two runs on one machine: the worse result of each is kept.
pub fn merge(earlier: &mut Vec<Check>, later: Vec<Check>) {
    for check in later {
        match earlier.iter_mut().find(|known| known.name == check.name) {
            Some(known) if known.state < check.state => *known = check,
            Some(_) => {}
            None => earlier.push(check),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(name: &str, value: &str) -> Check {
        Check { name: name.to_owned(), state: State::Ok, value: value.to_owned(), advice: None }
    }

    fn warn(name: &str, value: &str) -> Check {
        Check {
            name: name.to_owned(),
            state: State::Warn,
            value: value.to_owned(),
            advice: Some(format!("do not {value}")),
        }
    }

    fn unknown(name: &str) -> Check {
        Check {
            name: name.to_owned(),
            state: State::Unknown,
            value: "no file".to_owned(),
            advice: Some("write it".to_owned()),
        }
    }

    #[test]
    fn what_changed_meanwhile_is_told_with_the_advice_for_what_is_wrong() {
        let changed = ok("governor", "performance").until(warn("governor", "powersave"));
        assert_eq!(changed.value, "performance at the start, powersave at the end");
        assert_eq!((changed.state, changed.advice.as_deref()), (State::Warn, Some("do not powersave")));
        let back = warn("governor", "powersave").until(ok("governor", "performance"));
        assert_eq!((back.state, back.advice.as_deref()), (State::Warn, Some("do not powersave")));
        assert_eq!(warn("a", "b").until(warn("a", "b")), warn("a", "b"));
        assert_eq!(ok("battery", "full").until(ok("battery", "charging")).value, "charging");
    }

    #[test]
    fn a_line_for_each_warning_and_one_for_all_that_is_unknown() {
        let checks = [warn("turbo", "on"), unknown("governor"), ok("aslr", "on"), unknown("steal")];
        assert_eq!(warnings(&checks), ["turbo: on", "unknown on this machine: governor, steal"]);
        assert!(warnings(&checks[2..3]).is_empty());
        let many: Vec<Check> = (1..=10).map(|number| unknown(&number.to_string())).collect();
        assert_eq!(warnings(&many), ["unknown on this machine: 1, 2, 3, 4, 5, 6, 7, 8, and 2 more"]);
    }

    #[test]
    fn of_two_runs_the_worse_is_kept() {
        let mut checks = vec![warn("steal", "2 %"), ok("turbo", "off"), ok("smt", "off")];
        let later = vec![ok("steal", "0 %"), unknown("turbo"), warn("smt", "on"), ok("aslr", "on")];
        merge(&mut checks, later);
        assert_eq!(checks, [warn("steal", "2 %"), unknown("turbo"), warn("smt", "on"), ok("aslr", "on")]);
    }
}
