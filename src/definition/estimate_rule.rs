//! Where the row number of a table's statistics may stand for a count.

use super::class::DatabaseBody;
use super::class_file::{DatabaseOptions, OperationName};
use super::code::Code;
use super::complaint::{At, Complaint, Segment};
use super::{MetricDefinition, TimeFrame};
use crate::relation::Relation;

/// The option that lets it stand.
const ESTIMATE: &str = "estimate";

/// Complaints about options that ask of an estimate what statistics do not have; `relation` is `None` where it has
/// problems of its own.
pub(super) fn of_options(options: &DatabaseOptions, relation: Option<&Relation>) -> Vec<Complaint> {
    if options.estimate.is_none() {
        return Vec::new();
    }
    if options.operation != OperationName::Count {
        let message = "`estimate` belongs to the operation `count`: statistics have a number of rows alone";
        let complaint = Complaint::error(Code::BadValue, &[ESTIMATE.into()], message).at(At::Key);
        return vec![complaint.with_help("take it out, or write `operation: count`")];
    }
    let narrowing = relation.and_then(Relation::narrowing).map(|clause| {
        let message = format!("statistics have the rows of one whole table, and the relation has {clause}");
        Complaint::error(Code::BadValue, &[ESTIMATE.into()], message)
            .at(At::Key)
            .with_help("take `estimate` out: what the relation says is counted; or name the table alone")
    });
    let limits = [
        ("column", options.column.is_some()),
        ("start", options.start.is_some()),
        ("finish", options.finish.is_some()),
    ];
    let limited = limits.into_iter().filter(|(_, said)| *said).map(|(name, _)| {
        let message = format!("`{name}` leaves rows out, and statistics have the rows of the whole table");
        Complaint::error(Code::BadValue, &[name.into()], message)
            .at(At::Key)
            .with_help(format!("take `{name}` out, or `estimate`"))
    });
    narrowing.into_iter().chain(limited).collect()
}

/// The complaint about a metric that lays a time frame over rows that nobody looks at.
pub(super) fn of_metric(metric: &MetricDefinition, body: &DatabaseBody) -> Option<Complaint> {
    let has_window = matches!(metric.time_frame, TimeFrame::SevenDays | TimeFrame::TwentyEightDays);
    (body.estimate.is_some() && has_window).then(|| {
        let frame = metric.time_frame.as_str();
        let path: [Segment; 1] = ["time_frame".into()];
        let message = format!("the rows of {frame} are not known to statistics, which `estimate: reltuples` takes");
        Complaint::error(Code::BadValue, &path, message)
            .with_help("write `time_frame: all`, or take `estimate` out of what is counted")
    })
}
