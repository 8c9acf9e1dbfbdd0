//! An explanation for machines. Times are seconds.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Advice, Analysis, Examined, Explained, Explanation, Part, PlanNode, Prediction, Verdict};
use crate::measure::Failure;

impl Explanation {
    /// `{"parts": […]}`, each with its `kind`: `statement`, `events`, `known` or `failed`.
    pub fn to_json(&self) -> Value {
        json!({"parts": self.parts.iter().map(part).collect::<Vec<_>>()})
    }
}

fn part(part: &Part) -> Value {
    match part {
        Part::Statement(explained) => statement(explained),
        Part::Events { command, keys } => json!({"kind": "events", "command": command, "keys": keys}),
        Part::Known(says) => json!({"kind": "known", "says": says}),
        Part::Failed {
            database,
            statement,
            failure: cause,
        } => json!({"kind": "failed", "database": database, "statement": statement, "error": failure(cause)}),
    }
}

fn statement(explained: &Explained) -> Value {
    let window = explained
        .window
        .map(|window| json!({"from": window.from.to_rfc3339(), "to": window.to.to_rfc3339()}));
    json!({
        "kind": "statement",
        "database": explained.database,
        "statement": explained.statement,
        "window": window,
        "batches": explained.batches,
        "ends": explained.ends.as_ref().map(examined),
        "slowest": examined(&explained.slowest),
        "whole": explained.whole.as_ref().map(prediction),
        "uses": explained.uses(),
        "index": advice(&explained.advice),
        "analysis": explained.analysis.as_ref().map(|result| match result {
            Ok(analysis) => analysed(analysis),
            Err(cause) => json!({"error": failure(cause)}),
        }),
        "within_budget": explained.verdict() == Verdict::Within,
    })
}

fn examined(examined: &Examined) -> Value {
    json!({
        "sql": examined.sql,
        "plan": examined.plan.iter().map(node).collect::<Vec<_>>(),
        "predicted": prediction(&examined.prediction),
    })
}

fn node(node: &PlanNode) -> Value {
    json!({
        "depth": node.depth,
        "node": node.kind,
        "table": node.table,
        "index": node.index,
        "condition": node.condition,
        "filter": node.filter,
        "cost": node.cost,
        "rows": node.rows,
    })
}

fn prediction(prediction: &Prediction) -> Value {
    json!({"cold": seconds(prediction.cold), "warm": seconds(prediction.warm)})
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn advice(advice: &Advice) -> Value {
    match advice {
        Advice::Covered(name) => json!({"covered_by": name}),
        Advice::NotNeeded(why) => json!({"not_needed": why}),
        Advice::Create(index) => {
            json!({"create": {"name": index.name, "table": index.table, "columns": index.columns, "up": index.up, "down": index.down}})
        }
    }
}

fn analysed(analysis: &Analysis) -> Value {
    let pages = analysis
        .pages
        .map(|(found, read)| json!({"found": found, "read": read}));
    json!({"elapsed": seconds(analysis.elapsed), "pages": pages})
}

fn failure(failure: &Failure) -> Value {
    json!({"reason": failure.reason.code(), "message": failure.message, "advice": failure.reason.advice()})
}
