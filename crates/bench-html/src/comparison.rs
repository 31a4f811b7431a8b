//! The comparison of two runs or two programs.

use bench_compare::report::instructions;
use bench_compare::{CountedPair, FORMAT, SCHEMA_VERSION};
use bench_judge::comparison::{Compared, Comparison as OfRuns};
use bench_record::Verdict;
use bench_stats::Interval;
use serde::{Deserialize, Serialize};

/// A comparison, of runs or of programs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The name of the base.
    base: String,
    /// The name of the candidate.
    candidate: String,
    /// The kind of comparison, in words.
    way: &'static str,
    /// The meaning of a change, if it is not the quotient of the two figures; otherwise empty.
    meaning: &'static str,
    /// The difference between the machines or builds of the two sides; `None` if they are the same.
    different: Option<String>,
    /// Notes that a reader should know first.
    notes: Vec<String>,
    /// The smallest change that matters, as a share.
    threshold: f64,
    cases: Vec<Case>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Case {
    id: String,
    /// The unit of `old` and `new`.
    unit: &'static str,
    old: Option<f64>,
    new: Option<f64>,
    change: Option<f64>,
    interval: Option<Ends>,
    verdict: Verdict,
    smallest_effect: Option<f64>,
    reason: Option<String>,
    /// The additional time, in seconds, that would decide an unsure case; `None` if no time can.
    settle_s: Option<f64>,
    instructions: Option<Instructions>,
}

/// The change in the number of instructions, which were counted in addition to the time.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Instructions {
    change: f64,
    /// The change as text, with a mark if it is not exact.
    text: String,
}

impl Comparison {
    /// Converts a comparison of two records.
    pub fn of_runs(comparison: &OfRuns, candidate: &str) -> Self {
        Comparison {
            base: comparison.baseline.clone(),
            candidate: candidate.to_owned(),
            way: "two runs, measured at different times",
            meaning: "A change is what remains after the movement that all cases share has been removed, so it \
                      can differ from after/before.",
            different: comparison.different.clone(),
            notes: comparison.notes.clone(),
            threshold: comparison.threshold,
            cases: comparison.cases.iter().map(Case::of).collect(),
        }
    }

    /// Parses a comparison of two programs that took turns: the `comparison.json` of `bench compare`.
    ///
    /// # Errors
    /// The fault in the file.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let Head { format, schema_version } =
            serde_json::from_slice(json).map_err(|error| format!("not a comparison ({error})"))?;
        if format != FORMAT {
            return Err(format!("not a comparison: its `format` is \"{format}\""));
        }
        if schema_version > SCHEMA_VERSION {
            return Err(format!(
                "it has schema version {schema_version}, but this program reads versions up to {SCHEMA_VERSION}: update `bench`"
            ));
        }
        let document: Document = serde_json::from_slice(json)
            .map_err(|error| format!("it does not follow docs/comparison.schema.json ({error})"))?;
        Ok(Comparison {
            base: document.base.label,
            candidate: document.candidate.label,
            way: "two builds that took turns",
            meaning: "A change is the median over pairs that ran together, so it can differ from after/before of \
                      the medians.",
            different: None,
            notes: document.notes,
            threshold: document.rules.threshold,
            cases: document.cases.into_iter().chain(document.others).map(Case::from).collect(),
        })
    }
}

/// The fields by which the file is recognized.
#[derive(Deserialize)]
struct Head {
    format: String,
    schema_version: u32,
}

/// The shown part of a `comparison.json`, in which an infinite end of an interval is `null`.
#[derive(Deserialize)]
struct Document {
    base: Side,
    candidate: Side,
    rules: Rules,
    notes: Vec<String>,
    cases: Vec<Measured>,
    others: Vec<Measured>,
}

#[derive(Deserialize)]
struct Side {
    label: String,
}

#[derive(Deserialize)]
struct Rules {
    threshold: f64,
}

#[derive(Deserialize)]
struct Measured {
    id: String,
    old_s: Option<f64>,
    new_s: Option<f64>,
    change: Option<f64>,
    interval: Option<Ends>,
    verdict: Verdict,
    smallest_effect: Option<f64>,
    reason: Option<String>,
    #[serde(default)]
    settle_s: Option<f64>,
    instructions: Option<CountedPair>,
}

/// An interval; an infinite end is absent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Ends {
    low: Option<f64>,
    high: Option<f64>,
}

