//! Parquet, a row group at a time.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

use super::error::ExportError;
use super::table::{Cell, Column, Holds};

/// A row group is written once it has so many rows, or so many bytes.
const GROUP_ROWS: usize = 100_000;
const GROUP_BYTES: usize = 16 * 1024 * 1024;

/// An encoder that holds one row group.
pub(super) struct ParquetEncoder {
    writer: SerializedFileWriter<Vec<u8>>,
    group: Vec<Values>,
    rows: usize,
    bytes: usize,
    all_rows: u64,
}

/// A column of the row group: its values, and for each row whether there is one.
struct Values {
    holds: Holds,
    integers: Vec<i64>,
    numbers: Vec<f64>,
    texts: Vec<ByteArray>,
    levels: Vec<i16>,
}

impl ParquetEncoder {
    pub(super) fn new(columns: &[Column]) -> Result<ParquetEncoder, ExportError> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = SerializedFileWriter::new(Vec::new(), schema(columns)?, Arc::new(properties))?;
        Ok(ParquetEncoder {
            writer,
            group: columns.iter().map(|column| Values::new(column.holds)).collect(),
            rows: 0,
            bytes: 0,
            all_rows: 0,
        })
    }

    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), ExportError> {
        for (values, cell) in self.group.iter_mut().zip(cells) {
            self.bytes += values.push(*cell);
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
            self.write_group()?;
        }
        Ok(())
    }

    pub(super) fn take(&mut self) -> Result<Vec<u8>, ExportError> {
        self.writer.flush().map_err(ParquetError::from)?;
        Ok(std::mem::take(self.writer.inner_mut()))
    }

    pub(super) fn end(mut self: Box<Self>) -> Result<(Vec<u8>, u64), ExportError> {
        self.write_group()?;
        self.writer.finish()?;
        let bytes = self.take()?;
        Ok((bytes, self.all_rows))
    }

    fn write_group(&mut self) -> Result<(), ExportError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for values in &mut self.group {
            let Some(mut column) = group.next_column()? else { break };
            values.write(column.untyped())?;
            column.close()?;
            *values = Values::new(values.holds);
        }
        group.close()?;
        self.all_rows += u64::try_from(self.rows).unwrap_or(u64::MAX);
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl Values {
    fn new(holds: Holds) -> Values {
        Values {
            holds,
            integers: Vec::new(),
            numbers: Vec::new(),
            texts: Vec::new(),
            levels: Vec::new(),
        }
    }

    /// Adds a value and gives its size. One that is not of the column's kind is none.
    fn push(&mut self, cell: Cell<'_>) -> usize {
        let size = match (self.holds, cell) {
            (Holds::Integer, Cell::Integer(number)) => {
                self.integers.push(number);
                Some(8)
            }
            (Holds::Instant, Cell::Instant(instant)) => {
                self.integers.push(instant.timestamp_micros());
                Some(8)
            }
            (Holds::Number, Cell::Number(number)) => {
                self.numbers.push(number);
                Some(8)
            }
            (Holds::Text, Cell::Text(text)) | (Holds::Json, Cell::Json(text)) => {
                self.texts.push(ByteArray::from(text.as_bytes().to_vec()));
                // What it takes beside its bytes.
                Some(text.len() + 64)
            }
            _ => None,
        };
        self.levels.push(i16::from(size.is_some()));
        size.unwrap_or(0)
    }

    fn write(&self, writer: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = Some(self.levels.as_slice());
        let written = match writer {
            ColumnWriter::Int64ColumnWriter(writer) => writer.write_batch(&self.integers, levels, None),
            ColumnWriter::DoubleColumnWriter(writer) => writer.write_batch(&self.numbers, levels, None),
            ColumnWriter::ByteArrayColumnWriter(writer) => writer.write_batch(&self.texts, levels, None),
            _ => Err(ParquetError::General("a column of another type".to_owned())),
        };
        written.map(drop)
    }
}

fn schema(columns: &[Column]) -> Result<TypePtr, ParquetError> {
    let fields: Result<Vec<TypePtr>, ParquetError> = columns.iter().map(field).collect();
    let schema = Type::group_type_builder("schema").with_fields(fields?).build()?;
    Ok(Arc::new(schema))
}

fn field(column: &Column) -> Result<TypePtr, ParquetError> {
    let (physical, logical) = match column.holds {
        Holds::Integer => (Physical::INT64, None),
        Holds::Number => (Physical::DOUBLE, None),
        Holds::Text | Holds::Json => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Holds::Instant => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
    };
    let field = Type::primitive_type_builder(column.name, physical)
        .with_logical_type(logical)
        .with_repetition(Repetition::OPTIONAL)
        .build()?;
    Ok(Arc::new(field))
}
