//! `DatabaseMetric` and the classes that authors declare in YAML: an operation over a relation.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Context, InstrumentationClass, Request, invalid_options, take_only, window};
use crate::definition::{self, DatabaseBody, DeclaredClass, Parameter};
use crate::measure::{Bound, DatabaseMeasure, Failure, Measure, PrimaryKey};
use crate::relation::{Column, Operation, Relation, RelationError};

/// The database of a class that names none.
pub(super) const DEFAULT_DATABASE: &str = "main";
const DEFAULT_TIMESTAMP: &str = "created_at";

/// A relation and an operation given in the definition's own options.
pub(super) struct DatabaseMetric;

impl InstrumentationClass for DatabaseMetric {
    fn name(&self) -> &str {
        "DatabaseMetric"
    }

    fn describe(&self, request: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure> {
        let body = DatabaseBody::from_options(request.options).map_err(invalid_options)?;
        describe(&body, &BTreeMap::new(), request, context)
    }

    fn fallback(&self, options: &Map<String, Value>) -> Option<Value> {
        DatabaseBody::from_options(options).ok()?.fallback
    }
}

/// A class of `metrics/instrumentations/`.
pub struct Declared<'a>(pub(super) &'a DeclaredClass);

impl InstrumentationClass for Declared<'_> {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn describe(&self, request: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure> {
        let parameters = arguments(self.0, request.options)?;
        describe(&self.0.body, &parameters, request, context)
    }

    fn fallback(&self, _options: &Map<String, Value>) -> Option<Value> {
        self.0.body.fallback.clone()
    }
}

/// A value for each parameter: the definition's option, the default, or NULL.
fn arguments(class: &DeclaredClass, options: &Map<String, Value>) -> Result<BTreeMap<String, Value>, Failure> {
    let mut known: Vec<&str> = class.parameters.keys().map(String::as_str).collect();
    if class.body.operation == Operation::EstimateBatchDistinctCount {
        // The name of its set, which the catalog looks up.
        known.push("persist_as");
    }
    take_only(options, &known)?;
    let argument = |(name, parameter): (&String, &Parameter)| {
        let given = options.get(name).or(parameter.default.as_ref());
        let value = match given {
            Some(value) => value.clone(),
            None if parameter.required => return Err(invalid_options(format!("option {name:?} is missing"))),
            None => return Ok((name.clone(), Value::Null)),
        };
        if !parameter.kind.takes(&value) {
            return Err(invalid_options(format!(
                "option {name:?} is not of the parameter's type"
            )));
        }
        if parameter
            .allowed
            .as_ref()
            .is_some_and(|allowed| !allowed.contains(&value))
        {
            return Err(invalid_options(format!(
                "option {name:?} is not one of the values that the class takes"
            )));
        }
        Ok((name.clone(), value))
    };
    class.parameters.iter().map(argument).collect()
}

fn describe(
    body: &DatabaseBody,
    parameters: &BTreeMap<String, Value>,
    request: &Request<'_>,
    context: &Context<'_>,
) -> Result<Measure, Failure> {
    let relation = body.relation.bind(parameters, context.now).map_err(in_relation)?;
    let key = primary_key(body, &relation)?;
    let column = counted_column(body, &relation, &key)?;
    let grouped = relation.is_grouped();
    if grouped
        && matches!(
            body.operation,
            Operation::EstimateBatchDistinctCount | Operation::Histogram { .. }
        )
    {
        return Err(invalid_options("an estimate or a histogram cannot be grouped"));
    }
    if body.estimate.is_some() && window(request.time_frame, context.now).is_some() {
        return Err(invalid_options(
            "estimate: reltuples is the number of all rows: it has no time frame",
        ));
    }
    let window = match window(request.time_frame, context.now) {
        Some(window) => {
            let name = body.timestamp_column.as_deref().unwrap_or(DEFAULT_TIMESTAMP);
            Some((relation.column(name).map_err(in_relation)?, window))
        }
        None => None,
    };
    let relation = match &window {
        Some((column, window)) => relation.within(column, window),
        None => relation,
    };
    Ok(Measure::Database(Arc::new(DatabaseMeasure {
        database: body.database.clone().unwrap_or_else(|| DEFAULT_DATABASE.to_owned()),
        relation,
        operation: body.operation,
        column,
        key,
        start: bound(body.start.as_ref(), parameters, context)?,
        finish: bound(body.finish.as_ref(), parameters, context)?,
        batch_size: body.batch_size,
        consistency: body.consistency,
        estimate: body.estimate,
        window,
    })))
}

fn primary_key(body: &DatabaseBody, relation: &Relation) -> Result<PrimaryKey, Failure> {
    let Some(names) = &body.primary_key else {
        return Ok(PrimaryKey::Assumed);
    };
    let columns = names
        .iter()
        .map(|name| relation.column(name))
        .collect::<Result<Vec<_>, _>>()
        .map_err(in_relation)?;
    if let Some(other) = columns.iter().find(|column| column.table != relation.main_alias()) {
        let message = format!(
            "primary_key names a column of {:?}, but rows are batched by the key of {:?}, the first table",
            other.table,
            relation.main_alias()
        );
        return Err(invalid_options(message));
    }
    Ok(PrimaryKey::Declared(columns))
}

/// The column that is named; otherwise the one-column primary key, and rows where there is no such key.
fn counted_column(body: &DatabaseBody, relation: &Relation, key: &PrimaryKey) -> Result<Option<Column>, Failure> {
    if let Some(name) = &body.column {
        return relation.column(name).map(Some).map_err(in_relation);
    }
    match (key, body.operation) {
        (_, Operation::Sum | Operation::Average) => Err(invalid_options("a sum or an average needs a column")),
        (PrimaryKey::Assumed, Operation::Count) => Ok(None),
        (PrimaryKey::Assumed, _) => relation.column(PrimaryKey::ASSUMED).map(Some).map_err(in_relation),
        (PrimaryKey::Declared(columns), _) if columns.len() == 1 => Ok(columns.first().cloned()),
        (_, Operation::Count) => Ok(None),
        _ => Err(invalid_options(
            "a distinct count over a table without a key of one column needs a column",
        )),
    }
}

fn bound(
    bound: Option<&definition::Bound>,
    parameters: &BTreeMap<String, Value>,
    context: &Context<'_>,
) -> Result<Option<Bound>, Failure> {
    match bound {
        None => Ok(None),
        Some(definition::Bound::Integer(integer)) => Ok(Some(Bound::Integer(*integer))),
        Some(definition::Bound::Query(query)) => {
            let bound = query.bind(parameters, context.now).map_err(in_relation)?;
            Ok(Some(Bound::Query(bound)))
        }
    }
}

fn in_relation(error: RelationError) -> Failure {
    let help = error.help.map(|help| format!(" ({help})")).unwrap_or_default();
    invalid_options(format!("{}{help}", error.message))
}
