//! From an entry of a list of aggregates to the aggregate.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::aggregate_file::AggregateFields;
use super::check::check;
use super::code::Code;
use super::complaint::{At, Complaint};
use super::schema::shapes;
use super::{AggregateDefinition, AggregateOperator, MOST_INTERSECTED};

/// Reads one entry.
///
/// # Errors
/// Every complaint about it.
pub(super) fn read(value: &Value, file: &Path) -> Result<AggregateDefinition, Vec<Complaint>> {
    let shapes = shapes().map_err(|error| vec![Complaint::error(Code::BadValue, &[], error.to_string())])?;
    let mut complaints = check(&shapes.aggregate, value);
    if value["operator"] == AggregateOperator::And.as_str() {
        complaints.extend(too_many_sets(&value["events"]));
    }
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let fields = AggregateFields::deserialize(value)
        .map_err(|error| vec![Complaint::error(Code::WrongType, &[], error.to_string())])?;
    Ok(AggregateDefinition {
        name: fields.name,
        description: fields.description,
        operator: fields.operator,
        source: fields.source,
        time_frames: fields.time_frame,
        events: fields.events,
        feature_flag: fields.feature_flag,
        file: file.to_owned(),
    })
}

/// What is wrong with the events of an `AND`.
pub(super) fn too_many_sets(events: &Value) -> Option<Complaint> {
    let count = events.as_array().map_or(0, Vec::len);
    (count > MOST_INTERSECTED).then(|| {
        let message = format!("`AND` of {count} events: it takes at most {MOST_INTERSECTED}");
        Complaint::error(Code::BadValue, &["events".into()], message)
            .at(At::Key)
            .with_help("the estimate of so many would say nothing: intersect fewer, or use OR")
    })
}
