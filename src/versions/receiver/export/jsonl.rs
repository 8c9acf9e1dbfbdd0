//! JSON Lines.

use chrono::SecondsFormat;

use super::table::{Cell, Column};

/// Adds a row as one line. What is nothing is `null`, so that every line has every key.
pub(super) fn write(bytes: &mut Vec<u8>, columns: &[Column], cells: &[Cell<'_>]) {
    for (nth, (column, cell)) in columns.iter().zip(cells).enumerate() {
        bytes.push(if nth == 0 { b'{' } else { b',' });
        text(bytes, column.name);
        bytes.push(b':');
        value(bytes, *cell);
    }
    bytes.extend_from_slice(b"}\n");
}

fn value(bytes: &mut Vec<u8>, cell: Cell<'_>) {
    match cell {
        Cell::Integer(number) => bytes.extend_from_slice(number.to_string().as_bytes()),
        Cell::Number(number) if number.is_finite() => {
            bytes.extend_from_slice(serde_json::json!(number).to_string().as_bytes())
        }
        Cell::Null | Cell::Number(_) => bytes.extend_from_slice(b"null"),
        Cell::Text(content) => text(bytes, content),
        Cell::Instant(instant) => text(bytes, &instant.to_rfc3339_opts(SecondsFormat::Micros, true)),
        // Within its texts JSON has no bare line ends, so that those it has may be blanks.
        Cell::Json(document) => bytes.extend(document.bytes().map(|byte| match byte {
            b'\n' | b'\r' => b' ',
            byte => byte,
        })),
    }
}

fn text(bytes: &mut Vec<u8>, content: &str) {
    bytes.extend_from_slice(serde_json::Value::from(content).to_string().as_bytes());
}
