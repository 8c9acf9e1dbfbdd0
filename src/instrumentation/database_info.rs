//! `DatabaseInfoMetric`: what a database knows of itself.

use serde_json::Value;

use super::typed::typed;
use super::{Context, InstrumentationClass, Request, invalid_options, take_only, text_option};
use crate::definition::{DataSource, ValueType};
use crate::measure::{Failure, Measure, Reading, ServerFact, ServerMeasure};

/// `options: {attribute: version, database: main}`.
pub(super) struct DatabaseInfoMetric;

impl InstrumentationClass for DatabaseInfoMetric {
    fn name(&self) -> &str {
        "DatabaseInfoMetric"
    }

    fn data_source(&self) -> DataSource {
        DataSource::System
    }

    fn describe(&self, request: &Request<'_>, _context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &["attribute", "database"])?;
        let name = text_option(request.options, "attribute")?;
        let unknown = || {
            let known: Vec<&str> = ServerFact::names().collect();
            invalid_options(format!(
                "option \"attribute\": {name:?} is none of {}",
                known.join(", ")
            ))
        };
        let database = match request.options.get("database") {
            Some(_) => text_option(request.options, "database")?,
            None => super::database::DEFAULT_DATABASE,
        };
        Ok(Measure::Server(ServerMeasure {
            database: database.to_owned(),
            fact: ServerFact::of(name).ok_or_else(unknown)?,
        }))
    }

    fn shape(&self, reading: Reading, value_type: ValueType) -> Result<Value, Failure> {
        typed(reading.to_json(), value_type)
    }
}
