//! From an entry of a list of known events to the event.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::KnownEvent;
use super::check::check;
use super::code::Code;
use super::complaint::Complaint;
use super::known_event_file::KnownEventFields;
use super::schema::shapes;

/// Reads one entry.
///
/// # Errors
/// Every complaint about it.
pub(super) fn read(value: &Value, file: &Path) -> Result<KnownEvent, Vec<Complaint>> {
    let shapes = shapes().map_err(|error| vec![Complaint::error(Code::BadValue, &[], error.to_string())])?;
    let complaints = check(&shapes.known_event, value);
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let fields = KnownEventFields::deserialize(value)
        .map_err(|error| vec![Complaint::error(Code::WrongType, &[], error.to_string())])?;
    Ok(KnownEvent {
        name: fields.name,
        category: fields.category,
        redis_slot: fields.redis_slot,
        aggregation: fields.aggregation,
        expiry: fields.expiry,
        feature_flag: fields.feature_flag,
        file: file.to_owned(),
    })
}
