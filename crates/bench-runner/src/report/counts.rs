//! The tables of counted instructions.

use std::cmp::Ordering;

use bench_judge::comparison::Compared;
use bench_record::{CaseCounts, Counts};
use bench_report::{CaseColumns, Style};
use bench_syntax::quantity::grouped;

/// The header of the columns of [`cells`].
pub(super) const HEADER: [&str; 7] =
    ["", "instructions", "estimated cycles", "L1 hits", "LL hits", "RAM hits", "first call"];

/// The note below the table.
pub(super) const NOTE: &str = "estimated cycles = instructions + 10 × L1 misses + 100 × LL misses (KCachegrind's), in \
                               simulated caches; first call in instructions";

/// The row of a case.
pub(super) fn cells(name: String, counts: &CaseCounts) -> Vec<String> {
    let Counts { instructions, l1_hits, ll_hits, ram_hits, estimated_cycles, .. } = counts.iteration;
    let figures =
        [instructions, estimated_cycles, l1_hits, ll_hits, ram_hits, counts.first_call.instructions];
    std::iter::once(name).chain(figures.map(grouped)).collect()
}

/// The columns of [`compared`].
pub(super) const COMPARED: CaseColumns<'_> = CaseColumns {
    header: &["", "old", "new", "difference", "change", "estimated cycles", "verdict"],
    dispensable: &["estimated cycles", "difference", "old"],
};

/// The cells of a case in a comparison, after its name.
pub(super) fn compared(case: &Compared, style: Style) -> Vec<String> {
    let counts = case.counts.as_ref();
    let (old, new) = (counts.and_then(|counts| counts.old), counts.and_then(|counts| counts.new));
    let count = |count: Option<u64>| count.map(grouped).unwrap_or_default();
    let difference = |(old, new): (u64, u64)| {
        let sign = match new.cmp(&old) {
            Ordering::Less => "-",
            Ordering::Equal => "",
            Ordering::Greater => "+",
        };
        format!("{sign}{}", grouped(new.abs_diff(old)))
    };
    vec![
        count(old),
        count(new),
        old.zip(new).map(difference).unwrap_or_default(),
        change(case.change),
        change(counts.and_then(|counts| counts.change_of_cycles)),
        style.verdict(case.verdict),
    ]
}

/// Formats a relative change to 0.001 %, because counts are exact.
fn change(change: Option<f64>) -> String {
    match change {
        None => String::new(),
        Some(0.0) => "0 %".to_owned(),
        Some(change) if change.abs() < 5e-6 => {
            format!("{} %", if change > 0.0 { "< +0.001" } else { "> -0.001" })
        }
        Some(change) => format!("{:+.3} %", change * 100.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_never_shown_as_none() {
        assert_eq!(change(Some(0.0)), "0 %");
        assert_eq!(change(Some(0.1)), "+10.000 %");
        assert_eq!(change(Some(-0.00003)), "-0.003 %");
        assert_eq!(change(Some(1e-9)), "< +0.001 %");
        assert_eq!(change(Some(-1e-9)), "> -0.001 %");
        assert_eq!(change(None), "");
    }
}
