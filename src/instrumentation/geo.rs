//! `GeoNodeUsageMetric`: what a primary site was told of its secondaries.

use serde_json::Value;

use super::typed::typed;
use super::{Context, InstrumentationClass, Request, take_only};
use crate::definition::{DataSource, ValueType};
use crate::measure::{Failure, Measure, Reading};

/// A list with one object for each active secondary. Only a primary has it.
pub(super) struct GeoNodeUsageMetric;

impl InstrumentationClass for GeoNodeUsageMetric {
    fn name(&self) -> &str {
        "GeoNodeUsageMetric"
    }

    fn data_source(&self) -> DataSource {
        DataSource::System
    }

    fn describe(&self, request: &Request<'_>, _context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &[])?;
        Ok(Measure::GeoNodes)
    }

    fn shape(&self, reading: Reading, value_type: ValueType) -> Result<Value, Failure> {
        typed(reading.to_json(), value_type)
    }
}
