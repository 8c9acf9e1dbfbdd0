//! `SqlValueMetric`: the one value of one query.

use std::collections::BTreeMap;

use serde_json::Value;

use super::typed::{boolean, number};
use super::{Context, InstrumentationClass, Request, invalid_options, take_only, text_option};
use crate::definition::ValueType;
use crate::measure::{Failure, Measure, Reading, Reason, SqlValueMeasure};
use crate::relation::Query;

/// `options: {query: "SELECT …", database: main}`; the query gives one row of one column.
pub(super) struct SqlValueMetric;

impl InstrumentationClass for SqlValueMetric {
    fn name(&self) -> &str {
        "SqlValueMetric"
    }

    fn describe(&self, request: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &["query", "database"])?;
        let query = Query::parse(text_option(request.options, "query")?)
            .and_then(|query| query.bind(&BTreeMap::new(), context.now))
            .map_err(|error| invalid_options(format!("option \"query\": {error}")))?;
        let database = match request.options.get("database") {
            Some(_) => text_option(request.options, "database")?,
            None => super::database::DEFAULT_DATABASE,
        };
        Ok(Measure::SqlValue(Box::new(SqlValueMeasure {
            database: database.to_owned(),
            query,
        })))
    }

    /// Databases print their values: the definition's `value_type` says what the text stands for.
    fn shape(&self, reading: Reading, value_type: ValueType) -> Result<Value, Failure> {
        let Reading::Value(Value::String(text)) = &reading else {
            return Ok(reading.to_json());
        };
        let value = match value_type {
            ValueType::String => Some(Value::from(text.as_str())),
            ValueType::Number => number(text),
            ValueType::Boolean => boolean(text),
            ValueType::Object => serde_json::from_str(text).ok().filter(Value::is_object),
        };
        value.ok_or_else(|| {
            Failure::new(
                Reason::WrongType,
                format!("the query's value is not a {}", value_type.as_str()),
            )
        })
    }
}
