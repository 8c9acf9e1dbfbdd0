//! `RedisMetric`: a plain counter.

use super::{Context, InstrumentationClass, Request, invalid_options, take_only};
use crate::definition::DataSource;
use crate::keyspace::CounterKey;
use crate::measure::{EventMeasure, EventRead, Failure, Measure};

/// `options: {prefix: source_code, event: pushes}`; `include_usage_prefix: false` for the keys that never had it.
pub(super) struct RedisMetric;

impl InstrumentationClass for RedisMetric {
    fn name(&self) -> &str {
        "RedisMetric"
    }

    fn data_source(&self) -> DataSource {
        DataSource::Redis
    }

    fn describe(&self, request: &Request<'_>, _context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(
            request.options,
            &["event", "prefix", "include_usage_prefix", "counter_class"],
        )?;
        let counter = CounterKey::from_options(request.options).map_err(invalid_options)?;
        Ok(Measure::Event(Box::new(EventMeasure {
            read: EventRead::Total(vec![counter.key]),
            window: None,
        })))
    }
}
