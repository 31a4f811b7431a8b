//! The raw samples of all runs: one row for each sample.

use std::io::Write;

use ::parquet::data_type::ByteArray;
use ::parquet::errors::Result;
use ::parquet::file::writer::SerializedFileWriter;
use bench_record::{Record, Status};

use super::column::{Column, begin, text, write};
use crate::seconds_since_1970;

const SCHEMA: &str = "message samples {
    REQUIRED BINARY run (STRING);
    OPTIONAL INT64 timestamp (TIMESTAMP(MILLIS, true));
    OPTIONAL BINARY commit (STRING);
    REQUIRED BINARY case (STRING);
    REQUIRED BINARY status (STRING);
    REQUIRED INT64 round;
    OPTIONAL BINARY disturbed (STRING);
    REQUIRED INT64 sample;
    REQUIRED INT64 iterations;
    REQUIRED INT64 nanoseconds;
}";

/// Number of rows that are kept before they are written: some tens of MB, which is enough for a columnar format.
const ROWS: usize = 500_000;

/// A table of samples that is being written, one run at a time.
pub struct Samples<W: Write + Send> {
    file: SerializedFileWriter<W>,
    rows: Rows,
    written: usize,
}

#[derive(Default)]
struct Rows {
    run: Vec<Option<ByteArray>>,
    timestamp: Vec<Option<i64>>,
    commit: Vec<Option<ByteArray>>,
    case: Vec<Option<ByteArray>>,
    status: Vec<Option<ByteArray>>,
    round: Vec<Option<i64>>,
    disturbed: Vec<Option<ByteArray>>,
    sample: Vec<Option<i64>>,
    iterations: Vec<Option<i64>>,
    nanoseconds: Vec<Option<i64>>,
}

impl<W: Write + Send> Samples<W> {
    /// Begins a table.
    ///
    /// # Errors
    /// If `to` cannot be written.
    pub fn begin(to: W) -> Result<Self> {
        Ok(Samples { file: begin(to, SCHEMA)?, rows: Rows::default(), written: 0 })
    }

    /// Adds every sample of a run. Samples of disturbed rounds get the reason why they do not count; samples of a case
    /// that failed in a later round get its status.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&mut self, record: &Record) -> Result<()> {
        let run = text(&record.run);
        let commit = record.environment.commit.as_deref().map(text);
        let moment = seconds_since_1970(&record.timestamp).map(|seconds| seconds as i64 * 1000);
        for case in &record.cases {
            let (id, status) = (text(&case.id), text(name(case.status)));
            for round in &case.rounds {
                let disturbed = round.disturbed.as_deref().map(text);
                for (number, ns) in round.sample_ns.iter().enumerate() {
                    let rows = &mut self.rows;
                    rows.run.push(Some(run.clone()));
                    rows.timestamp.push(moment);
                    rows.commit.push(commit.clone());
                    rows.case.push(Some(id.clone()));
                    rows.status.push(Some(status.clone()));
                    rows.round.push(Some(i64::from(round.round)));
                    rows.disturbed.push(disturbed.clone());
                    rows.sample.push(Some(number as i64));
                    rows.iterations.push(Some(whole(round.iterations_per_sample)));
                    rows.nanoseconds.push(Some(whole(*ns)));
                }
            }
        }
        if self.rows.run.len() >= ROWS { self.flush() } else { Ok(()) }
    }

    /// Ends the table; returns the number of its rows.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> Result<usize> {
        self.flush()?;
        self.file.close()?;
        Ok(self.written)
    }

    fn flush(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        self.written += rows.run.len();
        let columns = vec![
            Column::Text(rows.run),
            Column::Whole(rows.timestamp),
            Column::Text(rows.commit),
            Column::Text(rows.case),
            Column::Text(rows.status),
            Column::Whole(rows.round),
            Column::Text(rows.disturbed),
            Column::Whole(rows.sample),
            Column::Whole(rows.iterations),
            Column::Whole(rows.nanoseconds),
        ];
        write(&mut self.file, columns)
    }
}

/// Returns the status as the record writes it.
fn name(status: Status) -> &'static str {
    match status {
        Status::Ok => "ok",
        Status::Failed => "failed",
        Status::Skipped => "skipped",
        Status::NotRun => "not_run",
    }
}

/// Converts a number to a signed one, because Parquet has no unsigned numbers; a number that is too large becomes the
/// largest signed one: 292 years in nanoseconds.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::RowAccessor;

    use super::*;
    use crate::fixture;

    #[test]
    fn every_sample_comes_back() {
        let mut record = fixture::record();
        record.cases[0].rounds[1].disturbed = Some("stolen".to_owned());
        let mut bytes = Vec::new();
        let mut samples = Samples::begin(&mut bytes).expect("begun");
        samples.add(&record).expect("written");
        assert_eq!(samples.finish().expect("ended"), 36);
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("Parquet");
        let rows: Vec<_> = reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row")).collect();
        assert_eq!(rows.len(), 36);
        let (case, round) = (&record.cases[0], &record.cases[0].rounds[1]);
        let mut of_round = rows.iter().filter(|row| {
            row.get_string(3).is_ok_and(|id| *id == case.id)
                && row.get_long(5).is_ok_and(|number| number == 1)
        });
        let second = of_round.nth(1).expect("the second sample");
        assert_eq!(second.get_long(9).expect("nanoseconds"), round.sample_ns[1] as i64);
        assert_eq!(second.get_long(8).expect("iterations"), 10);
        assert_eq!(second.get_string(6).expect("a reason"), "stolen");
        let failed = rows.iter().filter(|row| row.get_string(4).is_ok_and(|status| status == "failed"));
        assert_eq!(failed.count(), 12);
    }
}
