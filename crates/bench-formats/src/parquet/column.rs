//! The columns of a table, and how a part of one is written.

use std::io::Write;
use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use ::parquet::errors::Result;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::parser::parse_message_type;

/// The values of a column; `None` occurs only if the schema says `OPTIONAL`.
pub(super) enum Column {
    Text(Vec<Option<ByteArray>>),
    Whole(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
}

/// Begins a file with this schema, as Parquet writes them.
pub(super) fn begin<W: Write + Send>(to: W, schema: &str) -> Result<SerializedFileWriter<W>> {
    let schema = Arc::new(parse_message_type(schema)?);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    SerializedFileWriter::new(to, schema, Arc::new(properties))
}

/// Writes rows, a column at a time in the order of the schema.
pub(super) fn write<W: Write + Send>(file: &mut SerializedFileWriter<W>, columns: Vec<Column>) -> Result<()> {
    let mut group = file.next_row_group()?;
    for column in columns {
        match column {
            Column::Text(values) => write_column::<ByteArrayType, W>(&mut group, values)?,
            Column::Whole(values) => write_column::<Int64Type, W>(&mut group, values)?,
            Column::Real(values) => write_column::<DoubleType, W>(&mut group, values)?,
        }
    }
    group.close().map(|_| ())
}

fn write_column<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: Vec<Option<T::T>>,
) -> Result<()> {
    let Some(mut writer): Option<SerializedColumnWriter<'_>> = group.next_column()? else { return Ok(()) };
    // 1 where there is a value, 0 where there is none.
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let present: Vec<T::T> = values.into_iter().flatten().collect();
    let typed = writer.typed::<T>();
    let optional = typed.get_descriptor().max_def_level() > 0;
    typed.write_batch(&present, optional.then_some(&levels[..]), None)?;
    writer.close()
}

/// A text, shared by all rows that hold it.
pub(super) fn text(text: &str) -> ByteArray {
    ByteArray::from(text)
}
