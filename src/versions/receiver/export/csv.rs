//! Comma-separated values: RFC 4180, but for line ends, which are a line feed alone.

use chrono::SecondsFormat;

use super::table::{Cell, Column};

/// The first line.
pub(super) fn head(columns: &[Column]) -> Vec<u8> {
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    (names.join(",") + "\n").into_bytes()
}

/// Adds a row. An empty text is quoted, so that it is not nothing.
pub(super) fn write(bytes: &mut Vec<u8>, _: &[Column], cells: &[Cell<'_>]) {
    for (nth, cell) in cells.iter().enumerate() {
        if nth > 0 {
            bytes.push(b',');
        }
        match cell {
            Cell::Null => {}
            Cell::Integer(number) => bytes.extend_from_slice(number.to_string().as_bytes()),
            Cell::Number(number) => bytes.extend_from_slice(number.to_string().as_bytes()),
            Cell::Instant(instant) => {
                bytes.extend_from_slice(instant.to_rfc3339_opts(SecondsFormat::Micros, true).as_bytes());
            }
            Cell::Text(content) | Cell::Json(content) => text(bytes, content),
        }
    }
    bytes.push(b'\n');
}

fn text(bytes: &mut Vec<u8>, content: &str) {
    let is_plain = !content.is_empty() && !content.contains(['"', ',', '\n', '\r']);
    if is_plain {
        return bytes.extend_from_slice(content.as_bytes());
    }
    bytes.push(b'"');
    bytes.extend_from_slice(content.replace('"', "\"\"").as_bytes());
    bytes.push(b'"');
}
