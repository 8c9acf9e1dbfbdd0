//! A plan as PostgreSQL explains it, read from its JSON.

use serde_json::Value;

use crate::measure::{Failure, Reason};

/// A step of a plan; the steps that it takes its rows from follow it, one level deeper.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanNode {
    pub depth: usize,
    /// What it does, such as `Index Only Scan`.
    pub kind: String,
    pub table: Option<String>,
    pub index: Option<String>,
    /// What its index is asked for.
    pub condition: Option<String>,
    /// What is left to test of each row.
    pub filter: Option<String>,
    /// The planner's estimate for the step and all below it, once; `None` where the planner gives none.
    pub cost: Option<f64>,
    pub rows: Option<f64>,
    /// How often it runs.
    pub(super) loops: f64,
    /// The part of its rows that is wanted of it.
    pub(super) fraction: f64,
    /// The part of the cost that is its own.
    pub(super) own_cost: f64,
}

/// What the server measured when it ran a statement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measured {
    pub milliseconds: f64,
    pub pages_found: u64,
    pub pages_read: u64,
}

/// The steps of the plan in `EXPLAIN (FORMAT JSON)`, from the top.
///
/// # Errors
/// `wrong_type` where it is none.
pub(super) fn read(text: &str) -> Result<Vec<PlanNode>, Failure> {
    let document = parsed(text)?;
    let top = &document[0]["Plan"];
    if !top.is_object() {
        return Err(not_understood());
    }
    let mut nodes = Vec::new();
    add(top, 0, 1.0, 1.0, &mut nodes);
    Ok(nodes)
}

/// What `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)` measured.
///
/// # Errors
/// As [`read`].
pub(super) fn measured(text: &str) -> Result<Measured, Failure> {
    let document = parsed(text)?;
    let plan = &document[0]["Plan"];
    let blocks = |name: &str| plan[name].as_u64().unwrap_or_default();
    Ok(Measured {
        milliseconds: document[0]["Execution Time"].as_f64().ok_or_else(not_understood)?,
        pages_found: blocks("Shared Hit Blocks"),
        pages_read: blocks("Shared Read Blocks"),
    })
}

fn parsed(text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|_| not_understood())
}

fn not_understood() -> Failure {
    Failure::new(Reason::WrongType, "the server's plan is not understood")
}

fn add(plan: &Value, depth: usize, loops: f64, fraction: f64, nodes: &mut Vec<PlanNode>) {
    let text = |name: &str| plan[name].as_str().map(str::to_owned);
    let number = |plan: &Value, name: &str| plan[name].as_f64().unwrap_or_default();
    let kind = text("Node Type").unwrap_or_default();
    let cost = number(plan, "Total Cost");
    let children: Vec<&Value> = plan["Plans"].as_array().into_iter().flatten().collect();
    let runs = |child: &Value| match child["Parent Relationship"].as_str() {
        // Counted by the planner in the cost of what asks it.
        Some("SubPlan") => 0.0,
        Some("Inner") if kind == "Nested Loop" => {
            let outer = children.first().map_or(1.0, |outer| number(outer, "Plan Rows"));
            outer.max(1.0)
        }
        _ => 1.0,
    };
    let of_children: f64 = children
        .iter()
        .map(|child| runs(child) * number(child, "Total Cost"))
        .sum();
    nodes.push(PlanNode {
        depth,
        table: text("Relation Name"),
        index: text("Index Name"),
        condition: text("Index Cond")
            .or_else(|| text("TID Cond"))
            .or_else(|| text("Hash Cond")),
        filter: text("Filter"),
        cost: Some(cost),
        rows: Some(number(plan, "Plan Rows")),
        loops,
        fraction,
        own_cost: if kind == "Limit" {
            0.0
        } else {
            (cost - of_children).max(0.0)
        },
        kind: kind.clone(),
    });
    for child in &children {
        let wanted = match kind.as_str() {
            "Limit" => (number(plan, "Plan Rows") / number(child, "Plan Rows").max(1.0)).min(1.0),
            _ => 1.0,
        };
        // Materialised and memoized rows are read again from memory.
        let again = if kind == "Materialize" { 1.0 } else { loops };
        add(child, depth + 1, again * runs(child), fraction * wanted, nodes);
    }
}