impl From<Interval> for Ends {
    fn from(interval: Interval) -> Self {
        let finite = |end: f64| Some(end).filter(|end| end.is_finite());
        Ends { low: finite(interval.low), high: finite(interval.high) }
    }
}

impl From<Measured> for Case {
    fn from(case: Measured) -> Self {
        let Measured {
            id,
            old_s,
            new_s,
            change,
            interval,
            verdict,
            smallest_effect,
            reason,
            settle_s,
            instructions,
        } = case;
        let instructions = instructions
            .map(|counted| Instructions { change: counted.change, text: instructions::short(&counted) });
        Case {
            id,
            unit: "s",
            old: old_s,
            new: new_s,
            change,
            interval,
            verdict,
            smallest_effect,
            reason,
            settle_s,
            instructions,
        }
    }
}

impl Case {
    fn of(compared: &Compared) -> Self {
        let (unit, old, new) = match &compared.counts {
            Some(counts) => {
                ("instructions", counts.old.map(|count| count as f64), counts.new.map(|count| count as f64))
            }
            None => ("s", compared.old_s, compared.new_s),
        };
        Case {
            id: compared.id.clone(),
            unit,
            old,
            new,
            change: compared.change,
            interval: compared.interval.map(Ends::from),
            verdict: compared.verdict,
            smallest_effect: compared.smallest_effect,
            reason: compared.reason.clone(),
            settle_s: None,
            instructions: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_comparison_is_read_even_where_an_interval_has_no_end() {
        let json = br#"{"format": "bench-comparison", "schema_version": 1, "base": {"label": "main"},
            "candidate": {"label": "HEAD"}, "rules": {"threshold": 0.01}, "notes": ["n"], "others": [],
            "cases": [{"id": "unit/x", "old_s": 1.0, "new_s": 1.1, "change": 0.1, "interval": {"low": 0.02, "high": null},
                       "verdict": "slower", "smallest_effect": null, "reason": null, "settle_s": 12.5}]}"#;
        let read = Comparison::parse(json).expect("a comparison");
        assert_eq!((read.base.as_str(), read.candidate.as_str(), read.cases.len()), ("main", "HEAD", 1));
        assert_eq!(read.cases[0].interval, Some(Ends { low: Some(0.02), high: None }));
        assert_eq!(read.cases[0].settle_s, Some(12.5));
        assert_eq!(read.cases[0].instructions, None, "older documents hold none");
    }

    #[test]
    fn what_was_counted_is_shown_as_on_the_console() {
        let count =
            r#"{"instructions": N, "l1_hits": 0, "ll_hits": 0, "ram_hits": 0, "estimated_cycles": 0}"#;
        let side = |instructions: u64| {
            let count = count.replace('N', &instructions.to_string());
            format!(
                r#"{{"iteration": {count}, "first_call": {count}, "least_instructions": {instructions},
                    "most_instructions": {instructions}, "rounds": 2}}"#
            )
        };
        let json = format!(
            r#"{{"format": "bench-comparison", "schema_version": 2, "base": {{"label": "a"}}, "candidate": {{"label": "b"}},
                "rules": {{"threshold": 0.01}}, "notes": [], "others": [], "cases": [{{"id": "unit/x", "old_s": 1.0,
                "new_s": 1.0, "change": 0.0, "interval": null, "verdict": "unsure", "smallest_effect": null, "reason": null,
                "instructions": {{"base": {}, "candidate": {}, "change": 0.02}}}}]}}"#,
            side(5000),
            side(5100)
        );
        let read = Comparison::parse(json.as_bytes()).expect("a comparison");
        let text = "+2.00 %".to_owned();
        assert_eq!(read.cases[0].instructions, Some(Instructions { change: 0.02, text }));
    }

    #[test]
    fn what_is_wrong_with_a_comparison_is_said() {
        for (json, reason) in [
            ("", "not a comparison"),
            (r#"{"format": "bench-run", "schema_version": 1}"#, "bench-run"),
            (r#"{"format": "bench-comparison", "schema_version": 9}"#, "version 9"),
            (r#"{"format": "bench-comparison", "schema_version": 1}"#, "does not follow"),
        ] {
            let message = Comparison::parse(json.as_bytes()).expect_err(json);
            assert!(message.contains(reason), "{message}");
        }
    }
}
