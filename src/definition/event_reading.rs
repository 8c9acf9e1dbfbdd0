//! From an event file's value to the event.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::EventDefinition;
use super::check::check;
use super::code::Code;
use super::complaint::Complaint;
use super::event_file::{EventFile, EventStatus, PropertyFields};
use super::schema::shapes;

/// Reads the event of one file.
///
/// # Errors
/// Every complaint about the file.
pub(super) fn read(value: &Value, file: &Path) -> Result<EventDefinition, Vec<Complaint>> {
    let shapes = shapes().map_err(|error| vec![Complaint::error(Code::BadValue, &[], error.to_string())])?;
    let complaints = check(&shapes.event, value);
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let fields = EventFile::deserialize(value)
        .map_err(|error| vec![Complaint::error(Code::WrongType, &[], error.to_string())])?;
    Ok(definition(fields, file))
}

fn definition(fields: EventFile, file: &Path) -> EventDefinition {
    let described = |property: Option<PropertyFields>| property.and_then(|property| property.description);
    EventDefinition {
        action: fields.action,
        description: fields.description,
        category: fields.category,
        internal_events: fields.internal_events.unwrap_or(false),
        identifiers: fields
            .identifiers
            .unwrap_or_default()
            .into_iter()
            .map(|identifier| identifier.as_str().to_owned())
            .collect(),
        additional_properties: fields
            .additional_properties
            .unwrap_or_default()
            .into_iter()
            .map(|(name, property)| (name, described(property)))
            .collect(),
        removed: fields.status == Some(EventStatus::Removed),
        file: file.to_owned(),
    }
}
