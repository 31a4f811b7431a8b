//! A benchmark of another tool, and the case that it becomes.

use bench_protocol::{Case, Counter};
use bench_record::{CaseRecord, Metric, Status, Time};
use bench_syntax::Category;
use bench_syntax::quantity::{Bytes, Seconds};

/// A benchmark of another tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedCase {
    /// The name in the other tool.
    pub name: String,
    /// Its time per iteration.
    pub time: Option<Time>,
    /// The counters of an iteration.
    pub counters: Vec<Counter>,
    /// Its other figures.
    pub metrics: Vec<Metric>,
    /// Figures in unknown units. They are kept, but have no history and are not judged.
    pub unknown: Vec<Metric>,
}

impl ImportedCase {
    /// Creates a case of which only the name is known.
    pub(crate) fn named(name: impl Into<String>) -> Self {
        ImportedCase {
            name: name.into(),
            time: None,
            counters: Vec::new(),
            metrics: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// Converts it to a case. A name that is the id of a case stays unchanged; any other one gets the category in
    /// front.
    pub(crate) fn into_case(self, category: Category) -> CaseRecord {
        // The same id as when an adapter measures it, so that its history continues.
        let named = Case::named(&self.name, category);
        let mut case = CaseRecord::blank(&named.id, named.category);
        case.model = named.model.as_deref().map(str::to_owned);
        case.name = named.name.to_string();
        case.status = Status::Ok;
        case.time = self.time;
        case.counters = self.counters;
        case.observed = self.unknown;
        for metric in self.metrics {
            let seconds = Seconds(metric.value);
            match (metric.key().as_str(), metric.unit.as_str()) {
                ("first_call", "s") => case.first_call_s = Some(seconds),
                ("load", "s") => case.load_s = Some(seconds),
                ("cpu_time", "s") => case.cpu_time_s = Some(seconds),
                ("peak_memory", "bytes") => case.peak_memory_bytes = Some(Bytes(metric.value as u64)),
                _ => case.metrics.push(metric),
            }
        }
        case
    }
}

#[cfg(test)]
mod tests {
    use bench_protocol::Better;

    use super::*;

    #[test]
    fn figures_that_every_case_has_are_known_again() {
        let mut case = ImportedCase::named("a");
        case.metrics = vec![
            Metric::new("peak-memory", "bytes", 7.0, Better::Lower),
            Metric::new("load", "s", 2.0, Better::Lower),
            Metric::new("load", "parsecs", 2.0, Better::Lower),
        ];
        let case = case.into_case(Category::Unit);
        assert_eq!((case.peak_memory_bytes, case.load_s), (Some(Bytes(7)), Some(Seconds(2.0))));
        assert_eq!((case.metrics.len(), case.metrics[0].unit.as_str()), (1, "parsecs"));
    }
}
