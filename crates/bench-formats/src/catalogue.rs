//! Every format.

use crate::{Export, Import, benchfmt, bmf, criterion, github_action, junit, openmetrics, otlp};

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

/// The format of this name.
pub fn exporter(name: &str) -> Option<&'static dyn Export> {
    EXPORTS.into_iter().find(|export| export.name() == name)
}

/// Every format that a run can be read from.
pub const IMPORTS: [&dyn Import; 3] = [&benchfmt::Benchfmt, &bmf::Bmf, &criterion::Criterion];

/// The format of this name.
pub fn importer(name: &str) -> Option<&'static dyn Import> {
    IMPORTS.into_iter().find(|import| import.name() == name)
}
