//! `StaticMetric`: a value that the definition itself gives.

use super::{Context, InstrumentationClass, Request, invalid_options, take_only};
use crate::measure::{Failure, Measure};

/// `options: {value: …}`, any JSON value.
pub(super) struct StaticMetric;

impl InstrumentationClass for StaticMetric {
    fn name(&self) -> &str {
        "StaticMetric"
    }

    fn describe(&self, request: &Request<'_>, _context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &["value"])?;
        let value = request
            .options
            .get("value")
            .ok_or_else(|| invalid_options("option \"value\" is missing"))?;
        Ok(Measure::Constant(value.clone()))
    }
}
