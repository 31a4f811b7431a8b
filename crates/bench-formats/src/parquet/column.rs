//! Writes the columns of a table.

use std::io::Write;
use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use ::parquet::errors::Result;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::parser::parse_message_type;

/// The values of a column; `None` occurs only if the column is `OPTIONAL` in the schema.
pub(super) enum Column {
    Text(Vec<Option<ByteArray>>),
    Whole(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
}

/// Begins a file with this schema, which is in Parquet's notation.
pub(super) fn begin<W: Write + Send>(to: W, schema: &str) -> Result<SerializedFileWriter<W>> {
    let schema = Arc::new(parse_message_type(schema)?);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    SerializedFileWriter::new(to, schema, Arc::new(properties))
}

/// Writes rows, one column at a time in the order of the schema.
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
    // 1 for a value, 0 for an absent one.
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let present: Vec<T::T> = values.into_iter().flatten().collect();
    let typed = writer.typed::<T>();
    let optional = typed.get_descriptor().max_def_level() > 0;
    typed.write_batch(&present, optional.then_some(&levels[..]), None)?;
    writer.close()
}

/// Creates a text, which all rows that contain it share.
pub(super) fn text(text: &str) -> ByteArray {
    ByteArray::from(text)
}
