//! What makes bytes of rows.

use super::csv;
use super::error::ExportError;
use super::jsonl;
use super::parquet::ParquetEncoder;
use super::table::{Cell, Column};

/// The formats of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// JSON Lines: an object a row.
    Jsonl,
    /// RFC 4180, with a head; nothing is what stands between two commas.
    Csv,
    /// Parquet, with Snappy.
    Parquet,
}

impl ExportFormat {
    /// What its files' names end with.
    pub fn extension(self) -> &'static str {
        match self {
            ExportFormat::Jsonl => "jsonl",
            ExportFormat::Csv => "csv",
            ExportFormat::Parquet => "parquet",
        }
    }
}

/// An encoder of one file.
pub(super) enum Encoder {
    Lines {
        columns: &'static [Column],
        write: fn(&mut Vec<u8>, &[Column], &[Cell<'_>]),
        bytes: Vec<u8>,
        rows: u64,
    },
    Parquet(Box<ParquetEncoder>),
}

impl Encoder {
    pub(super) fn new(format: ExportFormat, columns: &'static [Column]) -> Result<Encoder, ExportError> {
        let lines = |write, bytes| Encoder::Lines {
            columns,
            write,
            bytes,
            rows: 0,
        };
        Ok(match format {
            ExportFormat::Jsonl => lines(jsonl::write, Vec::new()),
            ExportFormat::Csv => lines(csv::write, csv::head(columns)),
            ExportFormat::Parquet => Encoder::Parquet(Box::new(ParquetEncoder::new(columns)?)),
        })
    }

    /// Adds a row, a cell for each column.
    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), ExportError> {
        match self {
            Encoder::Lines {
                columns,
                write,
                bytes,
                rows,
            } => {
                write(bytes, columns, cells);
                *rows += 1;
                Ok(())
            }
            Encoder::Parquet(encoder) => encoder.row(cells),
        }
    }

    /// The bytes that are ready by now.
    pub(super) fn take(&mut self) -> Result<Vec<u8>, ExportError> {
        match self {
            Encoder::Lines { bytes, .. } => Ok(std::mem::take(bytes)),
            Encoder::Parquet(encoder) => encoder.take(),
        }
    }

    /// The last bytes, and how many rows there were.
    pub(super) fn end(self) -> Result<(Vec<u8>, u64), ExportError> {
        match self {
            Encoder::Lines { bytes, rows, .. } => Ok((bytes, rows)),
            Encoder::Parquet(encoder) => encoder.end(),
        }
    }
}
