//! The figures of all runs: one row for each run and series.

use std::io::Write;

use ::parquet::data_type::ByteArray;
use ::parquet::errors::Result;
use bench_history::store::Series;
use bench_protocol::Better;

use super::column::{Column, begin, text, write};
use crate::seconds_since_1970;

const SCHEMA: &str = "message figures {
    REQUIRED BINARY case (STRING);
    REQUIRED BINARY metric (STRING);
    REQUIRED BINARY unit (STRING);
    REQUIRED BINARY better (STRING);
    REQUIRED BINARY cpu (STRING);
    REQUIRED BINARY cores (STRING);
    REQUIRED BINARY gpu (STRING);
    REQUIRED BINARY memory (STRING);
    REQUIRED BINARY toolchain (STRING);
    REQUIRED BINARY build (STRING);
    REQUIRED BINARY run (STRING);
    OPTIONAL INT64 timestamp (TIMESTAMP(MILLIS, true));
    OPTIONAL BINARY commit (STRING);
    REQUIRED DOUBLE value;
}";

/// Writes the figures of all series; returns the number of rows.
///
/// # Errors
/// If `to` cannot be written.
pub fn write_figures(series: &[Series], to: impl Write + Send) -> Result<usize> {
    let mut file = begin(to, SCHEMA)?;
    let points = || series.iter().flat_map(|one| one.points.iter().map(move |point| (one, point)));
    let of_series = |text_of: &dyn Fn(&Series) -> ByteArray| {
        let columns = series.iter().flat_map(|one| std::iter::repeat_n(Some(text_of(one)), one.points.len()));
        Column::Text(columns.collect())
    };
    let better = |one: &Series| if one.better == Better::Higher { "higher" } else { "lower" };
    let moment = |timestamp: &str| seconds_since_1970(timestamp).map(|seconds| seconds as i64 * 1000);
    let columns = vec![
        of_series(&|one| text(&one.key.case)),
        of_series(&|one| text(&one.key.metric)),
        of_series(&|one| text(&one.unit)),
        of_series(&|one| text(better(one))),
        of_series(&|one| text(&one.key.machine.cpu)),
        of_series(&|one| text(&one.key.machine.cores)),
        of_series(&|one| text(&one.key.machine.gpu)),
        of_series(&|one| text(&one.key.machine.memory)),
        of_series(&|one| text(&one.key.toolchain)),
        of_series(&|one| text(&one.key.build)),
        Column::Text(points().map(|(_, point)| Some(text(&point.run))).collect()),
        Column::Whole(points().map(|(_, point)| moment(&point.timestamp)).collect()),
        Column::Text(points().map(|(_, point)| point.commit.as_deref().map(text)).collect()),
        Column::Real(points().map(|(_, point)| Some(point.value)).collect()),
    ];
    write(&mut file, columns)?;
    file.close()?;
    Ok(points().count())
}

#[cfg(test)]
mod tests {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::Field;
    use bench_history::key::{MachineClass, SeriesKey};
    use bench_history::store::{Known, Point};

    use super::*;
    use crate::fixture;

    #[test]
    fn figures_come_back() {
        let name = |text: &str| text.to_owned();
        let point = |run: &str, commit: Option<&str>, value| Point {
            run: name(run),
            timestamp: name("2026-11-21T07:31:05Z"),
            commit: commit.map(name),
            value,
            known: Known::default(),
            circumstances: std::sync::Arc::default(),
        };
        let series = Series {
            key: SeriesKey {
                case: name(fixture::HOSTILE),
                metric: name("time"),
                machine: MachineClass { cpu: name("c"), cores: name("2"), gpu: name("g"), memory: name("m") },
                toolchain: name("t"),
                build: name("b"),
            },
            unit: name("s"),
            better: Better::Lower,
            points: vec![point("r1", Some("c1"), 0.1 + 0.2), point("r2", None, 0.0)],
        };
        let mut bytes = Vec::new();
        assert_eq!(write_figures(&[series], &mut bytes).expect("written"), 2);
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("Parquet");
        let rows: Vec<Vec<(String, Field)>> =
            reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row").into_columns()).collect();
        let cell = |row: usize, name: &str| {
            rows[row].iter().find(|(column, _)| column == name).expect("a column").1.clone()
        };
        assert_eq!(cell(0, "case"), Field::Str(fixture::HOSTILE.to_owned()));
        assert_eq!((cell(0, "value"), cell(1, "value")), (Field::Double(0.1 + 0.2), Field::Double(0.0)));
        assert_eq!((cell(0, "commit"), cell(1, "commit")), (Field::Str("c1".to_owned()), Field::Null));
        assert_eq!(cell(1, "timestamp"), Field::TimestampMillis(1_795_246_265_000));
    }

    #[test]
    fn an_empty_store_is_an_empty_table() {
        let mut bytes = Vec::new();
        assert_eq!(write_figures(&[], &mut bytes).expect("written"), 0);
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("Parquet");
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }
}
