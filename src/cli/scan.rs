//! A planned scan, as people and scripts read it.

use serde_json::{Value, json};

use super::output::{counted, wrapped_sql};
use crate::batch::{PlannedScan, Split, Why};
use crate::measure::Failure;

/// Lines of a statement that are shown in full.
const MOST_LINES: usize = 6;
/// Of a longer one, so many of its beginning and of its end.
const ENDS: (usize, usize) = (2, 3);

/// `scan of "issues"`.
pub(super) fn name(scan: &PlannedScan) -> String {
    match &scan.table {
        Some(table) => format!("scan of {table}"),
        None => "scan of a query's rows".to_owned(),
    }
}

/// `about 12 statements`.
pub(super) fn statements(scan: &PlannedScan) -> String {
    match scan.statements {
        Some(number) => about(number),
        None => "nobody knows how many statements before its ends are looked for".to_owned(),
    }
}

/// `about 12 statements`.
pub(super) fn about(number: u64) -> String {
    match number {
        1 => "1 statement".to_owned(),
        number => format!(
            "about {}",
            counted(usize::try_from(number).unwrap_or(usize::MAX), "statement")
        ),
    }
}

/// How its rows are split, and how where that takes too long.
pub(super) fn rows(scan: &PlannedScan) -> String {
    match &scan.otherwise {
        Some(otherwise) => format!("{}; should that take too long, {otherwise}", scan.split),
        None => scan.split.to_string(),
    }
}

/// Its statement in lines; of a long one the beginning and the end.
pub(super) fn excerpt(scan: &PlannedScan, width: usize) -> Vec<String> {
    let text = wrapped_sql(&scan.sample, width);
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.len() <= MOST_LINES {
        return lines;
    }
    let (first, last) = ENDS;
    let aggregates = counted(scan.aggregates, "aggregate");
    let mut excerpt: Vec<String> = lines.iter().take(first).cloned().collect();
    let left_out = lines.len().saturating_sub(first + last);
    excerpt.push(format!("… {} more, {aggregates} in all …", counted(left_out, "line")));
    excerpt.extend(lines.into_iter().skip(first + left_out));
    excerpt
}

/// What gives the statement's parameters, in lines.
pub(super) fn keys(scan: &PlannedScan, width: usize) -> Vec<String> {
    let named = scan
        .keys
        .iter()
        .enumerate()
        .filter(|(_, statement)| !statement.is_empty());
    let texts = named.map(|(place, statement)| wrapped_sql(&format!("${}: {statement}", place + 1), width));
    texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// The scan, with key paths under a name.
pub(super) fn json(scan: &PlannedScan, name: &str, key_paths: &[&str]) -> Value {
    json!({
        (name): key_paths,
        "table": scan.table,
        "readings": scan.members.len(),
        "why": why(scan.why),
        "rows": split(&scan.split),
        "otherwise": scan.otherwise.as_ref().map(split),
        "cost": scan.why.cost(),
        "cost_apart": scan.why.apart(),
        "statements": scan.statements,
        "aggregates": scan.aggregates,
        "statement": scan.sample,
        "keys": scan.keys,
    })
}

fn why(why: Why) -> Value {
    json!({"reason": why.code(), "says": why.to_string()})
}

fn split(split: &Split) -> Value {
    json!({
        "kind": split.kind.code(),
        "columns": split.columns,
        "size": split.size,
        "adapts": split.adapts,
        "partitions": split.partitions,
        "says": split.to_string(),
    })
}

pub(super) fn failure(failure: &Failure) -> Value {
    json!({"reason": failure.reason.code(), "message": failure.message, "advice": failure.reason.advice()})
}
