//! The figures of a run by metric, as monitoring systems need them: one family for each metric, with all cases.

use std::collections::BTreeMap;

use bench_history::figure::{Figure, figures};
use bench_record::{CaseRecord, Record};

/// Returns the figures of a run by metric and unit, with the cases in the order of the record.
pub(crate) fn families(record: &Record) -> BTreeMap<(String, String), Vec<(&CaseRecord, Figure)>> {
    let mut families: BTreeMap<(String, String), Vec<(&CaseRecord, Figure)>> = BTreeMap::new();
    for case in &record.cases {
        for figure in figures(case) {
            let family = (figure.metric.clone(), figure.unit.clone());
            families.entry(family).or_default().push((case, figure));
        }
    }
    families
}
