//! The journal: the measurements so far, on disk while the run goes on.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::presence::Presence;
use crate::{CaseRecord, Environment, Parts, RoundRecord, RunError};

/// Name of the journal in a run directory.
pub const JOURNAL: &str = "journal.jsonl";

/// One line of a journal.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Entry<'a> {
    /// The first line.
    Begin(&'a Begin),
    /// A case that is going to be run, with no rounds yet.
    Case(&'a CaseRecord),
    /// The beginning of a round, numbered from 0.
    RoundBegins { case: &'a str, round: usize },
    /// A round that has ended.
    Round { case: &'a str, round: &'a RoundRecord },
    /// No more rounds of a case follow.
    CaseEnded { case: &'a str },
}

/// The kind of a line, which is read before the line itself: for a tagged enum, serde would generate the code of all
/// types in a record a second time, which would take half of the build time.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Begin,
    Case,
    RoundBegins,
    Round,
    CaseEnded,
}

/// A line of the kind `round`.
#[derive(Deserialize)]
struct Ended {
    case: String,
    round: RoundRecord,
}

/// A line of the kinds `round_begins` and `case_ended`.
#[derive(Deserialize)]
struct About {
    case: String,
    #[serde(default)]
    round: usize,
}

/// The facts that are known when a run begins.
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
    /// The part of a larger run that is measured; `None` if this is a whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
    /// The process that writes this journal: a later run recovers the journal when the process has exited.
    pub writer: String,
}

/// An open journal. Every line is passed to the system at once, so that killing the runner loses no measurement.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    _presence: Presence,
}

impl Journal {
    /// Begins the journal of a run, and sets its writer.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(folder: &Path, begin: Begin) -> Result<Self, RunError> {
        let path = folder.join(JOURNAL);
        let file = File::options()
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|error| RunError::io("create the journal", &path, error))?;
        let presence =
            Presence::begin(folder).map_err(|error| RunError::io("create the journal", &path, error))?;
        let begin = Begin { writer: presence.writer(), ..begin };
        let mut journal = Journal { file, path, _presence: presence };
        journal.write(&Entry::Begin(&begin))?;
        Ok(journal)
    }

    /// Writes that a case is going to be run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn case(&mut self, case: &CaseRecord) -> Result<(), RunError> {
        self.write(&Entry::Case(case))
    }

    /// Writes that a round of the case with this id begins; rounds are numbered from 0.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn round_begins(&mut self, case: &str, round: usize) -> Result<(), RunError> {
        self.write(&Entry::RoundBegins { case, round })
    }

    /// Writes that no more rounds of the case with this id follow.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn case_ended(&mut self, case: &str) -> Result<(), RunError> {
        self.write(&Entry::CaseEnded { case })
    }

    /// Writes a round of the case with this id.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn round(&mut self, case: &str, round: &RoundRecord) -> Result<(), RunError> {
        self.write(&Entry::Round { case, round })
    }

    fn write(&mut self, entry: &Entry<'_>) -> Result<(), RunError> {
        serde_json::to_vec(entry)
            .map_err(std::io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                self.file.write_all(&line)
            })
            .map_err(|error| RunError::io("write the journal", &self.path, error))
    }
}

impl Replayed {
    /// Adds the content of a line; `None` if it cannot be read, or refers to an unknown case.
    fn take(&mut self, line: &[u8]) -> Option<()> {
        match serde_json::from_slice::<Head>(line).ok()?.kind {
            Kind::Case => self.cases.push(serde_json::from_slice(line).ok()?),
            Kind::RoundBegins => {
                let About { case, round } = serde_json::from_slice(line).ok()?;
                self.running = Some((case, round));
            }
            Kind::Round => {
                let Ended { case, round } = serde_json::from_slice(line).ok()?;
                self.cases.iter_mut().find(|known| known.id == case)?.rounds.push(round);
                self.running = None;
            }
            Kind::CaseEnded => {
                self.ended.push(serde_json::from_slice::<About>(line).ok()?.case);
            }
            Kind::Begin => return None,
        }
        Some(())
    }
}

