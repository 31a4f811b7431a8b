//! What has been measured so far, on disk while the run goes on.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{CaseRecord, Environment, RoundRecord, RunError};

/// Name of the journal in a run directory.
pub const JOURNAL: &str = "journal.jsonl";

/// One line of a journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Entry {
    /// The first line.
    Begin(Begin),
    /// A case that is going to be run, with no rounds yet.
    Case(Box<CaseRecord>),
    /// A round that has ended.
    Round { case: String, round: RoundRecord },
}

/// What is known when a run begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Begin {
    /// Version of the record that the journal becomes.
    pub schema_version: u32,
    /// The run directory's name.
    pub run: String,
    /// When the run began, UTC, RFC 3339.
    pub timestamp: String,
    /// The machine and the build.
    pub environment: Environment,
    /// The seed of the order of rounds.
    pub seed: u64,
    /// Who writes this journal: a later run recovers it when this process has gone.
    pub writer: String,
}

/// An open journal. Every line is handed to the system at once, so that killing the runner loses
/// nothing that was measured.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
}

impl Journal {
    /// Opens the journal in a run directory, and writes what is known at the beginning.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(folder: &Path, begin: &Begin) -> Result<Self, RunError> {
        let path = folder.join(JOURNAL);
        let file = File::options()
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|error| RunError::io("create the journal", &path, error))?;
        let mut journal = Journal { file, path };
        journal.write(&Entry::Begin(begin.clone()))?;
        Ok(journal)
    }

    /// Writes that a case begins.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn case(&mut self, case: &CaseRecord) -> Result<(), RunError> {
        self.write(&Entry::Case(Box::new(case.clone())))
    }

    /// Writes a round of the case with this id.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn round(&mut self, case: &str, round: &RoundRecord) -> Result<(), RunError> {
        self.write(&Entry::Round { case: case.to_owned(), round: round.clone() })
    }

    fn write(&mut self, entry: &Entry) -> Result<(), RunError> {
        serde_json::to_vec(entry)
            .map_err(std::io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                self.file.write_all(&line)
            })
            .map_err(|error| RunError::io("write the journal", &self.path, error))
    }
}

/// What a journal holds: how the run began, and its cases with their rounds, from which no figure has been made
/// yet. The last line may be cut off.
///
/// # Errors
/// When it cannot be read, or its first line is not the beginning of a journal.
pub fn replay(path: &Path) -> Result<(Begin, Vec<CaseRecord>), RunError> {
    // Bytes: the last line may end inside a character.
    let bytes = std::fs::read(path).map_err(|error| RunError::io("read the journal", path, error))?;
    let wrong = |reason: String| RunError::Record { path: path.to_owned(), reason };
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let first = lines
        .next()
        .ok_or_else(|| wrong("the journal is empty: the run was killed before it began".to_owned()))?;
    let begin = match serde_json::from_slice(first) {
        Ok(Entry::Begin(begin)) => begin,
        Ok(_) => return Err(wrong("the journal has no beginning".to_owned())),
        Err(error) => return Err(wrong(format!("not a journal of this version: {error}"))),
    };
    let mut cases: Vec<CaseRecord> = Vec::new();
    // A line that cannot be read was cut off when the disk was full or the runner was killed.
    for entry in lines.filter_map(|line| serde_json::from_slice(line).ok()) {
        match entry {
            Entry::Begin(_) => {}
            Entry::Case(case) => cases.push(*case),
            Entry::Round { case, round } => {
                if let Some(case) = cases.iter_mut().find(|known| known.id == case) {
                    case.rounds.push(round);
                }
            }
        }
    }
    Ok((begin, cases))
}
