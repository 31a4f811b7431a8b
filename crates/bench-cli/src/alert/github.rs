//! Delivers a message to the readers of a GitHub workflow.

use std::io::Write;

use bench_report::text::print;

use super::delivery::Undelivered;
use super::message::{annotation, markdown};
use super::news::News;

/// The variable that names the file for the summary of a step.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Prints one line for each change, which the workflow shows next to its results.
pub(super) fn annotate(news: &[&News]) -> Result<(), Undelivered> {
    let lines: String = news.iter().map(|news| annotation(news)).collect();
    print(&lines).map_err(|error| Undelivered::lasting(error.to_string()))
}

/// Appends the message to the summary of the step.
pub(super) fn summarize(news: &[&News]) -> Result<(), Undelivered> {
    let path = std::env::var_os(SUMMARY).filter(|path| !path.is_empty()).ok_or_else(|| {
        Undelivered::lasting(format!(
            "{SUMMARY} is not set: a summary exists only in a step of a GitHub workflow"
        ))
    })?;
    let file = std::fs::OpenOptions::new().append(true).create(true).open(&path);
    file.and_then(|mut file| file.write_all(markdown(news).as_bytes())).map_err(|error| {
        Undelivered::lasting(format!("cannot add to the file that {SUMMARY} names: {error}"))
    })
}
