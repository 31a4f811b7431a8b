//! Lists all formats.

use crate::{
    Export, Import, asv, benchfmt, bmf, criterion, github_action, google_benchmark, hyperfine, junit,
    openmetrics, otlp, pyperf, pytest_benchmark,
};

/// Every format that a run can be written in.
pub const EXPORTS: [&dyn Export; 7] = [
    &benchfmt::Benchfmt,
    &bmf::Bmf,
    &criterion::Criterion,
    &github_action::GithubAction,
    &junit::JUnit,
    &openmetrics::OpenMetrics,
    &otlp::Otlp,
];

/// Returns the format with this name; `None` if there is none.
pub fn exporter(name: &str) -> Option<&'static dyn Export> {
    EXPORTS.into_iter().find(|export| export.name() == name)
}

/// Every format that a run can be read from.
pub const IMPORTS: [&dyn Import; 8] = [
    &asv::Asv,
    &benchfmt::Benchfmt,
    &bmf::Bmf,
    &criterion::Criterion,
    &google_benchmark::GoogleBenchmark,
    &hyperfine::Hyperfine,
    &pyperf::Pyperf,
    &pytest_benchmark::PytestBenchmark,
];

/// Returns the format with this name; `None` if there is none.
pub fn importer(name: &str) -> Option<&'static dyn Import> {
    IMPORTS.into_iter().find(|import| import.name() == name)
}
