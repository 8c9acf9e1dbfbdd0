//! A record as a line of a file.

use std::collections::BTreeMap;

use crate::emit::usage_log::error::WriteError;
use crate::emit::usage_log::record::Record;

/// The record's line, with the file's own labels over the record's. The record itself, which other writers have as well, is
/// left alone.
pub(super) fn of(record: &Record, labels: &BTreeMap<String, String>) -> Result<Vec<u8>, WriteError> {
    let written = if labels.is_empty() {
        serde_json::to_vec(record)
    } else {
        serde_json::to_vec(&record.clone().with_labels(labels))
    };
    let mut line = written.map_err(|error| WriteError::Json(error.to_string()))?;
    line.push(b'\n');
    Ok(line)
}
