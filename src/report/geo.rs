//! The primary site's lane: what its secondaries told it.

use std::time::Instant;

use crate::batch::Taken;
use crate::measure::{Failure, Measure, Reading, Reason};
use crate::source::Sources;

/// The reading of the list of secondaries, with its index, where somebody asks for it.
pub(super) async fn read_geo(
    measures: &[(Measure, String)],
    sources: &Sources,
    is_wanted: &dyn Fn(usize) -> bool,
    told: &dyn Fn(usize, &Taken),
) -> Vec<(usize, Taken)> {
    let asks = |(index, (measure, _)): &(usize, &(Measure, String))| *measure == Measure::GeoNodes && is_wanted(*index);
    let Some((index, _)) = measures.iter().enumerate().find(asks) else {
        return Vec::new();
    };
    let begun = Instant::now();
    let result = match &sources.geo {
        Some(nodes) => nodes.list(sources.facts.recorded_at).await.map(Reading::Value),
        None => Err(Failure::new(
            Reason::SourceNotConfigured,
            "[geo] role is not primary: only a primary site lists others",
        )),
    };
    let taken = Taken {
        result,
        elapsed: begun.elapsed(),
        statements: 0,
        retries: 0,
    };
    told(index, &taken);
    vec![(index, taken)]
}