/// The content of a journal.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Replayed {
    /// The content of the first line.
    pub begin: Begin,
    /// Its cases with their rounds, before any figure has been computed.
    pub cases: Vec<CaseRecord>,
    /// The case whose round was going on when the last line was written, and the number of that round, from 0.
    pub running: Option<(String, usize)>,
    /// Ids of the cases of which no more rounds follow.
    pub ended: Vec<String>,
    /// The numbers, from 1, of complete lines that cannot be read. A last line without a line break is not among them:
    /// it was cut off.
    pub damaged: Vec<usize>,
}

/// Reads a journal.
///
/// # Errors
/// When it cannot be read, or its first line is not the beginning of a journal.
pub fn replay(path: &Path) -> Result<Replayed, RunError> {
    // Bytes: the last line may end inside a character.
    let bytes = std::fs::read(path).map_err(|error| RunError::io("read the journal", path, error))?;
    let wrong = |reason: String| RunError::Record { path: path.to_owned(), reason };
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
    let (_, first) = lines
        .next()
        .ok_or_else(|| wrong("the journal is empty: the run was killed before it began".to_owned()))?;
    let other_version = |error| wrong(format!("not a journal of this version: {error}"));
    let head: Head = serde_json::from_slice(first).map_err(other_version)?;
    if head.kind != Kind::Begin {
        return Err(wrong("the journal has no beginning".to_owned()));
    }
    let begin = serde_json::from_slice(first).map_err(other_version)?;
    let mut replayed =
        Replayed { begin, cases: Vec::new(), running: None, ended: Vec::new(), damaged: Vec::new() };
    for (number, line) in lines {
        // A line without a line break was cut off when the disk was full or the runner was killed.
        if replayed.take(line).is_none() && line.ends_with(b"\n") {
            replayed.damaged.push(number + 1);
        }
    }
    Ok(replayed)
}

#[cfg(test)]
mod tests {
    use bench_syntax::Category;

    use super::*;

    #[test]
    fn lines_that_cannot_be_read_are_named_unless_they_were_cut_off() {
        let folder = tempfile::tempdir().expect("folder");
        let begin = Begin {
            schema_version: 1,
            run: "run".to_owned(),
            timestamp: "2026-01-01T00:00:00Z".to_owned(),
            environment: Environment::default(),
            seed: 1,
            parts: None,
            writer: String::new(),
        };
        let mut journal = Journal::begin(folder.path(), begin).expect("begun");
        journal.case(&CaseRecord::blank("unit/a", Category::Unit)).expect("written");
        journal.round("unit/a", &RoundRecord::default()).expect("written");
        journal.round("unit/b", &RoundRecord::default()).expect("written");
        journal.round("unit/a", &RoundRecord::default()).expect("written");
        drop(journal);
        let path = folder.path().join(JOURNAL);
        let whole = std::fs::read(&path).expect("readable");
        let replayed = replay(&path).expect("a journal");
        assert_eq!((replayed.cases.len(), replayed.cases[0].rounds.len()), (1, 2));
        assert_eq!(replayed.damaged, [4], "of a case that nobody knows");
        let mut flipped = whole.clone();
        let third = whole.split_inclusive(|byte| *byte == b'\n').take(2).map(<[u8]>::len).sum::<usize>();
        flipped[third + 2] ^= 1;
        std::fs::write(&path, &flipped).expect("written");
        let replayed = replay(&path).expect("a journal");
        assert_eq!((replayed.cases[0].rounds.len(), replayed.damaged), (1, vec![3, 4]));
        std::fs::write(&path, &whole[..whole.len() - 5]).expect("written");
        let replayed = replay(&path).expect("a journal");
        assert_eq!((replayed.cases[0].rounds.len(), replayed.damaged), (1, vec![4]), "the last was cut off");
    }
}
