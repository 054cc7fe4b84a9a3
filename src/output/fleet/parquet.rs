//! The answer as a Parquet file, one row per card, for tools that count further: the same columns as CSV, figures as DOUBLE in base
//! units, absent where there is none.

use std::io;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::cards::{CardRow, Cards, HEADER};
use crate::fleet::Answer;

/// Rows that are held in memory as columns at one time.
const ROW_GROUP: usize = 1 << 16;

/// The bytes of the file.
pub fn answer(answer: &Answer) -> io::Result<Vec<u8>> {
    let mut file = Vec::new();
    write(&Cards::of(answer), &mut file).map_err(io::Error::other)?;
    Ok(file)
}

fn write(cards: &Cards<'_>, out: &mut Vec<u8>) -> Result<(), ParquetError> {
    let texts = HEADER.iter().map(|name| format!("required binary {name} (STRING);"));
    let figures = cards.metrics().map(|name| format!("optional double {name};"));
    let schema = format!("message card {{ {} }}", texts.chain(figures).collect::<String>());
    let schema = Arc::new(parse_message_type(&schema)?);
    let properties = Arc::new(WriterProperties::builder().set_created_by("assay".to_owned()).build());
    let mut writer = SerializedFileWriter::new(out, schema, properties)?;
    let mut rows = cards.rows().peekable();
    while rows.peek().is_some() {
        let group: Vec<CardRow> = rows.by_ref().take(ROW_GROUP).collect();
        let mut columns = writer.next_row_group()?;
        for at in 0..HEADER.len() {
            let texts: Vec<ByteArray> = group.iter().map(|row| row.texts[at].as_str().into()).collect();
            column::<ByteArrayType>(&mut columns, &texts, None)?;
        }
        for at in 0..cards.metrics().count() {
            let figures: Vec<f64> = group.iter().filter_map(|row| row.figures[at]).collect();
            let is_there: Vec<i16> = group.iter().map(|row| i16::from(row.figures[at].is_some())).collect();
            column::<DoubleType>(&mut columns, &figures, Some(&is_there))?;
        }
        columns.close()?;
    }
    writer.close()?;
    Ok(())
}

/// The next column of the schema. `levels` says for each row whether it has a value.
fn column<T: parquet::data_type::DataType>(
    columns: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let mut column = columns
        .next_column()?
        .ok_or_else(|| ParquetError::General("the schema has fewer columns than the rows".to_owned()))?;
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}
