//! A plan as SQLite explains it: words, to which rows are put by its statistics.

use super::plan::PlanNode;
use crate::source::database::Row;

/// How many of a table's rows a search is taken to find where statistics say nothing: SQLite's own guesses
/// (<https://www.sqlite.org/optoverview.html>) of a tenth for an equal value and a quarter for a range.
const EQUAL_PART: f64 = 0.1;
const RANGE_PART: f64 = 0.25;

/// The steps of `EXPLAIN QUERY PLAN`, whose rows are id, parent, a number without use, and words. `rows_of` says how many
/// rows an item of FROM has; `in_ranges` is the part of them that a range of the key holds.
pub(super) fn read(answer: &[Row], rows_of: &dyn Fn(&str) -> Option<u64>, range: f64) -> Vec<PlanNode> {
    let mut depths: Vec<(String, usize)> = Vec::new();
    let mut nodes = Vec::new();
    for row in answer {
        let [Some(id), parent, _, Some(words)] = row.as_slice() else {
            continue;
        };
        let above = depths.iter().find(|(known, _)| Some(known) == parent.as_ref());
        let depth = above.map_or(0, |(_, depth)| depth + 1);
        depths.push((id.clone(), depth));
        nodes.push(node(words, depth, rows_of, range));
    }
    nodes
}

fn node(words: &str, depth: usize, rows_of: &dyn Fn(&str) -> Option<u64>, range: f64) -> PlanNode {
    let mut parts = words.split_whitespace();
    let verb = parts.next().unwrap_or_default();
    let reads = matches!(verb, "SCAN" | "SEARCH");
    let table = reads.then(|| parts.next()).flatten().map(str::to_owned);
    let condition = words
        .split_once('(')
        .map(|(_, inner)| inner.trim_end_matches(')').to_owned());
    let condition = condition.filter(|_| verb == "SEARCH");
    let in_table = table.as_deref().and_then(rows_of).map(|rows| rows as f64);
    let by_key = words.contains("USING INTEGER PRIMARY KEY");
    let part = match &condition {
        None => 1.0,
        Some(condition) if condition.contains("=?") && by_key => 0.0,
        Some(condition) if condition.contains("=?") => EQUAL_PART,
        Some(_) if by_key => range,
        Some(_) => RANGE_PART.min(range),
    };
    PlanNode {
        depth,
        kind: if reads { kind(verb, words) } else { words.to_owned() },
        table,
        index: index(words),
        condition,
        filter: None,
        cost: None,
        rows: in_table.map(|rows| (rows * part).max(1.0).round()),
        loops: 1.0,
        fraction: 1.0,
        own_cost: 0.0,
    }
}

fn kind(verb: &str, words: &str) -> String {
    match words.contains("COVERING INDEX") {
        true => format!("{verb} of the index alone"),
        false => verb.to_owned(),
    }
}

fn index(words: &str) -> Option<String> {
    if words.contains("USING INTEGER PRIMARY KEY") {
        return Some("the primary key".to_owned());
    }
    let (_, after) = words.split_once(" INDEX ")?;
    after.split_whitespace().next().map(str::to_owned)
}
