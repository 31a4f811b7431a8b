//! The content of a page.

use bench_history::config::PageSettings;
use serde::Serialize;

use crate::comparison::Comparison;
use crate::document;
use crate::history::History;
use crate::run::Run;

/// The content of a page: each of its parts may be missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Page {
    /// The time at which the page was made, in UTC, as in RFC 3339.
    pub made: String,
    /// All series of a store.
    pub history: Option<History>,
    /// The comparison of two runs or two builds.
    pub comparison: Option<Comparison>,
    /// Single runs. The page initially shows the first one.
    pub runs: Vec<Run>,
    /// The revision of the shown data. A page with a revision requests the current `revision` from its server, and
    /// `data.json` if that is newer. `None` for a file, which requests nothing.
    pub revision: Option<String>,
    /// The links to commits.
    pub forge: PageSettings,
}

impl Page {
    /// Returns the whole page as HTML.
    ///
    /// # Errors
    /// If the data cannot be written as JSON.
    pub fn html(&self) -> Result<String, serde_json::Error> {
        Ok(document::html(&self.json()?, self.revision.is_some()))
    }

    /// Returns only the data, as JSON that can be embedded anywhere in HTML.
    ///
    /// # Errors
    /// If the data cannot be written as JSON.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(|json| document::escaped(&json))
    }
}
