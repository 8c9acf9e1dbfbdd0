//! `explain`: how the database would run an expression.

use serde_json::{Value, json};

use super::super::setup::Setup;
use super::answer::Answer;
use crate::definition::MetricDefinition;
use crate::report::plan_one;

/// The statements that there is something to explain of.
pub(super) fn explain(setup: &Setup, definition: &MetricDefinition) -> Answer {
    let plan = plan_one(definition, &setup.registry, &setup.context());
    let statements: Vec<String> = plan
        .readings
        .iter()
        .filter_map(|(measure, _)| measure.statement(&|database| setup.dialect(database))?.ok())
        .collect();
    let human = match statements.as_slice() {
        [] => "no database is asked: there is nothing to explain\n".to_owned(),
        statements => statements.iter().map(|sql| format!("explain {sql}\n")).collect(),
    };
    Answer::Text {
        human,
        json: json!({"explain": statements.into_iter().map(Value::from).collect::<Vec<_>>()}),
    }
}
