//! Exports a run.

use std::path::PathBuf;

use bench_record::{Record, Status};

use crate::InterchangeError;

/// A format that a run can be written in.
pub trait Export: Sync {
    /// Returns the name of the format on the command line.
    fn name(&self) -> &'static str;

    /// Whether the format is a folder of files, and not a single file.
    fn is_folder(&self) -> bool {
        false
    }

    /// Writes a run.
    ///
    /// # Errors
    /// [`InterchangeError::NoFigures`] if the format contains only figures and there are none.
    fn export(&self, record: &Record) -> Result<Exported, InterchangeError>;
}

/// A run in a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Its files; a single one if the format is not a folder.
    pub documents: Vec<Document>,
    /// The items that the format cannot represent, one line each.
    pub left_out: Vec<String>,
}

/// A file of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its usual name, or its path within the folder.
    pub path: PathBuf,
    /// The content.
    pub content: Vec<u8>,
}

impl Exported {
    /// Creates a run that is a single file.
    pub(crate) fn file(path: &str, content: impl Into<Vec<u8>>, left_out: Vec<String>) -> Self {
        let document = Document { path: PathBuf::from(path), content: content.into() };
        Exported { documents: vec![document], left_out }
    }
}

/// Returns a line for each case that has no figures; an error if no case has any.
pub(crate) fn without_figures(record: &Record) -> Result<Vec<String>, InterchangeError> {
    if record.cases.iter().all(|case| case.status != Status::Ok) {
        return Err(InterchangeError::NoFigures { run: record.run.clone(), cases: record.cases.len() });
    }
    Ok(record
        .cases
        .iter()
        .filter_map(|case| {
            let why = match case.status {
                Status::Ok => return None,
                Status::Failed => "it failed",
                Status::Skipped => "it was skipped",
                Status::NotRun => "it was not run",
            };
            Some(format!("{}: {why}", case.id))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EXPORTS, exporter, fixture};

    #[test]
    fn every_format_has_a_name_of_its_own() {
        let mut names: Vec<&str> = EXPORTS.iter().map(|export| export.name()).collect();
        names.dedup();
        assert_eq!(names, ["benchfmt", "bmf", "criterion", "github-action", "junit", "openmetrics", "otlp"]);
        assert!(exporter("otlp").is_some() && exporter("OTLP").is_none());
    }

    #[test]
    fn what_has_no_figures_is_left_out_and_told() {
        let record = fixture::record();
        for export in EXPORTS {
            let exported = export.export(&record).expect("written");
            let told = exported.left_out.iter().any(|line| line == "unit/broken: it failed");
            // A report of tests contains failures.
            assert_eq!(told, export.name() != "junit", "{}", export.name());
            assert_eq!(exported.documents.len() == 1, !export.is_folder(), "{}", export.name());
            let holds =
                |document: &Document| String::from_utf8_lossy(&document.content).contains("unit/broken");
            // For monitoring, a failure is a figure, too.
            let tells = ["junit", "openmetrics"].contains(&export.name());
            assert_eq!(exported.documents.iter().any(holds), tells, "{}", export.name());
        }
    }

    #[test]
    fn a_run_without_figures_is_told_where_there_is_nothing_else_to_say() {
        let mut record = fixture::record();
        record.cases.retain(|case| case.status != Status::Ok);
        for export in EXPORTS {
            let exported = export.export(&record);
            if ["junit", "openmetrics"].contains(&export.name()) {
                assert!(exported.is_ok(), "{}", export.name());
            } else {
                let error = exported.expect_err(export.name()).to_string();
                assert!(error.contains("of its 3 cases, none succeeded"), "{error}");
            }
        }
    }
}
