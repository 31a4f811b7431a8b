//! Describes the result of a comparison in words.

use std::collections::BTreeMap;

use crate::comparison::{Compared, Comparison, counted};
use bench_record::{Measure, Verdict};
use bench_syntax::quantity::percent;
use bench_syntax::text::shell_word;

/// A smallest visible change that is larger than this share is not printed as a number.
const NOTHING_SEEN: f64 = 10.0;

/// The largest number of cases that are named one by one.
const NAMED: usize = 3;

impl Comparison {
    /// Summarizes the table: counts, and what prevents a verdict.
    pub fn conclusion(&self) -> Vec<String> {
        let counts = counted(self.cases.iter().map(|case| case.verdict));
        let mut lines = vec![counts.unwrap_or_else(|| "no case in common".to_owned())];
        lines.extend(self.reasons(Verdict::Failed));
        lines.extend(self.reasons(Verdict::Skipped));
        let unsure: Vec<&Compared> = self.with(Verdict::Unsure).collect();
        if unsure.is_empty() {
            return lines;
        }
        if self.measure == Measure::Time {
            lines.extend(smallest_effects(&unsure));
        }
        lines.extend(self.reasons(Verdict::Unsure));
        lines
    }

    /// Returns advice on how to settle unsure cases, for two builds of the same benchmarks; `None` if more measuring
    /// would not help.
    pub fn advice(&self) -> Option<String> {
        let unsure = self.undecided()?;
        Some(format!("to settle it, let both builds take turns: {}", self.paired_command(&unsure)))
    }

    /// Same as [`advice`](Self::advice), for a server that was measured over the network, which no command can build
    /// again.
    pub fn advice_for_servers(&self) -> Option<String> {
        self.undecided()?;
        let advice = "to settle it, let the old and the new server take turns: bench compare OLD_URL NEW_URL -- FLAGS, with the \
                      flags of this load";
        Some(advice.to_owned())
    }

    /// Returns the unsure cases; `None` if there are none, or if they are counts, which repeating does not improve.
    fn undecided(&self) -> Option<Vec<&Compared>> {
        let unsure: Vec<&Compared> = self.with(Verdict::Unsure).collect();
        (!unsure.is_empty() && self.measure != Measure::Instructions).then_some(unsure)
    }

    /// Returns one line for each reason of this verdict, with the cases that share it.
    fn reasons(&self, verdict: Verdict) -> Vec<String> {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for case in self.with(verdict) {
            if let Some(reason) = &case.reason {
                reasons.entry(reason).or_default().push(&case.id);
            }
        }
        let line = |(reason, ids): (&str, Vec<&str>)| {
            let who = if ids.len() > NAMED { format!("{} cases", ids.len()) } else { ids.join(", ") };
            format!("  {who}: {reason}")
        };
        reasons.into_iter().map(line).collect()
    }

    /// Returns the command that compares the same two builds live.
    fn paired_command(&self, unsure: &[&Compared]) -> String {
        let filters: String = if unsure.len() > NAMED {
            String::new()
        } else {
            let ids = unsure.iter().map(|case| format!(" {}", shell_word(&case.id)));
            format!(" --exact{}", ids.collect::<String>())
        };
        match &self.baseline_commit {
            Some(commit) => {
                let short: String = commit.chars().take(12).collect();
                format!("cargo bench -- --against {short}{filters}")
            }
            None => format!(
                "cargo bench -- --against REV{filters}, or bench compare BASE CANDIDATE (the earlier run was \
                 made with uncommitted changes: REV or BASE is the revision that you want to compare with)"
            ),
        }
    }
}

/// Formats the smallest change that could have been seen: `±2.5 %`.
pub fn visible(effect: f64) -> String {
    if effect > NOTHING_SEEN {
        format!("more than ±{}", percent(NOTHING_SEEN))
    } else {
        format!("±{}", percent(effect))
    }
}

