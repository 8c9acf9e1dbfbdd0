//! `RedisHLLMetric`: how many different values events were tracked with.

use super::{Context, InstrumentationClass, Request, event_names, invalid_options, period, take_only};
use crate::definition::{DataSource, TimeFrame};
use crate::keyspace::UniqueQuestion;
use crate::measure::{EventMeasure, EventRead, Failure, Measure};

/// `options: {events: [a, b]}`, or `events: [{name: a, unique: user.id}]` beside the options.
pub(super) struct RedisHllMetric;

impl InstrumentationClass for RedisHllMetric {
    fn name(&self) -> &str {
        "RedisHLLMetric"
    }

    fn data_source(&self) -> DataSource {
        DataSource::RedisHll
    }

    fn time_frame(&self) -> TimeFrame {
        TimeFrame::TwentyEightDays
    }

    fn describe(&self, request: &Request<'_>, context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &["events"])?;
        let (names, identifier) = events(request)?;
        let question = UniqueQuestion {
            events: &names,
            period: period(request, context)?,
            context: "",
            any_category: false,
            identifier,
        };
        let (keys, window) = context.keyspace.unique_keys(&question)?;
        Ok(Measure::Event(Box::new(EventMeasure {
            read: EventRead::Unique(keys),
            window: Some(window),
        })))
    }
}

/// The events' names, and what is counted once where the definition says so, which is the same for all of them.
fn events<'a>(request: &Request<'a>) -> Result<(Vec<&'a str>, Option<&'a str>), Failure> {
    let Some((first, others)) = request.events.split_first() else {
        return Ok((event_names(request.options)?, None));
    };
    if others.iter().any(|other| other.unique != first.unique) {
        return Err(invalid_options(
            "the events count different things once: `unique` differs",
        ));
    }
    let names = request.events.iter().map(|event| event.name.as_str()).collect();
    Ok((names, first.identifier()))
}