fn smallest_effects(unsure: &[&Compared]) -> Option<String> {
    let of = |case: &&&Compared| case.smallest_effect.unwrap_or(f64::INFINITY);
    let with: Vec<&&Compared> = unsure.iter().filter(|case| case.smallest_effect.is_some()).collect();
    let least = with.iter().copied().min_by(|a, b| of(a).total_cmp(&of(b)))?;
    let most = with.iter().copied().max_by(|a, b| of(a).total_cmp(&of(b)))?;
    let figure = |case: &Compared| visible(case.smallest_effect.unwrap_or_default());
    let shown = |case: &Compared| format!("{} ({})", figure(case), case.id);
    let range = match with.len() {
        1 => shown(least),
        _ if figure(least) == figure(most) => figure(least),
        _ => format!("{} to {}", shown(least), shown(most)),
    };
    Some(format!("unsure: two runs made at different times could at best have shown a change of {range}"))
}

#[cfg(test)]
mod tests {
    use crate::comparison::{Comparison, Judgement};
    use crate::testing::record;
    use bench_record::Record;

    fn conclusion(old: &Record, ids: &[&str]) -> String {
        let new = record(ids.iter().map(|id| (*id, vec![100_000; 6])).collect());
        let comparison = Comparison::of(old, &new, &Judgement::default(), |_| true);
        comparison.conclusion().into_iter().chain(comparison.advice()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_change_that_no_run_could_show_is_not_given_in_nine_digits() {
        assert_eq!(super::visible(0.025), "±2.5 %");
        assert_eq!(super::visible(7_088_408.26), "more than ±1000 %");
    }

    fn earlier(ids: &[&str]) -> Record {
        record(ids.iter().map(|id| (*id, vec![100_000; 6])).collect())
    }

    #[test]
    fn unsure_says_what_could_be_seen_and_what_would_settle_it() {
        let mut old = earlier(&["unit/x", "unit/it's"]);
        old.environment.commit = Some("0123456789abcdef0123".to_owned());
        old.environment.dirty = Some(false);
        let text = conclusion(&old, &["unit/x", "unit/it's"]);
        assert!(text.contains("2 unsure") && text.contains("a change of ±63 %\n"), "{text}");
        assert!(text.contains("unit/it's, unit/x: fewer than 5 earlier runs"), "{text}");
        let command = "cargo bench -- --against 0123456789ab --exact 'unit/it'\\''s' 'unit/x'";
        assert!(text.ends_with(command), "{text}");
    }

    #[test]
    fn nobody_is_told_to_build_a_server_anew() {
        let new = record(vec![("unit/x", vec![100_000; 6])]);
        let of =
            |old: &Record| Comparison::of(old, &new, &Judgement::default(), |_| true).advice_for_servers();
        let advice = of(&earlier(&["unit/x"])).expect("one run decides nothing");
        assert!(advice.contains("bench compare OLD_URL NEW_URL") && !advice.contains("cargo"), "{advice}");
        assert_eq!(of(&earlier(&["unit/other"])), None);
    }

    #[test]
    fn a_tree_that_no_commit_holds_is_not_named() {
        let mut old = earlier(&["unit/x"]);
        old.environment.commit = Some("0123456789abcdef0123".to_owned());
        for dirty in [None, Some(true)] {
            old.environment.dirty = dirty;
            let text = conclusion(&old, &["unit/x"]);
            assert!(text.contains("--against REV") && text.contains("bench compare BASE"), "{text}");
            assert!(!text.contains("0123456789ab"), "{text}");
        }
    }

    #[test]
    fn many_cases_are_counted_and_none_is_no_matter() {
        let ids = ["unit/a", "unit/b", "unit/c", "unit/d"];
        let text = conclusion(&earlier(&ids), &ids);
        assert!(text.contains("4 cases: ") && !text.contains("--exact"), "{text}");
        assert_eq!(conclusion(&earlier(&["unit/a"]), &["unit/b"]), "1 added, 1 removed");
    }
}
